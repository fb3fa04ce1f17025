import Foundation
import Messaging
import SharedKernel

/// Cash was paid back for a returned sale or an abandoned one.
package struct CashPaidOut: MessageContract {
    package static let type = "pos.cash-paid-out.v1"
    package static let stream = MessageStream.posSales
    package var subject: String { refundID.text }

    package let refundID: RefundID
    /// The cash payment that is paid back.
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let saleIdentifier: String
    package let amount: Money
    package let paidBy: UserID
    package let paidAt: Date

    package init(
        refundID: RefundID,
        paymentID: PaymentID,
        saleID: SaleID,
        saleIdentifier: String,
        amount: Money,
        paidBy: UserID,
        paidAt: Date
    ) {
        self.refundID = refundID
        self.paymentID = paymentID
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.amount = amount
        self.paidBy = paidBy
        self.paidAt = paidAt
    }
}
