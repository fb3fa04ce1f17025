import Foundation
import SharedKernel

/// A day of the books in the shop's time zone, `2026-11-23`.
package struct BookDay: Sendable, Hashable, Comparable {
    package let text: String

    /// The day on which `instant` falls in `timeZone`.
    package init(of instant: Date, in timeZone: TimeZone) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day], from: instant)
        text = Self.write(parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
    }

    /// `nil` for anything but an existing day written `YYYY-MM-DD`.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        let wanted = DateComponents(
            calendar: Calendar(identifier: .gregorian), timeZone: .gmt, year: year, month: month, day: day)
        guard wanted.isValidDate else { return nil }
        self.text = text
    }

    private static func write(_ year: Int, _ month: Int, _ day: Int) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    package static func < (left: BookDay, right: BookDay) -> Bool { left.text < right.text }
}

/// Money that moved, before it has its place in the ledger.
package struct LedgerPosting: Sendable, Hashable {
    package enum Movement: Sendable, Hashable {
        /// Money came in.
        case payment
        /// Money went back. `outside` when somebody did it in Vipps' portal.
        case refund(RefundID, outside: Bool)
    }

    package let movement: Movement
    package let kind: PaymentOptionKind
    package let paymentID: PaymentID
    package let saleID: SaleID
    /// Of a Vipps payment.
    package let reference: String?
    /// Positive, whichever way it moved.
    package let amount: Money
    package let occurredAt: Date

    package init(
        movement: Movement, kind: PaymentOptionKind, paymentID: PaymentID, saleID: SaleID, reference: String?,
        amount: Money, occurredAt: Date
    ) {
        precondition(amount.isPositive, "an entry of \(amount)")
        self.movement = movement
        self.kind = kind
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.amount = amount
        self.occurredAt = occurredAt
    }
}

/// One line of a tenant's ledger. It is never changed and never removed.
package struct LedgerEntry: Sendable, Hashable {
    package let id: LedgerEntryID
    /// Counts from 1 in the tenant's ledger, without gaps.
    package let sequence: Int64
    package let posting: LedgerPosting
    package let day: BookDay
    package let registeredAt: Date
    /// Seals this entry and, through the entry before, all earlier ones.
    package let hash: Data

    package init(
        id: LedgerEntryID, sequence: Int64, posting: LedgerPosting, day: BookDay, registeredAt: Date, hash: Data
    ) {
        self.id = id
        self.sequence = sequence
        self.posting = posting
        self.day = day
        self.registeredAt = registeredAt
        self.hash = hash
    }
}
