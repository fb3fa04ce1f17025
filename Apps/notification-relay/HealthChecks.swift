import HTTPServing
import Messaging
import SQLiteStorage

extension HealthCheck {
    /// The service's own file answers.
    static func database(_ messages: SQLiteMessageStore) -> HealthCheck {
        HealthCheck("database") {
            do {
                _ = try await messages.outboxHead()
                return .ready
            } catch {
                return .notReady("the file cannot be read: \(error)")
            }
        }
    }

    /// Messages come in and go out.
    static func bus<Store>(_ bus: DurableBus<Store>) -> HealthCheck {
        HealthCheck("bus") {
            let health = await bus.health
            return health.isReady ? .ready : .notReady(health.troubles.joined(separator: "; "))
        }
    }
}
