import Foundation
import SharedKernel

/// What is added up together.
private struct LedgerGroup: Hashable {
    let day: BookDay?
    let saleID: SaleID?
    let kind: PaymentOptionKind
    let currency: Currency

    init(_ entry: LedgerEntry, by grouping: LedgerGrouping) {
        day = grouping == .day ? entry.day : nil
        saleID = grouping == .sale ? entry.posting.saleID : nil
        kind = entry.posting.kind
        currency = entry.posting.amount.currency
    }

    func sum(of entries: [LedgerEntry]) -> LedgerSum {
        let payments = entries.filter { $0.posting.movement == .payment }.map(\.posting.amount)
        let refunds = entries.filter { $0.posting.movement != .payment }.map(\.posting.amount)
        return LedgerSum(
            day: day, saleID: saleID, kind: kind, paymentCount: payments.count, refundCount: refunds.count,
            payments: payments.sum(in: currency), refunds: refunds.sum(in: currency))
    }
}

extension Sequence<LedgerEntry> {
    /// The sums of these entries by `grouping`: the newest day first, and among equals the group with the newest entry.
    package func sums(by grouping: LedgerGrouping) -> [LedgerSum] {
        Dictionary(grouping: self) { LedgerGroup($0, by: grouping) }
            .map { group, entries in (group, entries, newest: entries.map(\.sequence).max() ?? 0) }
            .sorted { left, right in
                if let leftDay = left.0.day, let rightDay = right.0.day, leftDay != rightDay {
                    return leftDay > rightDay
                }
                return left.newest > right.newest
            }
            .map { group, entries, _ in group.sum(of: entries) }
    }
}
