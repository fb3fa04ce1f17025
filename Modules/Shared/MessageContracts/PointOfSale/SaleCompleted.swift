import Foundation
import Messaging
import SharedKernel

/// A sale is paid in full and complete.
package struct SaleCompleted: MessageContract {
    package static let type = "pos.sale-completed.v1"
    package static let stream = MessageStream.posSales
    package var subject: String { saleID.text }

    package let saleID: SaleID
    package let saleIdentifier: String
    package let tenantName: String
    package let organizationalUnitID: OrganizationalUnitID
    package let organizationalUnitName: String
    package let agentInstanceID: AgentInstanceID?
    package let lines: [SoldLine]
    package let total: Money
    package let valueAddedTax: Money
    package let payments: [SalePayment]
    /// Cash given back.
    package let change: Money?
    /// Where the invoice is mailed, if the customer wants one.
    package let invoiceEmail: String?
    /// Of the invoice: en, nb, da, fi, sv.
    package let language: String
    /// Absent when the sale completed by itself.
    package let completedBy: UserID?
    /// Absent in messages of before 2026-12.
    package let startedAt: Date?
    package let completedAt: Date

    package init(
        saleID: SaleID,
        saleIdentifier: String,
        tenantName: String,
        organizationalUnitID: OrganizationalUnitID,
        organizationalUnitName: String,
        agentInstanceID: AgentInstanceID? = nil,
        lines: [SoldLine],
        total: Money,
        valueAddedTax: Money,
        payments: [SalePayment],
        change: Money? = nil,
        invoiceEmail: String? = nil,
        language: String,
        completedBy: UserID? = nil,
        startedAt: Date? = nil,
        completedAt: Date
    ) {
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.tenantName = tenantName
        self.organizationalUnitID = organizationalUnitID
        self.organizationalUnitName = organizationalUnitName
        self.agentInstanceID = agentInstanceID
        self.lines = lines
        self.total = total
        self.valueAddedTax = valueAddedTax
        self.payments = payments
        self.change = change
        self.invoiceEmail = invoiceEmail
        self.language = language
        self.completedBy = completedBy
        self.startedAt = startedAt
        self.completedAt = completedAt
    }
}
