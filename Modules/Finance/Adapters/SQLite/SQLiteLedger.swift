import CrashPoints
import Cryptography
import Finance
import Foundation
import GRDB
import SQLiteStorage
import SharedKernel

package struct SQLiteLedger: Ledger {
    let database: SQLiteDatabase
    private let messages: SQLiteMessageStore
    /// Of the shops: decides on which day of the books an entry falls.
    private let timeZone: TimeZone

    package init(database: SQLiteDatabase, messages: SQLiteMessageStore, timeZone: TimeZone) {
        self.database = database
        self.messages = messages
        self.timeZone = timeZone
    }

    @discardableResult
    package func register(
        _ fact: MoneyFact, of tenant: TenantID, cause: Cause, now: Date
    ) async throws -> [LedgerEntry] {
        try await database.write { try register(fact, of: tenant, cause: cause, now: now, in: $0) }
    }

    /// The same, in the transaction of a message's cursor.
    package func register(
        _ fact: MoneyFact, of tenant: TenantID, cause: Cause, now: Date, in db: Database
    ) throws -> [LedgerEntry] {
        try Self.keepTotal(fact, of: tenant, in: db)
        let postings = try Self.books(of: fact.paymentID, of: tenant, in: db).decide(fact)
        guard !postings.isEmpty else { return [] }
        var chain = try Self.chain(of: tenant, in: db)
        var entries: [LedgerEntry] = []
        for posting in postings {
            let entry = chain.append(
                posting, id: .new(at: now), day: BookDay(of: posting.occurredAt, in: timeZone), at: now)
            try Self.insert(entry, of: tenant, in: db)
            entries.append(entry)
        }
        for message in FinanceNews.messages(for: entries) {
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        }
        CrashPoint.pass("finance.ledger.before-commit")
        db.afterNextTransaction { _ in CrashPoint.pass("finance.ledger.after-commit") }
        return entries
    }

    package func verification(of tenant: TenantID) async throws -> LedgerVerification {
        try await database.read { db in
            var chain = LedgerChain(of: tenant, digest: SHA256Digest.of)
            var broken: LedgerChain.Break?
            let cursor = try Row.fetchCursor(
                db, sql: "SELECT * FROM ledger_entry WHERE tenant_id = ? ORDER BY sequence", arguments: [tenant.text])
            while broken == nil, let row = try cursor.next() {
                broken =
                    (try? Self.entry(row)).map { chain.verify($0) } ?? .changed(sequence: chain.sequence + 1)
            }
            return LedgerVerification(
                entries: chain.sequence, head: chain.sequence == 0 ? nil : chain.head, broken: broken,
                differences: try Self.differences(of: tenant, in: db))
        }
    }

    private static func chain(of tenant: TenantID, in db: Database) throws -> LedgerChain {
        let last = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT * FROM ledger_entry WHERE tenant_id = ? ORDER BY sequence DESC LIMIT 1"),
            arguments: [tenant.text])
        guard let last else { return LedgerChain(of: tenant, digest: SHA256Digest.of) }
        return LedgerChain(of: tenant, after: try entry(last), digest: SHA256Digest.of)
    }

    private static func books(of payment: PaymentID, of tenant: TenantID, in db: Database) throws -> PaymentBooks {
        try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT * FROM ledger_entry WHERE tenant_id = ? AND payment_id = ? ORDER BY sequence"),
            arguments: [tenant.text, payment.text]
        ).reduce(PaymentBooks(paymentID: payment)) { $0.evolved(by: try entry($1).posting) }
    }

    /// What Vipps said in all, kept beside the entries so that the two can be compared.
    private static func keepTotal(_ fact: MoneyFact, of tenant: TenantID, in db: Database) throws {
        let (captured, refunded): (Money, Money)
        switch fact {
        case .captured(_, _, _, let inAll, _): (captured, refunded) = (inAll, .zero(inAll.currency))
        case .refunded(_, _, _, _, let inAll, _, _): (captured, refunded) = (.zero(inAll.currency), inAll)
        case .cashReceived, .cashPaidOut: return
        }
        try db.execute(
            sql: """
                INSERT INTO vipps_total (tenant_id, payment_id, currency, captured, refunded) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, payment_id) DO UPDATE SET
                    captured = max(captured, excluded.captured), refunded = max(refunded, excluded.refunded)
                """,
            arguments: [
                tenant.text, fact.paymentID.text, captured.currency.rawValue, captured.minorUnits, refunded.minorUnits,
            ])
    }

    private static func insert(_ entry: LedgerEntry, of tenant: TenantID, in db: Database) throws {
        let posting = entry.posting
        var refundID: String?
        var isOutside: Bool?
        if case .refund(let id, let outside) = posting.movement { (refundID, isOutside) = (id.text, outside) }
        try db.execute(
            sql: """
                INSERT INTO ledger_entry (tenant_id, sequence, id, movement, kind, payment_id, refund_id, outside,
                    sale_id, reference, minor_units, currency, occurred_at, day, registered_at, hash)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                tenant.text, entry.sequence, entry.id.text, posting.movement.word, posting.kind.word,
                posting.paymentID.text, refundID, isOutside, posting.saleID.text, posting.reference,
                posting.amount.minorUnits, posting.amount.currency.rawValue, InstantText.write(posting.occurredAt),
                entry.day.text, InstantText.write(entry.registeredAt), entry.hash,
            ])
    }

    static func entry(_ row: Row) throws -> LedgerEntry {
        let table = "ledger_entry"
        let movement: LedgerPosting.Movement =
            row["movement"] == "payment"
            ? .payment : .refund(try row.identifier("refund_id", of: table), outside: row["outside"])
        guard let amount = try row.money("minor_units", of: table), amount.isPositive else {
            throw UnreadableRow(table: table, column: "minor_units")
        }
        return LedgerEntry(
            id: try row.identifier("id", of: table), sequence: row["sequence"],
            posting: LedgerPosting(
                movement: movement, kind: try row.word("kind", of: table, PaymentOptionKind.init(word:)),
                paymentID: try row.identifier("payment_id", of: table),
                saleID: try row.identifier("sale_id", of: table), reference: row["reference"], amount: amount,
                occurredAt: try row.instant("occurred_at", of: table)),
            day: try row.word("day", of: table, BookDay.init),
            registeredAt: try row.instant("registered_at", of: table),
            hash: row["hash"])
    }
}
