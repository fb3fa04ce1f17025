import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import SQLiteStorage
import SharedKernel

/// Agreements, sales units and set-up jobs in the gateway's SQLite file. What is told goes out with the same transaction.
package struct SQLiteSetupStore: Sendable {
    /// Jobs of one agreement waiting at most; one more is refused and told.
    package static let jobsMax = 500

    package let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    /// Raised after every commit that queued a job.
    package let queued = WakeSignal()

    package init(database: SQLiteDatabase, messages: SQLiteMessageStore) {
        self.database = database
        self.messages = messages
    }

    // MARK: In a message's transaction

    /// - Returns: `false` when the agreement is another tenant's; then nothing is changed.
    func saveAgreement(_ saved: AgreementSaved, tenant: TenantID, in db: Database) throws -> Bool {
        try db.execute(
            sql: """
                INSERT INTO setup_agreement (agreement_id, tenant_id, display_name, keys_envelope, keys_set_at)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (agreement_id) DO UPDATE SET display_name = excluded.display_name,
                    keys_envelope = coalesce(excluded.keys_envelope, keys_envelope),
                    keys_set_at = coalesce(excluded.keys_set_at, keys_set_at)
                WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                saved.agreementID.text, tenant.text, saved.displayName, saved.keysEnvelope,
                saved.keysSetAt?.timeIntervalSince1970,
            ])
        return db.changesCount == 1
    }

    /// - Returns: `false` when the tenant has the MSN in another sales unit already, or the sales unit is another tenant's.
    func saveSalesUnit(_ saved: SalesUnitSaved, tenant: TenantID, in db: Database) throws -> Bool {
        let taken = try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM setup_sales_unit WHERE sales_unit_id <> ? AND tenant_id = ? AND msn = ?)
                """, arguments: [saved.salesUnitID.text, tenant.text, saved.msn])
        if taken == true { return false }
        try db.execute(
            sql: """
                INSERT INTO setup_sales_unit (sales_unit_id, tenant_id, agreement_id, msn) VALUES (?, ?, ?, ?)
                ON CONFLICT (sales_unit_id) DO UPDATE SET agreement_id = excluded.agreement_id, msn = excluded.msn
                WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [saved.salesUnitID.text, tenant.text, saved.agreementID.text, saved.msn])
        return db.changesCount == 1
    }

    func hasAgreement(_ agreement: AgreementID, tenant: TenantID, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM setup_agreement WHERE agreement_id = ? AND tenant_id = ?)",
            arguments: [agreement.text, tenant.text]) ?? false
    }

    func wantWebhooks(of agreement: AgreementID, in db: Database) throws {
        try db.execute(
            sql: "UPDATE setup_agreement SET webhooks_wanted = 1 WHERE agreement_id = ?", arguments: [agreement.text])
    }

    func wantsWebhooks(_ agreement: AgreementID, tenant: TenantID, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT webhooks_wanted FROM setup_agreement WHERE agreement_id = ? AND tenant_id = ?",
            arguments: [agreement.text, tenant.text]) ?? false
    }

    func salesUnits(of agreement: AgreementID, tenant: TenantID, in db: Database) throws -> [SalesUnitID] {
        try String.fetchAll(
            db, sql: "SELECT sales_unit_id FROM setup_sales_unit WHERE agreement_id = ? AND tenant_id = ? ORDER BY msn",
            arguments: [agreement.text, tenant.text]
        ).compactMap { SalesUnitID($0) }
    }

    /// Sales unit with its agreement and MSN; `nil` when this tenant has none of that id.
    func salesUnit(
        _ unit: SalesUnitID, tenant: TenantID, in db: Database
    ) throws -> (agreementID: AgreementID, msn: String)? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT agreement_id, msn FROM setup_sales_unit WHERE sales_unit_id = ? AND tenant_id = ?",
                arguments: [unit.text, tenant.text]),
            let agreementID = AgreementID(row["agreement_id"] as String)
        else { return nil }
        return (agreementID, row["msn"])
    }

    /// Puts a job behind the others of its agreement and wakes the worker after the commit.
    func queue(
        _ job: SetupJob, of agreement: AgreementID, tenant: TenantID, cause: Cause, at now: Date, in db: Database
    ) throws {
        let waiting =
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM setup_job WHERE agreement_id = ?", arguments: [agreement.text]) ?? 0
        guard waiting < Self.jobsMax else {
            let refusal = Refusal(
                code: Refusal.OwnCode.tooMuch,
                detail: "\(waiting) other requests of this agreement are waiting for Vipps. Try again later.")
            try SetupMessages.tell(
                .failed(job, refusal), of: agreement, tenant: tenant, cause: cause, at: now, through: messages, in: db)
            return
        }
        let columns = SetupJobRow.columns(of: job)
        try db.execute(
            sql: """
                INSERT INTO setup_job (tenant_id, agreement_id, kind, sales_unit_id, code_id, location_description,
                    due_at, correlation_id, causation_id, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                tenant.text, agreement.text, columns.kind, job.salesUnitID?.text, columns.codeID,
                columns.description, now.timeIntervalSince1970, cause.correlationID, cause.causationID,
                cause.trace.traceparent,
            ])
        db.afterNextTransaction { [queued] _ in queued.wake() }
    }

    // MARK: For the worker

    /// Of a job, by the arguments of `due`. What lies further ahead than any pause was planned by a clock that has been set
    /// back since.
    private static let isDue = "(due_at <= :now OR due_at > :latest)"

    private static func due(at now: Date) -> StatementArguments {
        let latest = now.addingTimeInterval(SetupPatience.postponedMax / .seconds(1))
        return ["now": now.timeIntervalSince1970, "latest": latest.timeIntervalSince1970]
    }

    /// Agreements whose first job is due, without those in `busy`.
    func agreementsWithDueJob(at now: Date, busy: Set<AgreementID>, limit: Int) async throws -> [AgreementID] {
        try await database.read { db in
            let all = try String.fetchAll(
                db,
                sql: """
                    SELECT agreement_id FROM setup_job
                    WHERE number IN (SELECT min(number) FROM setup_job GROUP BY agreement_id) AND \(Self.isDue)
                    ORDER BY due_at, number
                    """, arguments: Self.due(at: now))
            return Array(all.compactMap { AgreementID($0) }.filter { !busy.contains($0) }.prefix(limit))
        }
    }

    /// The first job of an agreement when it is due: the later ones wait for it, so that what was asked last stands last.
    func dueJob(of agreement: AgreementID, at now: Date) async throws -> QueuedSetupJob? {
        try await database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT * FROM setup_job
                    WHERE number = (SELECT min(number) FROM setup_job WHERE agreement_id = :agreement) AND \(Self.isDue)
                    """, arguments: Self.due(at: now) + ["agreement": agreement.text]
            ).map(SetupJobRow.read)
        }
    }

    func postpone(_ job: QueuedSetupJob, until instant: Date) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE setup_job SET attempts = attempts + 1, due_at = ? WHERE number = ?",
                arguments: [instant.timeIntervalSince1970, job.number])
        }
    }

    /// Takes the job off the list and tells what it brought, together or not at all.
    func finish(_ job: QueuedSetupJob, telling facts: [SetupFact], at now: Date) async throws {
        try await database.write { db in
            try db.execute(sql: "DELETE FROM setup_job WHERE number = ?", arguments: [job.number])
            for fact in facts { try tell(fact, of: job, at: now, in: db) }
        }
    }

    /// Queues a look at the webhooks of every sales unit that should have them and has no such look waiting.
    package func queueWebhookWatch(at now: Date) async throws {
        try await database.write { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT u.sales_unit_id, u.tenant_id, u.agreement_id FROM setup_sales_unit u
                    JOIN setup_agreement a ON a.agreement_id = u.agreement_id AND a.tenant_id = u.tenant_id
                    WHERE a.webhooks_wanted AND a.keys_envelope IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM setup_job j WHERE j.sales_unit_id = u.sales_unit_id
                            AND j.kind IN ('watch-webhooks', 'register-webhooks'))
                    """)
            for row in rows {
                guard let unit = SalesUnitID(row["sales_unit_id"] as String),
                    let tenant = TenantID(row["tenant_id"] as String),
                    let agreement = AgreementID(row["agreement_id"] as String)
                else { continue }
                try queue(
                    .ensureWebhooks(unit, asked: false), of: agreement, tenant: tenant,
                    cause: .beginning(at: now, trace: nil), at: now, in: db)
            }
        }
    }

    func salesUnit(
        _ unit: SalesUnitID, tenant: TenantID
    ) async throws -> (agreementID: AgreementID, msn: String)? {
        try await database.read { db in try salesUnit(unit, tenant: tenant, in: db) }
    }

    /// The MSNs of the agreement's sales units.
    func msns(of agreement: AgreementID, tenant: TenantID) async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(
                db, sql: "SELECT msn FROM setup_sales_unit WHERE agreement_id = ? AND tenant_id = ? ORDER BY msn",
                arguments: [agreement.text, tenant.text])
        }
    }
}

extension SQLiteSetupStore: SealedKeys {
    package func keysEnvelope(of agreement: AgreementID, tenant: TenantID) async throws -> Data? {
        try await database.read { db in
            try Data.fetchOne(
                db,
                sql: """
                    SELECT keys_envelope FROM setup_agreement
                    WHERE agreement_id = ? AND tenant_id = ? AND keys_envelope IS NOT NULL
                    """, arguments: [agreement.text, tenant.text])
        }
    }
}
