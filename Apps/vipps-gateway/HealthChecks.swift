import HTTPServing
import Messaging
import PaymentsAdapters
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

    /// Vipps answers. Judged by the calls that were made anyhow: asking only for this would cost a call.
    static func vipps(_ worker: PaymentWorker) -> HealthCheck {
        HealthCheck("vipps") {
            let silence = await worker.callsWithoutAnswer
            return silence < PaymentWorker.silenceMax
                ? .ready : .notReady("the last \(silence) calls to Vipps got no answer; payments are tried on")
        }
    }
}
