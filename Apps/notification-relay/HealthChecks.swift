import HTTPServing
import Messaging
import NotificationsAdapters
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

    /// The mail server serves us. Judged by the mails that were sent anyhow, and only while one waits: else nothing would
    /// ever tell that it is back.
    static func mailServer(_ transport: CurlMailTransport, _ mails: SQLiteInvoiceMailQueue) -> HealthCheck {
        HealthCheck("mail server") {
            let inVain = transport.sendsInVain
            guard inVain >= CurlMailTransport.silenceMax, (try? await mails.nextDueAt()) != nil else {
                return .ready
            }
            return .notReady("it did not serve the last \(inVain) sends; mails are tried on")
        }
    }
}
