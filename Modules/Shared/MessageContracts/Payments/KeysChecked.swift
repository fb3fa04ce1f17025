import Foundation
import Messaging
import SharedKernel

/// Whether Vipps accepts the keys of an agreement.
package struct KeysChecked: MessageContract {
    package static let type = "payments.keys-checked.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let accepted: Bool
    package let errorCode: String?
    /// Words for an administrator.
    package let detail: String?
    package let checkedAt: Date

    package init(
        agreementID: AgreementID,
        accepted: Bool,
        errorCode: String? = nil,
        detail: String? = nil,
        checkedAt: Date
    ) {
        self.agreementID = agreementID
        self.accepted = accepted
        self.errorCode = errorCode
        self.detail = detail
        self.checkedAt = checkedAt
    }
}
