import Foundation
import Messaging
import SharedKernel

/// Ask Vipps whether it accepts the keys of an agreement.
package struct CheckKeys: MessageContract {
    package static let type = "pos.check-keys.v1"
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
