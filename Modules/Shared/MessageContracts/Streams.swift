import Messaging

/// Every stream between the services and who publishes it.
extension MessageStream {
    package static let posPaymentCommands: MessageStream = "pos.payment-commands"
    package static let posSetup: MessageStream = "pos.setup"
    package static let posSales: MessageStream = "pos.sales"
    package static let posViews: MessageStream = "pos.views"
    package static let posSessions: MessageStream = "pos.sessions"
    package static let payments: MessageStream = "payments.payments"
    package static let paymentsSetup: MessageStream = "payments.setup"
    package static let paymentsCheckIns: MessageStream = "payments.check-ins"
    package static let financePaymentOptions: MessageStream = "finance.payment-options"
    package static let financeLedger: MessageStream = "finance.ledger"
    package static let financeViews: MessageStream = "finance.views"
    package static let notificationsMail: MessageStream = "notifications.mail"
}

/// The names of the four services, as they stand in `source`, in the bus directory and in cursors.
package enum ServiceName {
    package static let pos = "pos-service"
    package static let gateway = "vipps-gateway"
    package static let finance = "financial-service"
    package static let relay = "notification-relay"
}
