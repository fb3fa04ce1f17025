import Foundation

/// What a change was caused by, carried from the browser's click through every message to the call to Vipps.
package struct Cause: Sendable, Hashable {
    /// One for everything that follows from one act of a person or of Vipps.
    package let correlationID: String
    /// The message that caused this one; `nil` for the first.
    package let causationID: String?
    package let trace: TraceContext

    package init(correlationID: String, causationID: String?, trace: TraceContext) {
        self.correlationID = correlationID
        self.causationID = causationID
        self.trace = trace
    }

    /// The beginning of a chain: a request from a browser, a webhook, a sweep. Continues the request's trace if it has one.
    package static func beginning(at now: Date, trace: TraceContext? = TraceContext.current) -> Cause {
        Cause(correlationID: UUID.version7(at: now).uuidString.lowercased(), causationID: nil, trace: trace ?? .new())
    }
}
