import Foundation
import Messaging
import SharedKernel

/// An incoming payment option was made or changed.
package struct PaymentOptionSaved: MessageContract {
    package static let type = "finance.payment-option-saved.v1"
    package static let stream = MessageStream.financePaymentOptions
    package var subject: String { paymentOptionID.text }

    package let paymentOptionID: PaymentOptionID
    package let name: String
    package let kind: PaymentKind
    package let quickAccess: Bool
    package let enabled: Bool
    package let savedAt: Date

    package init(
        paymentOptionID: PaymentOptionID,
        name: String,
        kind: PaymentKind,
        quickAccess: Bool,
        enabled: Bool,
        savedAt: Date
    ) {
        self.paymentOptionID = paymentOptionID
        self.name = name
        self.kind = kind
        self.quickAccess = quickAccess
        self.enabled = enabled
        self.savedAt = savedAt
    }
}
