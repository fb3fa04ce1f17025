import Foundation
import Logging
import Synchronization

/// Wakes a test whenever something happened in one of its buses, so that it waits for conditions and never for time.
final class Probe: Sendable {
    private struct State {
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWaiter = 0
        var errors: [String] = []
        var warnings: [String] = []
    }

    private let state = Mutex(State())

    func touch() {
        let waiters = state.withLock { $0.waiters.values.map { $0 } }
        for waiter in waiters { waiter.yield() }
    }

    /// Words of all errors logged so far.
    var errors: [String] { state.withLock { $0.errors } }
    var warnings: [String] { state.withLock { $0.warnings } }

    fileprivate func logged(_ level: Logger.Level, _ words: String) {
        state.withLock { state in
            if level >= .error { state.errors.append(words) } else if level == .warning { state.warnings.append(words) }
        }
        touch()
    }

    /// Returns when `condition` holds; asks again after each touch.
    ///
    /// - Throws: `ConditionNeverHeld` after `deadline`.
    func until(
        _ what: String, deadline: Duration = .seconds(60), _ condition: @escaping @Sendable () async throws -> Bool
    ) async throws {
        let (touches, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = state.withLock { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = continuation
            return state.nextWaiter
        }
        defer { _ = state.withLock { $0.waiters.removeValue(forKey: key) } }
        continuation.yield()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in touches where try await condition() { return }
                throw ConditionNeverHeld(what: what)
            }
            group.addTask { [self] in
                try await Task.sleep(for: deadline)
                throw ConditionNeverHeld(what: "\(what); errors logged: \(errors)")
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// A logger that keeps what was said and touches the probe.
    func logger(_ label: String) -> Logger { Logger(label: label) { _ in ProbeLogHandler(probe: self) } }
}

struct ConditionNeverHeld: Error, CustomStringConvertible {
    let what: String
    var description: String { "never came: \(what)" }
}

private struct ProbeLogHandler: LogHandler {
    let probe: Probe
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        probe.logged(event.level, "\(event.message) \(event.metadata ?? [:])")
    }
}
