import Foundation
import Messaging
import SharedKernel

/// Our abort took effect before the customer approved. No money moved.
package struct PaymentTerminated: MessageContract {
    package static let type = "payments.payment-terminated.v1"
    package static let stream = MessageStream.payments
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let endedAt: Date

    package init(paymentID: PaymentID, saleID: SaleID, reference: String, endedAt: Date) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.endedAt = endedAt
    }
}
