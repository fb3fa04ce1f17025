import Foundation
import Messaging
import SharedKernel

/// The money is taken: `capturedAmount` of Vipps' aggregate says so.
package struct PaymentCaptured: MessageContract {
    package static let type = "payments.payment-captured.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let msn: String
    /// Captured in all, as the aggregate says.
    package let amount: Money
    package let capturedAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        reference: String,
        msn: String,
        amount: Money,
        capturedAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.msn = msn
        self.amount = amount
        self.capturedAt = capturedAt
    }
}
