import Foundation
import Messaging
import SharedKernel
import Synchronization

/// Makes identifiers that are never the same twice, also not after a restart.
final class Counter: Sendable {
    private let count = Atomic(0)

    func number() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }

    func next(_ parts: Int...) -> UUID {
        let number = number()
        var generator = SplitMix64(
            state: parts.reduce(UInt64(number)) { $0 &* 0x1_0000_0001 &+ UInt64($1 + 1) })
        return .version7(at: Date(timeIntervalSince1970: TimeInterval(number)), using: &generator)
    }
}
