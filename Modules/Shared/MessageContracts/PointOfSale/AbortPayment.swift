import Foundation
import Messaging
import SharedKernel

/// The cashier gives this payment up. The gateway answers with what became of it: terminated, or captured because the customer was faster.
package struct AbortPayment: MessageContract {
    package static let type = "pos.abort-payment.v1"
    package static let stream = MessageStream.posPaymentCommands
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let requestedBy: UserID?
    package let reason: AbortReason
    package let requestedAt: Date

    package init(paymentID: PaymentID, requestedBy: UserID? = nil, reason: AbortReason, requestedAt: Date) {
        self.paymentID = paymentID
        self.requestedBy = requestedBy
        self.reason = reason
        self.requestedAt = requestedAt
    }
}
