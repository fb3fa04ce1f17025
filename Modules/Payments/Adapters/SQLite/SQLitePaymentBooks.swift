import Foundation
import GRDB
import Messaging
import Payments
import SQLiteStorage
import SharedKernel

/// The payments in one open transaction of the gateway's file.
package struct SQLitePaymentBooks: PaymentBooks {
    /// Refused commands that are kept.
    package static let refusedCommandsMax = 1_000

    private let db: Database
    private let messages: SQLiteMessageStore
    private let changed: WakeSignal

    /// - Parameter changed: raised after the commit of anything that may make a call due.
    init(db: Database, messages: SQLiteMessageStore, changed: WakeSignal) {
        self.db = db
        self.messages = messages
        self.changed = changed
    }

    package func payment(_ name: PaymentName) throws -> Payment? {
        try row("payment_id = ? AND tenant_id = ?", [name.paymentID.text, name.tenantID.text])
    }

    package func payment(of tenant: TenantID, msn: String, reference: String) throws -> Payment? {
        try row("tenant_id = ? AND msn = ? AND reference = ?", [tenant.text, msn, reference])
    }

    package func isKnown(_ id: PaymentID) throws -> Bool {
        try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM payment WHERE payment_id = ?)", arguments: [id.text]) ?? false
    }

    private func row(_ condition: String, _ arguments: StatementArguments) throws -> Payment? {
        let statement = try db.cachedStatement(sql: "SELECT * FROM payment WHERE \(condition)")
        guard let row = try PaymentRow.fetchOne(statement, arguments: arguments) else { return nil }
        guard let currency = Currency(rawValue: row.currency) else {
            throw UnreadablePayment(row.paymentId, "currency")
        }
        let operations = try OperationRow.fetchAll(
            db.cachedStatement(sql: "SELECT * FROM payment_operation WHERE payment_id = ? ORDER BY ordinal"),
            arguments: [row.paymentId])
        let customer = try CustomerRow.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM payment_customer WHERE payment_id = ?"), arguments: [row.paymentId])
        return try row.payment(
            customer: try customer?.customer(), operations: try operations.map { try $0.operation(currency) })
    }

    // MARK: Keeping

    package func save(_ payment: Payment, after events: [PaymentEvent], at moment: Moment) throws {
        let row = try PaymentRow(payment)
        if events.contains(.requested) {
            try row.insert(db)
            if let customer = payment.customer { try CustomerRow(customer, of: payment.terms.paymentID).insert(db) }
        } else {
            try row.update(db)
        }
        for ordinal in Set(events.compactMap(\.ordinal)).sorted() {
            try OperationRow(payment.operations[ordinal - 1], of: payment.terms.paymentID)
                .insert(db, onConflict: .replace)
        }
        for event in events { try tell(event, of: payment, at: moment) }
        if payment.dueAt != nil { db.afterNextTransaction { [changed] _ in changed.wake() } }
    }

    private func tell(_ event: PaymentEvent, of payment: Payment, at moment: Moment) throws {
        switch event {
        case .logged(let line): try keep(line, of: payment, at: moment)
        case .customerErased: try eraseCustomer(of: payment)
        default:
            guard let message = PaymentMessages.message(event, of: payment) else { return }
            try messages.append(message, tenantID: payment.name.tenantID, cause: moment.cause, at: moment.now, in: db)
        }
    }

    private func keep(_ line: LogLine, of payment: Payment, at moment: Moment) throws {
        let id = PaymentEventID.of(line, payment: payment.terms.paymentID, at: moment.now)
        try db.cachedStatement(
            sql: """
                INSERT INTO payment_event (event_id, payment_id, origin, name, occurred_at, amount, success,
                    idempotency_key, psp_reference, http_status, error_code, trace_id, detail)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (payment_id, origin, name, psp_reference, success) WHERE \(PaymentSchema.comesRepeatedly)
                DO NOTHING
                """
        ).execute(
            arguments: [
                id.text, payment.terms.paymentID.text, line.origin.rawValue, line.name,
                line.occurredAt.timeIntervalSince1970, line.amount?.minorUnits, line.success, line.idempotencyKey,
                line.pspReference, line.httpStatus, line.errorCode, line.traceID, line.detail,
            ])
        guard db.changesCount == 1 else { return }
        try messages.append(
            PaymentMessages.message(line, id: id, of: payment), tenantID: payment.name.tenantID, cause: moment.cause,
            at: moment.now, in: db)
    }

    /// A check-in's token goes with its payment.
    private func eraseCustomer(of payment: Payment) throws {
        let id = payment.terms.paymentID.text
        try db.execute(
            sql: """
                UPDATE check_in SET token_envelope = NULL WHERE tenant_id = ?
                    AND check_in_id = (SELECT check_in_id FROM payment_customer WHERE payment_id = ?)
                """, arguments: [payment.name.tenantID.text, id])
        try db.execute(sql: "DELETE FROM payment_customer WHERE payment_id = ?", arguments: [id])
    }

    // MARK: Refused commands

    package func tell(_ refusal: UnkeptRefusal, of tenant: TenantID, at moment: Moment) throws {
        try messages.append(
            PaymentMessages.message(refusal, at: moment.now), tenantID: tenant, cause: moment.cause, at: moment.now,
            in: db)
    }

    package func keep(_ refused: RefusedCommand) throws {
        try db.execute(
            sql: """
                INSERT INTO payment_refused_command (tenant_id, command, subject, reason, refused_at)
                VALUES (?, ?, ?, ?, ?)
                """,
            arguments: [
                refused.tenantID.text, refused.command, refused.subject, refused.reason,
                refused.at.timeIntervalSince1970,
            ])
        try db.execute(
            sql: """
                DELETE FROM payment_refused_command
                WHERE number <= (SELECT max(number) FROM payment_refused_command) - ?
                """, arguments: [Self.refusedCommandsMax])
    }
}

extension PaymentEvent {
    /// Of the operation that the event changes.
    var ordinal: Int? {
        switch self {
        case .planned(let operation): operation.ordinal
        case .attempted(let ordinal, _), .postponed(let ordinal, _, _), .repeatable(let ordinal, _),
            .doubted(let ordinal, _), .done(let ordinal, _), .refused(let ordinal, _, _), .dropped(let ordinal, _):
            ordinal
        default: nil
        }
    }
}
