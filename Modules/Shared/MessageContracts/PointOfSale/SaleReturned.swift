import Foundation
import Messaging
import SharedKernel

/// Lines of a completed sale were returned.
package struct SaleReturned: MessageContract {
    package static let type = "pos.sale-returned.v1"
    package static let stream = MessageStream.posSales
    package var subject: String { returnID.text }

    /// The return is a sale of its own, with negative lines.
    package let returnID: SaleID
    package let returnIdentifier: String
    package let originalSaleID: SaleID
    package let originalSaleIdentifier: String
    package let lines: [SoldLine]
    /// What goes back to the customer; positive.
    package let total: Money
    package let refunds: [SaleRefund]
    package let returnedBy: UserID
    package let returnedAt: Date

    package init(
        returnID: SaleID,
        returnIdentifier: String,
        originalSaleID: SaleID,
        originalSaleIdentifier: String,
        lines: [SoldLine],
        total: Money,
        refunds: [SaleRefund],
        returnedBy: UserID,
        returnedAt: Date
    ) {
        self.returnID = returnID
        self.returnIdentifier = returnIdentifier
        self.originalSaleID = originalSaleID
        self.originalSaleIdentifier = originalSaleIdentifier
        self.lines = lines
        self.total = total
        self.refunds = refunds
        self.returnedBy = returnedBy
        self.returnedAt = returnedAt
    }
}
