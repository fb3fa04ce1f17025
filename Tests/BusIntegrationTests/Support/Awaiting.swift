import Foundation
import Testing

/// Asks until there is an answer.
///
/// - Throws: `NeverCame` after `deadline`, or what the question throws.
func awaited<Value: Sendable>(
    _ what: @autoclosure () -> String, within deadline: Duration = .seconds(45),
    isolation: isolated (any Actor)? = #isolation, _ question: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + deadline
    while true {
        if let value = try await question() { return value }
        if ContinuousClock.now >= end { throw NeverCame(what: what()) }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct NeverCame: Error, CustomStringConvertible {
    let what: String
    var description: String { "never came: \(what)" }
}

extension Bool {
    /// A condition as a question of `awaited`.
    var orNil: Void? { self ? () : nil }
}
