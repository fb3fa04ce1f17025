import CrashPoints
import Foundation
import GRDB
import MessageContracts
import Notifications
import SQLiteStorage
import SharedKernel

package struct SQLiteInvoiceMailQueue: InvoiceMailQueue {
    private let database: SQLiteDatabase
    private let messages: SQLiteMessageStore

    package init(database: SQLiteDatabase, messages: SQLiteMessageStore) {
        self.database = database
        self.messages = messages
    }

    // MARK: In

    /// Queues the invoice that a completed sale asks for, in the transaction of the message's cursor. An address that
    /// is none fails at once. A sale that was begun before the file was restored may have been mailed before, by what
    /// the file does not know any more: its mail is in doubt.
    ///
    /// - Returns: whether it was queued now.
    @discardableResult
    package func enqueue(
        _ sale: SaleCompleted, of tenant: TenantID, cause: Cause, now: Date, in db: Database
    ) throws -> Bool {
        guard let text = sale.invoiceEmail else { return false }
        let address = try? MailAddress(text)
        try db.execute(
            sql: """
                INSERT INTO invoice_mail (tenant_id, sale_id, sale_identifier, masked_address, sale, state, not_before,
                    attempts, queued_at, correlation_id, causation_id, traceparent)
                VALUES (?, ?, ?, ?, ?, 'waiting', ?, 0, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, sale_id) DO NOTHING
                """,
            arguments: [
                tenant.text, sale.saleID.text, sale.saleIdentifier, address?.masked ?? "•••",
                address == nil ? nil : try JSONEncoder.house.encode(sale), now.timeIntervalSinceReferenceDate,
                now.timeIntervalSinceReferenceDate, cause.correlationID, cause.causationID, cause.trace.traceparent,
            ])
        guard db.changesCount > 0 else { return false }
        if address == nil {
            let refused = MailOutcome.refused(reason: "the invoice's address is not an e-mail address")
            for command in [InvoiceMailCommand.begin, .conclude(refused)] {
                _ = try change(command, sale: sale.saleID, of: tenant, now: now, in: db)
            }
        }
        if let restoredAt = database.restoredAt, sale.startedAt ?? sale.completedAt <= restoredAt {
            _ = try change(.distrust, sale: sale.saleID, of: tenant, now: now, in: db)
        }
        CrashPoint.pass("relay.mail.before-enqueue-commit")
        return true
    }

    // MARK: Changes

    package func change(
        _ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date
    ) async throws -> Result<InvoiceMail, InvoiceMailRefusal> {
        try await database.write { try change(command, sale: sale, of: tenant, now: now, in: $0) }
    }

    package func changeNow(
        _ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date
    ) throws -> Result<InvoiceMail, InvoiceMailRefusal> {
        try database.writeNow { try change(command, sale: sale, of: tenant, now: now, in: $0) }
    }

    package func recover(now: Date) async throws {
        try await database.write { db in
            let left = try Row.fetchAll(
                db, sql: "SELECT * FROM invoice_mail WHERE state IN ('sending', 'handed-over')")
            for row in left {
                let mail = try InvoiceMailRow.mail(row)
                _ = try change(.recover, sale: mail.saleID, of: mail.tenantID, now: now, in: db)
            }
            try RestoredFile.heed(in: db) { try distrustWaiting(now: now, in: db) }
        }
    }

    private func distrustWaiting(now: Date, in db: Database) throws {
        for row in try Row.fetchAll(db, sql: "SELECT * FROM invoice_mail WHERE state = 'waiting'") {
            let mail = try InvoiceMailRow.mail(row)
            _ = try change(.distrust, sale: mail.saleID, of: mail.tenantID, now: now, in: db)
        }
    }

    package func erase(endedBefore instant: Date) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE invoice_mail SET sale = NULL
                    WHERE sale IS NOT NULL AND state IN ('failed', 'in-doubt') AND ended_at < ?
                    """, arguments: [instant.timeIntervalSinceReferenceDate])
        }
    }

    private func change(
        _ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date, in db: Database
    ) throws -> Result<InvoiceMail, InvoiceMailRefusal> {
        let row = try Row.fetchOne(
            db, sql: "SELECT * FROM invoice_mail WHERE tenant_id = ? AND sale_id = ?",
            arguments: [tenant.text, sale.text])
        guard let row else { return .failure(.notFound) }
        let before = try InvoiceMailRow.mail(row)
        let events: [InvoiceMailEvent]
        do throws(InvoiceMailRefusal) {
            events = try before.decide(command, now: now)
        } catch {
            return .failure(error)
        }
        let after = events.reduce(before) { $0.evolved(by: $1) }
        if after != before { try InvoiceMailRow.update(after, in: db) }
        for message in events.compactMap({ InvoiceMailNews.message(for: $0, of: after) }) {
            try messages.append(message, tenantID: tenant, cause: try InvoiceMailRow.cause(row), at: now, in: db)
        }
        return .success(after)
    }

    // MARK: Out

    package func nextDue(now: Date) async throws -> InvoiceLetter? {
        try await database.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM invoice_mail
                    WHERE state = 'waiting' AND (not_before <= ? OR not_before > ?) AND sale IS NOT NULL
                    ORDER BY not_before LIMIT 1
                    """,
                arguments: [
                    now.timeIntervalSinceReferenceDate,
                    now.addingTimeInterval(InvoiceMailPolicy.pauseMax).timeIntervalSinceReferenceDate,
                ])
            return try row.map(InvoiceMailRow.letter)
        }
    }

    package func nextDueAt() async throws -> Date? {
        try await database.read { db in
            try Double.fetchOne(
                db, sql: "SELECT min(not_before) FROM invoice_mail WHERE state = 'waiting' AND sale IS NOT NULL"
            ).map(Date.init(timeIntervalSinceReferenceDate:))
        }
    }

    package func mails(
        of tenant: TenantID, in state: InvoiceMailStateName?, queuedBefore: Date?, limit: Int
    ) async throws -> [InvoiceMail] {
        var sql = "SELECT * FROM invoice_mail WHERE tenant_id = ?"
        var arguments: StatementArguments = [tenant.text]
        if let state {
            let names = state == .sending ? ["sending", "handed-over"] : [state.rawValue]
            sql += " AND state IN (\(names.map { _ in "?" }.joined(separator: ", ")))"
            arguments += StatementArguments(names)
        }
        if let queuedBefore {
            sql += " AND queued_at < ?"
            arguments += [queuedBefore.timeIntervalSinceReferenceDate]
        }
        sql += " ORDER BY queued_at DESC, sale_id DESC LIMIT ?"
        arguments += [limit]
        return try await database.read { [sql, arguments] db in
            try Row.fetchAll(db, sql: sql, arguments: arguments).map(InvoiceMailRow.mail)
        }
    }
}
