import Foundation
import Messaging
import SharedKernel

/// The customer approved; the money is reserved and will be captured at once.
package struct PaymentAuthorized: MessageContract {
    package static let type = "payments.payment-authorized.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let amount: Money
    package let authorizedAt: Date

    package init(paymentID: PaymentID, saleID: SaleID, reference: String, amount: Money, authorizedAt: Date) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.amount = amount
        self.authorizedAt = authorizedAt
    }
}
