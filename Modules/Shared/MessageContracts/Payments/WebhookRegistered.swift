import Foundation
import Messaging
import SharedKernel

/// A webhook of a sales unit is registered at Vipps.
package struct WebhookRegistered: MessageContract {
    package static let type = "payments.webhook-registered.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let msn: String
    package let kind: WebhookKind
    package let webhookID: String
    package let registeredAt: Date

    package init(agreementID: AgreementID, msn: String, kind: WebhookKind, webhookID: String, registeredAt: Date) {
        self.agreementID = agreementID
        self.msn = msn
        self.kind = kind
        self.webhookID = webhookID
        self.registeredAt = registeredAt
    }
}
