import Foundation
import Messaging
import SharedKernel

/// Vipps has the payment; the customer has until `expiresAt`.
package struct PaymentRequestedAtVipps: MessageContract {
    package static let type = "payments.payment-requested-at-vipps.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let msn: String
    package let amount: Money
    /// For a one-time QR: the text to draw as a code on the customer screen.
    package let qrContent: String?
    package let requestedAt: Date
    package let expiresAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        reference: String,
        msn: String,
        amount: Money,
        qrContent: String? = nil,
        requestedAt: Date,
        expiresAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.msn = msn
        self.amount = amount
        self.qrContent = qrContent
        self.requestedAt = requestedAt
        self.expiresAt = expiresAt
    }
}
