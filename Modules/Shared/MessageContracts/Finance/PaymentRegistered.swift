import Foundation
import Messaging
import SharedKernel

/// A payment stands in the ledger.
package struct PaymentRegistered: MessageContract {
    package static let type = "finance.payment-registered.v1"
    package static let stream = MessageStream.financeLedger
    package var subject: String { entryID.text }

    package let entryID: LedgerEntryID
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let kind: PaymentKind
    package let amount: Money
    package let registeredAt: Date

    package init(
        entryID: LedgerEntryID,
        paymentID: PaymentID,
        saleID: SaleID,
        kind: PaymentKind,
        amount: Money,
        registeredAt: Date
    ) {
        self.entryID = entryID
        self.paymentID = paymentID
        self.saleID = saleID
        self.kind = kind
        self.amount = amount
        self.registeredAt = registeredAt
    }
}
