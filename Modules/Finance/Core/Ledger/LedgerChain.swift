import Foundation
import SharedKernel

/// The chain that shows tampering: each entry's hash covers the entry and the hash before it, so that nothing can be
/// changed, taken out or put in without every later hash being wrong.
package struct LedgerChain: Sendable {
    /// SHA-256, brought in by the caller.
    package typealias Digest = @Sendable (Data) -> Data

    private let tenant: TenantID
    private let digest: Digest
    /// Of the last entry; 0 before the first.
    package private(set) var sequence: Int64
    package private(set) var head: Data

    /// The chain before its first entry. It begins with the tenant, so that no entry fits into another tenant's ledger.
    package init(of tenant: TenantID, digest: @escaping Digest) {
        self.tenant = tenant
        self.digest = digest
        sequence = 0
        head = digest(Data("ledger of \(tenant.text)".utf8))
    }

    /// The chain as it stands after an entry that is kept already.
    package init(of tenant: TenantID, after entry: LedgerEntry, digest: @escaping Digest) {
        self.tenant = tenant
        self.digest = digest
        sequence = entry.sequence
        head = entry.hash
    }

    /// The entry that follows.
    package mutating func append(
        _ posting: LedgerPosting, id: LedgerEntryID, day: BookDay, at now: Date
    ) -> LedgerEntry {
        sequence += 1
        let registeredAt = now.inMilliseconds
        head = hash(sequence, posting, id: id, day: day, registeredAt: registeredAt)
        return LedgerEntry(
            id: id, sequence: sequence, posting: posting, day: day, registeredAt: registeredAt, hash: head)
    }

    package enum Break: Sendable, Hashable {
        /// The entry of this number is not there.
        case missing(sequence: Int64)
        /// The entry of this number is not as it was written.
        case changed(sequence: Int64)
    }

    /// Walks on over `entry`; the first break is where the ledger stops being trustworthy.
    package mutating func verify(_ entry: LedgerEntry) -> Break? {
        guard entry.sequence == sequence + 1 else { return .missing(sequence: sequence + 1) }
        let expected = hash(
            entry.sequence, entry.posting, id: entry.id, day: entry.day, registeredAt: entry.registeredAt)
        guard expected == entry.hash else { return .changed(sequence: entry.sequence) }
        sequence = entry.sequence
        head = entry.hash
        return nil
    }

    private func hash(
        _ sequence: Int64, _ posting: LedgerPosting, id: LedgerEntryID, day: BookDay, registeredAt: Date
    ) -> Data {
        let (movement, refundID, outside) =
            switch posting.movement {
            case .payment: ("payment", "", "")
            case .refund(let id, let outside): ("refund", id.text, outside ? "outside" : "ours")
            }
        let fields = [
            "\(sequence)", id.text, movement, refundID, outside, posting.kind == .cash ? "cash" : "vipps-epayment",
            posting.paymentID.text, posting.saleID.text, posting.reference ?? "", "\(posting.amount.minorUnits)",
            posting.amount.currency.rawValue, InstantText.write(posting.occurredAt), day.text,
            InstantText.write(registeredAt),
        ]
        // The length before each field: no two entries have the same text.
        let text = fields.map { "\($0.utf8.count):\($0)" }.joined(separator: ",")
        return digest(head + Data(text.utf8))
    }
}

extension Date {
    /// The same instant in whole milliseconds, as messages, rows and the hash write it.
    var inMilliseconds: Date {
        Date(timeIntervalSince1970: (timeIntervalSince1970 * 1000).rounded(.down) / 1000)
    }
}
