import Foundation
import Messaging
import SharedKernel

/// The payment could not be asked for. No money moved.
package struct PaymentFailed: MessageContract {
    package static let type = "payments.payment-failed.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let failure: PaymentFailure
    package let failedAt: Date

    package init(paymentID: PaymentID, saleID: SaleID, reference: String, failure: PaymentFailure, failedAt: Date) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.failure = failure
        self.failedAt = failedAt
    }
}
