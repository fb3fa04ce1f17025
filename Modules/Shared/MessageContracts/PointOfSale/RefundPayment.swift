import Foundation
import Messaging
import SharedKernel

/// Pay this amount back along the original payment.
package struct RefundPayment: MessageContract {
    package static let type = "pos.refund-payment.v1"
    package static let stream = MessageStream.posPaymentCommands
    package var subject: String { refundID.text }

    package let refundID: RefundID
    package let paymentID: PaymentID
    package let amount: Money
    /// The return sale, or the original one when money came too late for it.
    package let saleID: SaleID
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(
        refundID: RefundID,
        paymentID: PaymentID,
        amount: Money,
        saleID: SaleID,
        requestedBy: UserID? = nil,
        requestedAt: Date
    ) {
        self.refundID = refundID
        self.paymentID = paymentID
        self.amount = amount
        self.saleID = saleID
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
