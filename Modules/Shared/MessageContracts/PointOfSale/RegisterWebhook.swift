import Foundation
import Messaging
import SharedKernel

/// Register (or register again) the webhooks of an agreement: payment events and check-ins, for each of its sales units.
package struct RegisterWebhook: MessageContract {
    package static let type = "pos.register-webhook.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(agreementID: AgreementID, requestedBy: UserID? = nil, requestedAt: Date) {
        self.agreementID = agreementID
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
