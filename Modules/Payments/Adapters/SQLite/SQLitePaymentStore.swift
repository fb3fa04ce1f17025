import Foundation
import GRDB
import Messaging
import Payments
import SQLiteStorage
import SharedKernel

/// Payments in the gateway's SQLite file.
package struct SQLitePaymentStore: PaymentStore {
    /// Payments recovered in one go; the next sweep takes the others.
    package static let leftBehindMax = 10_000

    /// Raised after the commit of anything that may make a call due: the worker waits for it.
    package let changed = WakeSignal()
    private let database: SQLiteDatabase
    private let messages: SQLiteMessageStore

    /// In a file that was restored every payment that may have been refunded meanwhile is to be looked at.
    package init(database: SQLiteDatabase, messages: SQLiteMessageStore) throws {
        self.database = database
        self.messages = messages
        try database.writeNow { db in
            try RestoredFile.heed(in: db) {
                // As a routine: the worker takes them at its pace.
                try db.execute(
                    sql: """
                        UPDATE payment SET look_at = 0, look_failures = 0, look_is_routine = 1, routine_at = 0
                        WHERE phase = 'captured' AND is_open = 0 AND refunded_told < captured_amount
                        """)
            }
        }
    }

    package var restoredAt: Date? { database.restoredAt }

    /// The payments in a transaction that somebody else has opened: a message's or a webhook's.
    package func books(in db: Database) -> SQLitePaymentBooks {
        SQLitePaymentBooks(db: db, messages: messages, changed: changed)
    }

    package func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (any PaymentBooks) throws -> Value
    ) async throws -> Value {
        try await database.write { db in try body(books(in: db)) }
    }

    // MARK: The queue

    package func due(
        _ urgency: Payment.Urgency, at now: Date, perAgreementMax: Int, max: Int, except: Set<AgreementID>
    ) async throws -> [DuePayment] {
        let column = Self.column(urgency)
        return try await database.read { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT * FROM (
                            SELECT payment_id, tenant_id, agreement_id, \(column) AS at,
                                row_number() OVER (PARTITION BY agreement_id ORDER BY \(column), payment_id) AS place
                            FROM payment
                            WHERE \(column) <= ?1 AND agreement_id NOT IN (SELECT value FROM json_each(?2)))
                        WHERE place <= ?3 ORDER BY place, at, payment_id LIMIT ?4
                        """),
                arguments: [now.timeIntervalSince1970, Self.json(except), perAgreementMax, max])
            return try rows.map { row in
                guard let agreement = AgreementID(row["agreement_id"] as String) else {
                    throw UnreadablePayment(row["payment_id"], "agreement_id")
                }
                return DuePayment(
                    name: try Self.name(row), agreementID: agreement, dueAt: Date(timeIntervalSince1970: row["at"]))
            }
        }
    }

    package func nextDue(
        _ urgency: Payment.Urgency, after now: Date, except: Set<AgreementID>
    ) async throws -> Date? {
        let column = Self.column(urgency)
        return try await database.read { db in
            try Double.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT min(\(column)) FROM payment
                        WHERE \(column) > ? AND agreement_id NOT IN (SELECT value FROM json_each(?))
                        """), arguments: [now.timeIntervalSince1970, Self.json(except)]
            ).map(Date.init(timeIntervalSince1970:))
        }
    }

    private static func column(_ urgency: Payment.Urgency) -> String {
        switch urgency {
        case .urgent: "due_at"
        case .routine: "routine_at"
        }
    }

    package func leftBehind(all: Bool) async throws -> [PaymentName] {
        try await database.read { db in
            let condition = all ? "TRUE" : "(is_calling = 1 OR (due_at IS NULL AND routine_at IS NULL))"
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT payment_id, tenant_id FROM payment WHERE is_open = 1 AND \(condition)
                    ORDER BY requested_at LIMIT ?
                    """, arguments: [Self.leftBehindMax]
            ).map(Self.name)
        }
    }

    package func countByPhase(since: Date) async throws -> [String: Int] {
        try await database.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: "SELECT phase, count(*) AS payments FROM payment WHERE requested_at >= ? GROUP BY phase",
                arguments: [since.timeIntervalSince1970])
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["phase"], $0["payments"]) })
        }
    }

    private static func name(_ row: Row) throws -> PaymentName {
        guard let tenant = TenantID(row["tenant_id"] as String), let payment = PaymentID(row["payment_id"] as String)
        else { throw UnreadablePayment(row["payment_id"], "tenant_id") }
        return PaymentName(tenantID: tenant, paymentID: payment)
    }

    private static func json(_ agreements: Set<AgreementID>) throws -> String {
        String(decoding: try JSONEncoder.house.encode(agreements.map(\.text).sorted()), as: UTF8.self)
    }
}

extension SQLitePaymentStore: PaymentSignals {
    /// The GET is due since the webhook's own transaction: only the worker is to be woken.
    package func paymentMayHaveChanged(tenantID: TenantID, msn: String, reference: String) { changed.wake() }
}
