import HTTPServing
import Messaging
import SQLiteStorage

extension HealthCheck {
    /// The service's own file can be read and written.
    static func database(_ messages: SQLiteMessageStore) -> HealthCheck {
        HealthCheck("database") {
            await messages.database.trouble().map { .notReady($0) } ?? .ready
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
