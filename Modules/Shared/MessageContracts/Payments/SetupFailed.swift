import Foundation
import Messaging
import SharedKernel

/// A set-up command was refused or could not be carried out.
package struct SetupFailed: MessageContract {
    package static let type = "payments.setup-failed.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { subjectID }

    /// Type of the command, `pos.create-merchant-qr.v1`.
    package let command: String
    /// Identifier of what the command was about.
    package let subjectID: String
    package let agreementID: AgreementID?
    package let salesUnitID: SalesUnitID?
    package let failure: PaymentFailure
    package let failedAt: Date

    package init(
        command: String,
        subjectID: String,
        agreementID: AgreementID? = nil,
        salesUnitID: SalesUnitID? = nil,
        failure: PaymentFailure,
        failedAt: Date
    ) {
        self.command = command
        self.subjectID = subjectID
        self.agreementID = agreementID
        self.salesUnitID = salesUnitID
        self.failure = failure
        self.failedAt = failedAt
    }
}
