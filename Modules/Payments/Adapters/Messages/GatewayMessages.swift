import GRDB
import MessageContracts
import Messaging

/// What the gateway hears, and who deals with it.
package struct GatewayMessages: Sendable {
    package static let subscriptions = [
        Subscription(publisher: ServiceName.pos, stream: .posPaymentCommands),
        Subscription(publisher: ServiceName.pos, stream: .posSetup),
    ]

    private let payments: PaymentHandlers
    private let setup: SetupHandlers

    package init(payments: PaymentHandlers, setup: SetupHandlers) {
        self.payments = payments
        self.setup = setup
    }

    package var router: MessageRouter<Database> {
        var router = MessageRouter<Database>()
        payments.register(in: &router)
        setup.register(in: &router)
        return router
    }
}
