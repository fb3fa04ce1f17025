import Foundation
import GRDB
import Metrics
import PointOfSale
import SharedKernel

extension SQLitePointOfSaleTransaction {
    func sale(_ id: SaleID, in tenant: TenantID) throws -> Sale? {
        try document("SELECT document FROM sale WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
    }

    func sale(withPayment id: PaymentID, in tenant: TenantID) throws -> Sale? {
        try document(
            """
            SELECT document FROM sale JOIN sale_payment ON sale_payment.sale_id = sale.id
            WHERE sale_payment.id = ? AND sale.tenant_id = ?
            """, [id.text, tenant.text])
    }

    func salesToForget(endedBy instant: Date, limit: Int) throws -> [Sale] {
        try Data.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT document FROM sale WHERE has_customer_to_forget = 1 AND ended_at <= ? ORDER BY ended_at LIMIT ?
                    """), arguments: [instant.milliseconds, limit]
        ).map(Self.sale)
    }

    private func document(_ sql: String, _ arguments: StatementArguments) throws -> Sale? {
        try Data.fetchOne(db.cachedStatement(sql: sql), arguments: arguments).map(Self.sale)
    }

    private static func sale(_ document: Data) throws -> Sale {
        try JSONDecoder.house.decode(SaleDocument.self, from: document).sale()
    }

    func keep(_ sale: Sale, after events: [SaleEvent]) throws {
        let query = SaleQuery.State(sale.state)
        let kind: SaleQuery.Kind = sale.isReturn ? .return : .sale
        let methods = Set(sale.payments.map(\.option.method) + sale.refunds.map(\.method))
        try upsert(
            "sale",
            sql: """
                INSERT INTO sale (id, tenant_id, identifier, kind, state, started_at, ended_at, organizational_unit_id,
                    agent_instance_id, started_by, total, currency, has_vipps, has_cash, needs_attention, document,
                    has_customer_to_forget)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at = excluded.ended_at,
                    agent_instance_id = excluded.agent_instance_id, total = excluded.total,
                    has_vipps = excluded.has_vipps, has_cash = excluded.has_cash,
                    needs_attention = excluded.needs_attention, document = excluded.document,
                    has_customer_to_forget = excluded.has_customer_to_forget
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                sale.id.text, sale.tenantID.text, sale.identifier.text, kind.rawValue, query.rawValue,
                sale.startedAt.milliseconds, sale.endedAt?.milliseconds, sale.organizationalUnitID.text,
                sale.agentInstanceID?.text, sale.startedBy.text, sale.total.minorUnits, sale.currency.rawValue,
                methods.contains(.vippsEPayment), methods.contains(.cash), sale.needsAttention,
                try JSONEncoder.house.encode(SaleDocument(sale)), sale.hasCustomerToForget,
            ])
        for payment in sale.payments { try keep(payment, of: sale) }
        for event in events {
            try publish(event, of: sale)
            markMoment(of: event)
        }
        guard !events.isEmpty else { return }
        changed(.sale(sale.id), in: sale.tenantID)
        // Neither lists nor tills show an ended sale's customer.
        guard events != [.customerForgotten] else { return }
        changed(.sales, in: sale.tenantID)
        let tills = Set(([sale.agentInstanceID] + sale.payments.map { $0.terms?.agentInstanceID }).compactMap(\.self))
        for till in tills { changed(.till(till), in: sale.tenantID) }
    }

    private func keep(_ payment: Payment, of sale: Sale) throws {
        try run(
            """
            INSERT INTO sale_payment (id, tenant_id, sale_id, reference, msn, agent_instance_id, is_awaiting, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET is_awaiting = excluded.is_awaiting
            """,
            [
                payment.id.text, sale.tenantID.text, sale.id.text, payment.reference, payment.terms?.msn,
                payment.terms?.agentInstanceID.text, payment.state == .awaitingIdentification,
                payment.startedAt.milliseconds,
            ])
    }

    private func markMoment(of event: SaleEvent) {
        switch event {
        case .paymentRequested: mark("start-payment")
        case .paymentMoved(_, let state, _):
            if case .captured = state { mark("payment-captured") }
            count("pos_payments_total", PaymentStateName(state).rawValue)
        case .cashTaken: count("pos_payments_total", "cash")
        case .completed:
            mark("complete")
            count("pos_sales_total", "completed")
        case .abandoned: count("pos_sales_total", "abandoned")
        case .started, .lineAdded, .lineChanged, .lineRemoved, .invoiceEmailSet, .parked, .resumed, .paymentStarted,
            .paymentAbortAsked, .refundRequested, .cashPaidOut, .outsideRefundRecorded, .refundEnded, .refundCounted,
            .linesReturned, .returnEnded, .invoiceMailEnded, .customerForgotten:
            break
        }
    }

    /// Only what is committed counts.
    private func count(_ label: String, _ state: String) {
        db.afterNextTransaction { _ in Counter(label: label, dimensions: [("state", state)]).increment() }
    }

    func nextNumber(in unit: OrganizationalUnitID) throws -> Int64 {
        let row = try one(
            "UPDATE organizational_unit SET next_number = next_number + 1 WHERE id = ? RETURNING next_number - 1 AS given",
            [unit.text])
        guard let given: Int64 = row?["given"] else { throw Unknown("organizational unit") }
        return given
    }
}

// Commands that have acted.
extension SQLitePointOfSaleTransaction {
    func processed(_ command: CommandID, in tenant: TenantID) throws -> ProcessedCommand? {
        try one(
            "SELECT fingerprint, answer FROM sale_command WHERE tenant_id = ? AND command_id = ?",
            [tenant.text, command.text]
        ).map { ProcessedCommand(id: command, fingerprint: $0["fingerprint"], answer: try $0.identifier("answer")) }
    }

    func remember(_ command: ProcessedCommand, in tenant: TenantID) throws {
        try run(
            "INSERT INTO sale_command (tenant_id, command_id, fingerprint, answer, processed_at) VALUES (?, ?, ?, ?, ?)",
            [tenant.text, command.id.text, command.fingerprint, command.answer.text, now.milliseconds])
    }
}

// Customers who wait at a till, and payments that wait for one.
extension SQLitePointOfSaleTransaction {
    func paymentsAwaiting(at till: AgentInstanceID, msn: String, in tenant: TenantID) throws -> [AwaitingPayment] {
        try all(
            """
            SELECT id, sale_id FROM sale_payment
            WHERE agent_instance_id = ? AND is_awaiting = 1 AND msn = ? AND tenant_id = ?
            ORDER BY started_at DESC, id DESC LIMIT 10
            """, [till.text, msn, tenant.text]
        ).map { AwaitingPayment(saleID: try $0.identifier("sale_id"), paymentID: try $0.identifier("id")) }
    }

    func checkIn(at till: AgentInstanceID, in tenant: TenantID) throws -> CheckIn? {
        try one("SELECT * FROM check_in WHERE agent_instance_id = ? AND tenant_id = ?", [till.text, tenant.text]).map {
            CheckIn(
                id: try $0.identifier("check_in_id"), agentInstanceID: till, msn: $0["msn"],
                initiatedAt: $0.instant("initiated_at"), validUntil: $0.instant("valid_until"))
        }
    }

    func keep(_ checkIn: CheckIn, in tenant: TenantID) throws {
        try run(
            """
            INSERT OR REPLACE INTO check_in (agent_instance_id, tenant_id, check_in_id, msn, initiated_at, valid_until)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                checkIn.agentInstanceID.text, tenant.text, checkIn.id.text, checkIn.msn,
                checkIn.initiatedAt.milliseconds, checkIn.validUntil.milliseconds,
            ])
        changed(.till(checkIn.agentInstanceID), in: tenant)
    }

    func removeCheckIn(at till: AgentInstanceID, in tenant: TenantID) throws {
        try run("DELETE FROM check_in WHERE agent_instance_id = ? AND tenant_id = ?", [till.text, tenant.text])
        changed(.till(till), in: tenant)
    }
}
