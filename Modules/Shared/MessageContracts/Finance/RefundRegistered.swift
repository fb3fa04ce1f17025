import Foundation
import Messaging
import SharedKernel

/// A refund stands in the ledger.
package struct RefundRegistered: MessageContract {
    package static let type = "finance.refund-registered.v1"
    package static let stream = MessageStream.financeLedger
    package var subject: String { entryID.text }

    package let entryID: LedgerEntryID
    package let refundID: RefundID
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let kind: PaymentKind
    package let amount: Money
    package let registeredAt: Date

    package init(
        entryID: LedgerEntryID,
        refundID: RefundID,
        paymentID: PaymentID,
        saleID: SaleID,
        kind: PaymentKind,
        amount: Money,
        registeredAt: Date
    ) {
        self.entryID = entryID
        self.refundID = refundID
        self.paymentID = paymentID
        self.saleID = saleID
        self.kind = kind
        self.amount = amount
        self.registeredAt = registeredAt
    }
}
