import Foundation
import Messaging
import SharedKernel

/// An incoming payment option was enabled: it reaches the tills at once.
package struct PaymentOptionEnabled: MessageContract {
    package static let type = "finance.payment-option-enabled.v1"
    package static let stream = MessageStream.financePaymentOptions
    package var subject: String { paymentOptionID.text }

    package let paymentOptionID: PaymentOptionID
    package let changedAt: Date

    package init(paymentOptionID: PaymentOptionID, changedAt: Date) {
        self.paymentOptionID = paymentOptionID
        self.changedAt = changedAt
    }
}
