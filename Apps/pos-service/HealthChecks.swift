import Cryptography
import HTTPServing
import Messaging
import SQLiteStorage
import SharedKernel

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

    /// The gateway can still be written to in confidence.
    static func sealing(_ certificates: SealingCertificates, now: @escaping Now) -> HealthCheck {
        HealthCheck("sealing certificate") {
            certificates.newestExpiresAt > now()
                ? .ready : .notReady("has expired; put the gateway's new certificate into SEALING_CERTIFICATES_FILE")
        }
    }
}
