import CrashPoints
import Finance
import Foundation
import GRDB
import SQLiteStorage
import SharedKernel

package struct SQLiteEventLog: EventLog {
    private let database: SQLiteDatabase
    private let messages: SQLiteMessageStore

    package init(database: SQLiteDatabase, messages: SQLiteMessageStore) {
        self.database = database
        self.messages = messages
    }

    package func record(_ event: PaymentEvent, of tenant: TenantID, cause: Cause, now: Date) async throws {
        try await database.write { try record(event, of: tenant, cause: cause, now: now, in: $0) }
    }

    package func note(
        _ fact: PaymentFact, about payment: PaymentID, sale: SaleID, at: Date, of tenant: TenantID, cause: Cause,
        now: Date
    ) async throws {
        try await database.write { db in
            try note(fact, about: payment, sale: sale, at: at, of: tenant, cause: cause, now: now, in: db)
        }
    }

    /// The same, in the transaction of a message's cursor.
    package func record(
        _ event: PaymentEvent, of tenant: TenantID, cause: Cause, now: Date, in db: Database
    ) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO payment_event (tenant_id, id, payment_id, sale_id, reference, origin, name, occurred_at,
                    amount, currency, success, idempotency_key, psp_reference, http_status, error_code, trace_id,
                    detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, id) DO NOTHING
                """
        ).execute(
            arguments: [
                tenant.text, event.id.text, event.paymentID.text, event.saleID.text, event.reference,
                event.origin.word, event.name, InstantText.write(event.occurredAt), event.amount?.minorUnits,
                event.amount?.currency.rawValue, event.success, event.idempotencyKey, event.pspReference,
                event.httpStatus, event.errorCode, event.traceID, event.detail,
            ])
        guard db.changesCount > 0 else { return }
        try note(
            .logged(reference: event.reference), about: event.paymentID, sale: event.saleID, at: event.occurredAt,
            of: tenant, cause: cause, now: now, in: db)
    }

    /// The same, in the transaction of a message's cursor.
    package func note(
        _ fact: PaymentFact, about payment: PaymentID, sale: SaleID, at: Date, of tenant: TenantID, cause: Cause,
        now: Date, in db: Database
    ) throws {
        let known = try Self.summary(of: payment, of: tenant, in: db)
        let before = known ?? PaymentSummary(paymentID: payment, saleID: sale, changedAt: at)
        let after = before.evolved(by: fact, at: at)
        if after != known { try Self.save(after, of: tenant, in: db) }
        try messages.append(
            FinanceNews.eventLogChanged(payment), tenantID: tenant, cause: cause, at: now, in: db)
        CrashPoint.pass("finance.event-log.before-commit")
    }

    package func history(
        of payment: PaymentID, of tenant: TenantID, limit: Int
    ) async throws -> (summary: PaymentSummary, events: [PaymentEvent])? {
        try await database.read { db in
            guard let summary = try Self.summary(of: payment, of: tenant, in: db) else { return nil }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM payment_event WHERE tenant_id = ? AND payment_id = ?
                    ORDER BY occurred_at, arrival LIMIT ?
                    """, arguments: [tenant.text, payment.text, limit])
            return (summary, try rows.map(Self.event))
        }
    }

    private static func save(_ summary: PaymentSummary, of tenant: TenantID, in db: Database) throws {
        let currency = (summary.asked ?? summary.captured ?? summary.refunded)?.currency
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO payment (tenant_id, id, sale_id, reference, msn, state, asked, captured,
                    refunded, currency, failure_code, changed_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                tenant.text, summary.paymentID.text, summary.saleID.text, summary.reference, summary.msn,
                summary.state.word, summary.asked?.minorUnits, summary.captured?.minorUnits,
                summary.refunded?.minorUnits, currency?.rawValue, summary.failureCode,
                InstantText.write(summary.changedAt),
            ])
    }

    private static func summary(
        of payment: PaymentID, of tenant: TenantID, in db: Database
    ) throws -> PaymentSummary? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM payment WHERE tenant_id = ? AND id = ?"),
            arguments: [tenant.text, payment.text])
        guard let row else { return nil }
        let table = "payment"
        var summary = PaymentSummary(
            paymentID: payment, saleID: try row.identifier("sale_id", of: table),
            changedAt: try row.instant("changed_at", of: table))
        summary.reference = row["reference"]
        summary.msn = row["msn"]
        summary.state = try row.word("state", of: table, PaymentSummary.State.init(word:))
        summary.asked = try row.money("asked", of: table)
        summary.captured = try row.money("captured", of: table)
        summary.refunded = try row.money("refunded", of: table)
        summary.failureCode = row["failure_code"]
        return summary
    }

    private static func event(_ row: Row) throws -> PaymentEvent {
        let table = "payment_event"
        return PaymentEvent(
            id: try row.identifier("id", of: table), paymentID: try row.identifier("payment_id", of: table),
            saleID: try row.identifier("sale_id", of: table), reference: row["reference"],
            origin: try row.word("origin", of: table, PaymentEvent.Origin.init(word:)), name: row["name"],
            occurredAt: try row.instant("occurred_at", of: table), amount: try row.money("amount", of: table),
            success: row["success"], idempotencyKey: row["idempotency_key"], pspReference: row["psp_reference"],
            httpStatus: row["http_status"], errorCode: row["error_code"], traceID: row["trace_id"],
            detail: row["detail"])
    }
}
