/// How often one message was refused by its handler, and what to do next.
package struct Delivery: Sendable, Hashable {
    package enum Action: Sendable, Hashable {
        case retry(after: Duration)
        /// Put it to the dead letters; the stream goes on.
        case bury
    }

    package let sequence: Int64
    package private(set) var failures = 0

    package init(sequence: Int64) { self.sequence = sequence }

    /// - Parameter delays: before the second, third, ... attempt.
    package mutating func failed(delays: [Duration]) -> Action {
        failures += 1
        return failures <= delays.count ? .retry(after: delays[failures - 1]) : .bury
    }
}
