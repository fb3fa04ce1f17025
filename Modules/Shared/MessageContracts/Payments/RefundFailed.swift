import Foundation
import Messaging
import SharedKernel

/// Vipps refused a refund; everything is as it was.
package struct RefundFailed: MessageContract {
    package static let type = "payments.refund-failed.v1"
    package static let stream = MessageStream.payments
    package var subject: String { refundID.text }

    package let refundID: RefundID
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let amount: Money
    package let failure: PaymentFailure
    package let failedAt: Date

    package init(
        refundID: RefundID,
        paymentID: PaymentID,
        saleID: SaleID,
        amount: Money,
        failure: PaymentFailure,
        failedAt: Date
    ) {
        self.refundID = refundID
        self.paymentID = paymentID
        self.saleID = saleID
        self.amount = amount
        self.failure = failure
        self.failedAt = failedAt
    }
}
