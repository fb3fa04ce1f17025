import Finance
import Foundation
import GRDB
import SQLiteStorage
import SharedKernel

extension SQLiteLedger {
    package func entries(of tenant: TenantID, _ filter: LedgerFilter, limit: Int) async throws -> [LedgerEntry] {
        let (condition, arguments) = Self.condition(tenant, filter)
        return try await database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM ledger_entry WHERE \(condition) ORDER BY sequence DESC LIMIT ?",
                arguments: arguments + [limit]
            ).map(Self.entry)
        }
    }

    package func entries(of tenant: TenantID, aroundSale sale: SaleID) async throws -> [LedgerEntry] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM ledger_entry WHERE tenant_id = :tenant AND (sale_id = :sale OR payment_id IN
                        (SELECT payment_id FROM ledger_entry
                            WHERE tenant_id = :tenant AND sale_id = :sale AND movement = 'payment'))
                    ORDER BY sequence
                    """, arguments: ["tenant": tenant.text, "sale": sale.text]
            ).map(Self.entry)
        }
    }

    package func sums(
        of tenant: TenantID, by grouping: LedgerGrouping, _ filter: LedgerFilter, limit: Int
    ) async throws -> [LedgerSum] {
        let (condition, arguments) = Self.condition(tenant, filter)
        let group =
            switch grouping {
            case .day: "day, "
            case .sale: "sale_id, "
            case .kind: ""
            }
        let sql = """
            SELECT \(group)kind, currency, max(sequence) AS newest,
                sum(movement = 'payment') AS payment_count, sum(movement = 'refund') AS refund_count,
                sum(iif(movement = 'payment', minor_units, 0)) AS payments,
                sum(iif(movement = 'refund', minor_units, 0)) AS refunds
            FROM ledger_entry WHERE \(condition) GROUP BY \(group)kind, currency
            ORDER BY \(grouping == .day ? "day DESC, " : "")newest DESC LIMIT ?
            """
        return try await database.read { db in
            try Row.fetchAll(db, sql: sql, arguments: arguments + [limit]).map { row in
                let table = "ledger_entry"
                guard let payments = try row.money("payments", of: table),
                    let refunds = try row.money("refunds", of: table)
                else { throw UnreadableRow(table: table, column: "minor_units") }
                return LedgerSum(
                    day: grouping == .day ? try row.word("day", of: table, BookDay.init) : nil,
                    saleID: grouping == .sale ? try row.identifier("sale_id", of: table) : nil,
                    kind: try row.word("kind", of: table, PaymentOptionKind.init(word:)),
                    paymentCount: row["payment_count"], refundCount: row["refund_count"], payments: payments,
                    refunds: refunds)
            }
        }
    }

    /// Vipps payments whose sums differ from what Vipps said, at most 100.
    static func differences(of tenant: TenantID, in db: Database) throws -> [LedgerDifference] {
        let sql = """
            SELECT payment_id, currency, sum(captured) AS captured, sum(refunded) AS refunded,
                sum(registered) AS registered, sum(refunds) AS refunds
            FROM (
                SELECT payment_id, currency, captured, refunded, 0 AS registered, 0 AS refunds
                    FROM vipps_total WHERE tenant_id = :tenant
                UNION ALL
                SELECT payment_id, currency, 0, 0, iif(movement = 'payment', minor_units, 0),
                    iif(movement = 'refund', minor_units, 0)
                    FROM ledger_entry WHERE tenant_id = :tenant AND kind = 'vipps-epayment'
            ) GROUP BY payment_id, currency HAVING sum(captured) <> sum(registered) OR sum(refunded) <> sum(refunds)
            ORDER BY payment_id LIMIT 100
            """
        return try Row.fetchAll(db, sql: sql, arguments: ["tenant": tenant.text]).map { row in
            let table = "ledger_entry"
            func amount(_ column: String) throws -> Money {
                guard let money = try row.money(column, of: table) else {
                    throw UnreadableRow(table: table, column: column)
                }
                return money
            }
            return LedgerDifference(
                paymentID: try row.identifier("payment_id", of: table), captured: try amount("captured"),
                registered: try amount("registered"), refundedAtVipps: try amount("refunded"),
                refundsRegistered: try amount("refunds"))
        }
    }

    private static func condition(_ tenant: TenantID, _ filter: LedgerFilter) -> (String, StatementArguments) {
        var conditions = ["tenant_id = ?"]
        var arguments: StatementArguments = [tenant.text]
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("day >= ?", filter.from?.text)
        add("day <= ?", filter.to?.text)
        add("kind = ?", filter.kind?.word)
        add("movement = ?", filter.movement?.word)
        add("sale_id = ?", filter.saleID?.text)
        add("payment_id = ?", filter.paymentID?.text)
        add("sequence < ?", filter.before)
        return (conditions.joined(separator: " AND "), arguments)
    }
}
