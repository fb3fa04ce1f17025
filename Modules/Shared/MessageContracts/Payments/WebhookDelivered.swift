import Foundation
import Messaging
import SharedKernel

/// Vipps reached us through a webhook; told at most once a minute per registration.
package struct WebhookDelivered: MessageContract {
    package static let type = "payments.webhook-delivered.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let msn: String
    package let kind: WebhookKind
    package let deliveredAt: Date

    package init(agreementID: AgreementID, msn: String, kind: WebhookKind, deliveredAt: Date) {
        self.agreementID = agreementID
        self.msn = msn
        self.kind = kind
        self.deliveredAt = deliveredAt
    }
}
