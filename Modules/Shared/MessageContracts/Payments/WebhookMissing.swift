import Foundation
import Messaging
import SharedKernel

/// A webhook that should be there is not, or its place is taken by another system.
package struct WebhookMissing: MessageContract {
    package static let type = "payments.webhook-missing.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let msn: String
    package let kind: WebhookKind
    package let reason: WebhookMissingReason
    package let detail: String?
    package let seenAt: Date

    package init(
        agreementID: AgreementID,
        msn: String,
        kind: WebhookKind,
        reason: WebhookMissingReason,
        detail: String? = nil,
        seenAt: Date
    ) {
        self.agreementID = agreementID
        self.msn = msn
        self.kind = kind
        self.reason = reason
        self.detail = detail
        self.seenAt = seenAt
    }
}
