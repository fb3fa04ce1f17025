import Foundation
import GRDB
import PointOfSale
import SQLiteStorage
import SharedKernel

/// The list of sales. Every filter has an index that is already in the order of the list, so that a page costs the same
/// with a thousand sales and with a million.
package struct SQLiteSaleList: SaleList {
    private let writer: any DatabaseWriter

    package init(database: SQLiteDatabase) { writer = database.writer }

    package func page(_ query: SaleQuery, in tenant: TenantID) async throws -> SalePage {
        try await writer.read { db in try Self.page(query, in: tenant, db) }
    }

    private static func page(_ query: SaleQuery, in tenant: TenantID, _ db: Database) throws -> SalePage {
        var filter = Filter(tenant: tenant)
        try filter.add(query)
        if let search = query.search?.trimmingCharacters(in: .whitespaces).uppercased(), !search.isEmpty {
            guard try filter.add(search: search, in: tenant, db) else { return SalePage(sales: [], next: nil) }
        }
        let limit = min(max(query.limit, 1), SaleQuery.limitMax)
        filter.arguments += [limit + 1]
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT sale.id, sale.identifier, sale.kind, sale.state, sale.total, sale.currency, sale.started_at,
                        sale.ended_at, sale.organizational_unit_id, sale.agent_instance_id, sale.has_vipps,
                        sale.has_cash, sale.needs_attention, agent_instance.name AS till_name,
                        user.display_name AS user_name
                    FROM sale LEFT JOIN agent_instance ON agent_instance.id = sale.agent_instance_id
                        LEFT JOIN user ON user.id = sale.started_by
                    WHERE \(filter.conditions.joined(separator: " AND "))
                    ORDER BY sale.started_at DESC, sale.id DESC LIMIT ?
                    """), arguments: filter.arguments)
        let sales = try rows.prefix(limit).map(summary)
        let next = rows.count > limit ? sales.last.map { "\($0.startedAt.milliseconds).\($0.id)" } : nil
        return SalePage(sales: sales, next: next)
    }

    private static func summary(_ row: Row) throws -> SaleSummary {
        var methods: Set<PaymentMethod> = []
        if row["has_vipps"] { methods.insert(.vippsEPayment) }
        if row["has_cash"] { methods.insert(.cash) }
        return SaleSummary(
            id: try row.identifier("id"), identifier: row["identifier"], kind: try row.word("kind"),
            state: try row.word("state"), total: try row.money("total"), startedAt: row.instant("started_at"),
            endedAt: row.optionalInstant("ended_at"),
            organizationalUnitID: try row.identifier("organizational_unit_id"),
            agentInstanceID: row.optionalIdentifier("agent_instance_id"), agentInstanceName: row["till_name"],
            startedByName: row["user_name"], methods: methods, needsAttention: row["needs_attention"])
    }
}

private struct Filter {
    var conditions = ["sale.tenant_id = ?"]
    var arguments: StatementArguments

    init(tenant: TenantID) { arguments = [tenant.text] }

    mutating func add(_ query: SaleQuery) throws {
        if let from = query.from { add("sale.started_at >= ?", from.milliseconds) }
        if let until = query.until { add("sale.started_at < ?", until.milliseconds) }
        // Few sales are returns, or open, parked or abandoned; nearly all have the other marks. A plus keeps SQLite from
        // walking along the index of a common mark in search of a rare one.
        let isRareState = query.state.map { $0 != .completed } ?? false
        let isReturn = query.kind == .return
        if let state = query.state { add("\(isReturn && !isRareState ? "+" : "")sale.state = ?", state.rawValue) }
        if let kind = query.kind { add("\(isRareState || !isReturn ? "+" : "")sale.kind = ?", kind.rawValue) }
        let plus = isRareState || isReturn ? "+" : ""
        if let till = query.agentInstanceID { add("\(plus)sale.agent_instance_id = ?", till.text) }
        switch query.method {
        case nil: break
        case .vippsEPayment: conditions.append("\(plus)sale.has_vipps = 1")
        case .cash: conditions.append("\(plus)sale.has_cash = 1")
        }
        if let attention = query.needsAttention { conditions.append("sale.needs_attention = \(attention ? 1 : 0)") }
        guard let cursor = query.cursor else { return }
        let parts = cursor.split(separator: ".")
        guard parts.count == 2, let at = Int64(parts[0]), let id = SaleID(String(parts[1])) else {
            throw Invalid(field: "cursor", slug: "unknown", reason: "is not the `next` of a page of this list")
        }
        conditions.append("(sale.started_at, sale.id) < (?, ?)")
        arguments += [at, id.text]
    }

    private mutating func add(_ condition: String, _ value: some DatabaseValueConvertible) {
        conditions.append(condition)
        arguments += [value]
    }

    /// Few sales begin with a long text, many with a short one: a long one is looked up by its own index, a short one is
    /// compared along the list. `false` when nothing can match.
    mutating func add(search: String, in tenant: TenantID, _ db: Database) throws -> Bool {
        guard search.count <= 64 else {
            throw Invalid(field: "search", slug: "too-long", reason: "must have at most 64 characters")
        }
        if search.split(separator: "-").count > 2 {
            let ids = try String.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT sale_id FROM sale_payment
                        WHERE tenant_id = ? AND reference >= ? AND reference < ? LIMIT 50
                        """),
                // References end in lower-case hexadecimal.
                arguments: [tenant.text, Self.referenceText(search), Self.referenceText(search) + "\u{FFFF}"])
            guard !ids.isEmpty else { return false }
            conditions.append("sale.id IN (\(ids.map { _ in "?" }.joined(separator: ", ")))")
            arguments += StatementArguments(ids)
            return true
        }
        let beginnings = try Self.beginnings(of: search, in: tenant, db)
        let isThere = try beginnings.contains { beginning in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT 1 FROM sale WHERE tenant_id = ? AND identifier >= ? AND identifier < ? LIMIT 1"),
                arguments: [tenant.text, beginning, beginning + "\u{FFFF}"]) != nil
        }
        guard isThere else { return false }
        // The plus keeps SQLite from choosing the identifier's index, which would have to sort everything it finds.
        let plus = search.reversed().prefix { $0.isNumber }.count >= 3 ? "" : "+"
        let ranges = beginnings.map { _ in "(\(plus)sale.identifier >= ? AND \(plus)sale.identifier < ?)" }
        conditions.append("(\(ranges.joined(separator: " OR ")))")
        for beginning in beginnings { arguments += [beginning, beginning + "\u{FFFF}"] }
        return true
    }

    /// Digits alone are the number in any organizational unit.
    private static func beginnings(of search: String, in tenant: TenantID, _ db: Database) throws -> [String] {
        guard search.allSatisfy({ $0.isASCII && $0.isNumber }) else { return [search] }
        let codes = try String.fetchAll(
            db.cachedStatement(sql: "SELECT code FROM organizational_unit WHERE tenant_id = ? ORDER BY code LIMIT 100"),
            arguments: [tenant.text])
        return codes.map { "\($0)-\(search)" }
    }

    private static func referenceText(_ search: String) -> String {
        var parts = search.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 3 { parts[3] = parts[3].lowercased() }
        return parts.joined(separator: "-")
    }
}
