import Foundation
import SharedKernel

/// Which entries are asked for; `nil` is any.
package struct LedgerFilter: Sendable, Hashable {
    package enum Movement: Sendable, Hashable, CaseIterable { case payment, refund }

    /// First and last book day, both included.
    package var from: BookDay?
    package var to: BookDay?
    package var kind: PaymentOptionKind?
    package var movement: Movement?
    package var saleID: SaleID?
    package var paymentID: PaymentID?
    /// Only entries numbered below this.
    package var before: Int64?

    package init() {}
}

/// What is added up together. Kinds and currencies are never mixed.
package enum LedgerGrouping: Sendable, Hashable, CaseIterable { case day, kind, sale }

package struct LedgerSum: Sendable, Hashable {
    /// Of a sum by day.
    package let day: BookDay?
    /// Of a sum by sale.
    package let saleID: SaleID?
    package let kind: PaymentOptionKind
    package let paymentCount: Int
    package let refundCount: Int
    package let payments: Money
    /// Positive.
    package let refunds: Money

    package var net: Money { payments - refunds }

    package init(
        day: BookDay?, saleID: SaleID?, kind: PaymentOptionKind, paymentCount: Int, refundCount: Int, payments: Money,
        refunds: Money
    ) {
        self.day = day
        self.saleID = saleID
        self.kind = kind
        self.paymentCount = paymentCount
        self.refundCount = refundCount
        self.payments = payments
        self.refunds = refunds
    }
}

/// A payment whose sums in the ledger differ from the totals that the gateway read from Vipps.
package struct LedgerDifference: Sendable, Hashable {
    package let paymentID: PaymentID
    package let captured: Money
    package let registered: Money
    package let refundedAtVipps: Money
    package let refundsRegistered: Money

    package init(
        paymentID: PaymentID, captured: Money, registered: Money, refundedAtVipps: Money, refundsRegistered: Money
    ) {
        self.paymentID = paymentID
        self.captured = captured
        self.registered = registered
        self.refundedAtVipps = refundedAtVipps
        self.refundsRegistered = refundsRegistered
    }
}

package struct LedgerVerification: Sendable, Hashable {
    /// Entries walked over, up to a break.
    package let entries: Int64
    /// Hash of the last entry that is whole; `nil` in an empty ledger.
    package let head: Data?
    package let broken: LedgerChain.Break?
    package let differences: [LedgerDifference]

    package var intact: Bool { broken == nil && differences.isEmpty }

    package init(entries: Int64, head: Data?, broken: LedgerChain.Break?, differences: [LedgerDifference]) {
        self.entries = entries
        self.head = head
        self.broken = broken
        self.differences = differences
    }
}

/// The append-only books of every tenant.
package protocol Ledger: Sendable {
    /// Enters what follows from `fact` and tells the other services, together or not at all. A repeat enters nothing.
    ///
    /// - Returns: the new entries.
    /// - Throws: `MoneyFactRefusal` when the fact contradicts the books.
    @discardableResult
    func register(_ fact: MoneyFact, of tenant: TenantID, cause: Cause, now: Date) async throws -> [LedgerEntry]

    /// Newest first, at most `limit`.
    func entries(of tenant: TenantID, _ filter: LedgerFilter, limit: Int) async throws -> [LedgerEntry]

    /// The sale's payments and every refund along them or for the sale, in the order they were entered.
    func entries(of tenant: TenantID, aroundSale sale: SaleID) async throws -> [LedgerEntry]

    /// Newest day or sale first, at most `limit`.
    func sums(of tenant: TenantID, by grouping: LedgerGrouping, _ filter: LedgerFilter, limit: Int) async throws
        -> [LedgerSum]

    /// Walks the whole chain and compares the sums with what Vipps said.
    func verification(of tenant: TenantID) async throws -> LedgerVerification
}
