import Foundation
import GRDB
import PointOfSale
import SQLiteStorage
import SharedKernel

/// The list of sales. Every filter has an index that is already in the order of the list, so that a page costs the same
/// with a thousand sales and with a million.
package struct SQLiteSaleList: SaleList {
    private let database: SQLiteDatabase

    package init(database: SQLiteDatabase) { self.database = database }

    package func page(_ query: SaleQuery, in tenant: TenantID) async throws -> SalePage {
        try await database.read { db in try Self.page(query, in: tenant, db) }
    }

    private static func page(_ query: SaleQuery, in tenant: TenantID, _ db: Database) throws -> SalePage {
        var filter = Filter(tenant: tenant)
        try filter.add(query)
        let search = query.search?.trimmingCharacters(in: .whitespaces).uppercased() ?? ""
        let filters = search.isEmpty ? [filter] : try filter.narrowed(to: search, in: tenant, db)
        let limit = min(max(query.limit, 1), SaleQuery.limitMax)
        // Each part is in the order of the list and no longer than the page, so that all of them are merged cheaply.
        let rows = try filters.flatMap { filter in
            try Row.fetchAll(
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
                        """), arguments: filter.arguments + [limit + 1])
        }
        let found = try rows.map(summary).sorted {
            ($0.startedAt.milliseconds, $0.id.text) > ($1.startedAt.milliseconds, $1.id.text)
        }
        let sales = Array(found.prefix(limit))
        let next = found.count > limit ? sales.last.map { "\($0.startedAt.milliseconds).\($0.id)" } : nil
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
    /// Few sales are left without any search.
    private var hasRareMark = false

    /// So many are found by their number and sorted; more are walked along in the order of the list.
    private static let sortedMax = 1_000
    /// Numbers rise with time within an organizational unit; the clock of one sale may have been off by this much.
    private static let clockMargin: Int64 = 86_400_000
    /// From here on a number has a digit more, and the order of the text is not that of the numbers.
    private static let plainNumbersEnd: Int64 = 10_000_000

    init(tenant: TenantID) { arguments = [tenant.text] }

    mutating func add(_ query: SaleQuery) throws {
        if let from = query.from { add("sale.started_at >= ?", from.milliseconds) }
        if let until = query.until { add("sale.started_at < ?", until.milliseconds) }
        // Few sales need attention, or are returns, or open, parked or abandoned; nearly all have the other marks. A plus
        // keeps SQLite from walking along the index of a common mark in search of a rare one.
        let isAttention = query.needsAttention == true
        let isRareState = !isAttention && query.state.map { $0 != .completed } ?? false
        let isReturn = !isAttention && !isRareState && query.kind == .return
        hasRareMark = isAttention || isRareState || isReturn
        let plus = hasRareMark ? "+" : ""
        if let state = query.state { add("\(isRareState ? "" : plus)sale.state = ?", state.rawValue) }
        if let kind = query.kind { add("\(isReturn ? "" : "+")sale.kind = ?", kind.rawValue) }
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

    /// One filter for each organizational unit in which the text may be the beginning of a sale's number; none when
    /// nothing can match.
    func narrowed(to search: String, in tenant: TenantID, _ db: Database) throws -> [Filter] {
        guard search.count <= 64 else {
            throw Invalid(field: "search", slug: "too-long", reason: "must have at most 64 characters")
        }
        if search.split(separator: "-").count > 2 { return try narrowed(toReference: search, in: tenant, db) }
        let units = try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT code, next_number FROM organizational_unit WHERE tenant_id = ? ORDER BY code LIMIT 100"),
            arguments: [tenant.text])
        return try units.compactMap { unit in
            let code: String = unit["code"]
            guard let beginning = Self.beginning(of: search, in: code) else { return nil }
            let next: Int64 = unit["next_number"]
            return try narrowed(toNumbers: beginning, isPlain: next <= Self.plainNumbersEnd, in: tenant, db)
        }
    }

    /// Digits alone are a number of any organizational unit, letters alone the beginning of its code.
    private static func beginning(of search: String, in code: String) -> String? {
        if search.allSatisfy({ $0.isASCII && $0.isNumber }) { return "\(code)-\(search)" }
        if search.hasPrefix("\(code)-") { return search }
        return code.hasPrefix(search) ? "\(code)-" : nil
    }

    private func narrowed(
        toNumbers beginning: String, isPlain: Bool, in tenant: TenantID, _ db: Database
    ) throws -> Filter? {
        let range: StatementArguments = [tenant.text, beginning, beginning + "\u{FFFF}"]
        func edge(_ order: String) throws -> Int64? {
            try Int64.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT started_at FROM sale WHERE tenant_id = ? AND identifier >= ? AND identifier < ?
                        ORDER BY identifier \(order) LIMIT 1
                        """), arguments: range)
        }
        guard let first = try edge("ASC"), let last = try edge("DESC") else { return nil }
        let isMany =
            try Row.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT 1 FROM sale WHERE tenant_id = ? AND identifier >= ? AND identifier < ? LIMIT 1 OFFSET ?
                        """), arguments: range + [Self.sortedMax]) != nil
        var filter = self
        // A plus keeps SQLite from the index of the numbers, which would have to sort everything it finds.
        let plus = isMany || hasRareMark ? "+" : ""
        filter.conditions.append("\(plus)sale.identifier >= ? AND \(plus)sale.identifier < ?")
        filter.arguments += [beginning, beginning + "\u{FFFF}"]
        if isMany, isPlain {
            filter.add("sale.started_at >= ?", first - Self.clockMargin)
            filter.add("sale.started_at <= ?", last + Self.clockMargin)
        }
        return filter
    }

    private func narrowed(toReference search: String, in tenant: TenantID, _ db: Database) throws -> [Filter] {
        let beginning = Self.referenceText(search)
        let ids = try String.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT sale_id FROM sale_payment WHERE tenant_id = ? AND reference >= ? AND reference < ? LIMIT 50
                    """), arguments: [tenant.text, beginning, beginning + "\u{FFFF}"])
        guard !ids.isEmpty else { return [] }
        var filter = self
        filter.conditions.append("sale.id IN (\(ids.map { _ in "?" }.joined(separator: ", ")))")
        filter.arguments += StatementArguments(ids)
        return [filter]
    }

    // References end in lower-case hexadecimal.
    private static func referenceText(_ search: String) -> String {
        var parts = search.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        if parts.count > 3 { parts[3] = parts[3].lowercased() }
        return parts.joined(separator: "-")
    }
}
