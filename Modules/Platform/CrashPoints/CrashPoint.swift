import Foundation

/// A named moment at which a test may kill the process, as a power cut would.
///
/// In debug builds `CRASH_AT=<moment>` or `CRASH_AT=<moment>:<n>` makes the process end itself with SIGKILL at the n-th
/// passing (the first by default). In release builds a moment is nothing at all.
package enum CrashPoint {
    /// Names the moment that has just been reached, for instance `gateway.capture.before-call`.
    @inlinable
    package static func pass(_ moment: @autoclosure () -> String) {
        #if DEBUG
            debugPass(moment())
        #endif
    }

    #if DEBUG
        @usableFromInline
        package static func debugPass(_ moment: String) {
            guard let wanted, wanted.moment == moment else { return }
            if counter.next() == wanted.passing {
                kill(getpid(), SIGKILL)
            }
        }

        private static let wanted: (moment: String, passing: Int)? = {
            guard let text = ProcessInfo.processInfo.environment["CRASH_AT"] else { return nil }
            let parts = text.split(separator: ":")
            guard let moment = parts.first else { return nil }
            return (String(moment), parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
        }()

        private static let counter = Counter()

        private final class Counter: @unchecked Sendable {  // The lock guards the only field.
            private let lock = NSLock()
            private var count = 0
            func next() -> Int {
                lock.withLock {
                    count += 1
                    return count
                }
            }
        }
    #endif
}
