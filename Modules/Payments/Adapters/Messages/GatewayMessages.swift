import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel

/// What the gateway hears, and who deals with it.
package struct GatewayMessages: Sendable {
    package static let subscriptions = [
        Subscription(publisher: ServiceName.pos, stream: .posPaymentCommands),
        Subscription(publisher: ServiceName.pos, stream: .posSetup),
        Subscription(publisher: ServiceName.pos, stream: .posSessions),
    ]

    private let payments: PaymentHandlers
    private let setup: SetupHandlers
    private let sessions: EndedSessions
    private let now: Now

    package init(payments: PaymentHandlers, setup: SetupHandlers, sessions: EndedSessions, now: @escaping Now) {
        self.payments = payments
        self.setup = setup
        self.sessions = sessions
        self.now = now
    }

    package var router: MessageRouter<Database> {
        var router = MessageRouter<Database>()
        payments.register(in: &router)
        setup.register(in: &router)
        router.on(SessionEnded.self) { message, _, db in
            try sessions.note(message.sessionID, until: message.expiresAt, now: now(), in: db)
        }
        return router
    }
}
