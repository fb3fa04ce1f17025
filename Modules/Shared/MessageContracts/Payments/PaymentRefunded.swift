import Foundation
import Messaging
import SharedKernel

/// Money went back along a payment.
package struct PaymentRefunded: MessageContract {
    package static let type = "payments.payment-refunded.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    /// Ours, or one made by the gateway for a refund from outside.
    package let refundID: RefundID
    /// Of this refund.
    package let amount: Money
    package let refundedInAll: Money
    /// True when somebody did it outside this product, in Vipps' portal.
    package let outside: Bool
    package let refundedAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        refundID: RefundID,
        amount: Money,
        refundedInAll: Money,
        outside: Bool,
        refundedAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.refundID = refundID
        self.amount = amount
        self.refundedInAll = refundedInAll
        self.outside = outside
        self.refundedAt = refundedAt
    }
}
