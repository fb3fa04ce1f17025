import Foundation
import Messaging
import SharedKernel

/// Cash was taken for a sale.
package struct CashReceived: MessageContract {
    package static let type = "pos.cash-received.v1"
    package static let stream = MessageStream.posSales
    package var subject: String { paymentID.text }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package let saleIdentifier: String
    package let paymentOptionID: PaymentOptionID?
    /// What counts towards the sale, change taken off.
    package let amount: Money
    package let receivedBy: UserID
    package let receivedAt: Date

    package init(
        paymentID: PaymentID,
        saleID: SaleID,
        saleIdentifier: String,
        paymentOptionID: PaymentOptionID? = nil,
        amount: Money,
        receivedBy: UserID,
        receivedAt: Date
    ) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.paymentOptionID = paymentOptionID
        self.amount = amount
        self.receivedBy = receivedBy
        self.receivedAt = receivedAt
    }
}
