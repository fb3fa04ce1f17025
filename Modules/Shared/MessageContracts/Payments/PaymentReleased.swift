import Foundation
import Messaging
import SharedKernel

/// The reservation of an approved payment was let go, by us or in Vipps' portal. No money was taken.
package struct PaymentReleased: MessageContract {
    package static let type = "payments.payment-released.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let amount: Money
    /// True when somebody did it outside this product.
    package let outside: Bool
    package let releasedAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        reference: String,
        amount: Money,
        outside: Bool,
        releasedAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.amount = amount
        self.outside = outside
        self.releasedAt = releasedAt
    }
}
