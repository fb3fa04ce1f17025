/// The W3C trace context: one trace from the browser through the messages to Vipps and back.
package struct TraceContext: Sendable, Hashable {
    /// 32 hexadecimal digits, the same for the whole way.
    package let traceID: String
    /// 16 hexadecimal digits, this step's own.
    package let spanID: String

    /// Of the work in hand; set by the HTTP middleware and by the inbox for each message.
    @TaskLocal package static var current: TraceContext?

    /// A new trace.
    package static func new() -> TraceContext {
        TraceContext(traceID: hexadecimal(bytes: 16), spanID: hexadecimal(bytes: 8))
    }

    /// The next step of this trace.
    package func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: Self.hexadecimal(bytes: 8))
    }

    /// As the header and the message field `traceparent` write it.
    package var traceparent: String { "00-\(traceID)-\(spanID)-01" }

    private init(traceID: String, spanID: String) {
        self.traceID = traceID
        self.spanID = spanID
    }

    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`. `nil` for anything else, and for identifiers of zeros only.
    package init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts[3].count == 2,
            Self.isIdentifier(parts[1], length: 32), Self.isIdentifier(parts[2], length: 16)
        else { return nil }
        self.init(traceID: String(parts[1]), spanID: String(parts[2]))
    }

    private static func isIdentifier(_ text: Substring, length: Int) -> Bool {
        text.utf8.count == length && text.contains { $0 != "0" }
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func hexadecimal(bytes: Int) -> String {
        (0..<bytes).map { _ in
            let byte = UInt8.random(in: 1...255)
            return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}
