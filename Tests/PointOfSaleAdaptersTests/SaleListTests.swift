import Foundation
import GRDB
import HTTPTypes
import HummingbirdTesting
import PointOfSale
import PointOfSaleAdapters
import SQLiteStorage
import SharedKernel
import Testing

@Suite("The list of sales") struct SaleListTests {
    /// Five sales: two paid in cash, one parked, one abandoned, one open; an hour apart, over midnight in Oslo.
    private func shop(_ body: @Sendable (TillHouse, Browser, [String]) async throws -> Void) async throws {
        try await TillHouse.ready { house, morning async throws in
            house.turn(by: 9.5 * 3600)  // 21:30 in Oslo
            // A session lasts twelve hours: this evening needs one of its own.
            let kari = try await morning.signedIn("kari", "kanelbolle")
            _ = try await kari.ask(.put, "session/agent-profile", ["agentProfileID": TillHouse.till.text])
            var sales: [String] = []
            for number in 0..<5 {
                let sale = try await kari.coffee()
                sales.append(sale)
                switch number {
                case 0, 3:
                    let received: [String: Any] = [
                        "paymentOptionID": TillHouse.cashOption.text, "received": money(5_000),
                    ]
                    _ = try await kari.command(sale, "pay-cash", received)
                case 1: _ = try await kari.command(sale, "park")
                case 2: _ = try await kari.command(sale, "abandon")
                default: break
                }
                house.turn(by: 3600)
            }
            try await body(house, kari, sales)
        }
    }

    @Test("shows the newest first, page by page") func pages() async throws {
        try await shop { _, kari, sales async throws in
            var seen: [String] = []
            var path = "sales?limit=2"
            while true {
                let page = try await kari.ask(.get, path)
                seen += page.list("sales").compactMap { $0["id"] as? String }
                guard let next = page.text("next") else { break }
                path = "sales?limit=2&cursor=\(next)"
            }
            #expect(seen == sales.reversed())
        }
    }

    @Test(
        "is filtered",
        arguments: [
            ("state=completed", [3, 0]), ("state=parked", [1]), ("state=abandoned", [2]), ("paymentKind=cash", [3, 0]),
            ("paymentKind=vipps-epayment", []), ("kind=sale", [4, 3, 2, 1, 0]), ("kind=return", []),
            ("day=2026-11-23", [2, 1, 0]),
            ("day=2026-11-24", [4, 3]), ("day=2026-11-25", []), ("day=2026-11-23&state=parked", [1]),
            ("agentInstanceID=00000000-0000-4000-8000-000000000031", [4, 3, 2, 1, 0]),
            ("agentInstanceID=00000000-0000-4000-8000-000000000032", []), ("search=OSL-1000002", [1]),
            ("search=osl", [4, 3, 2, 1, 0]),
            ("search=1000003", [2]), ("search=1000", [4, 3, 2, 1, 0]), ("search=CPH", []), ("search=OSL-1000004-1", []),
            ("attention=true", []), ("search=OSL-1000001&state=parked", []),
        ]) func filters(query: String, expected: [Int]) async throws
    {
        try await shop { _, kari, sales async throws in
            let answer = try await kari.ask(.get, "sales?\(query)")
            #expect(answer.list("sales").compactMap { $0["id"] as? String } == expected.map { sales[$0] })
        }
    }

    @Test("finds a sale by a payment's reference") func reference() async throws {
        try await TillHouse.ready { _, kari async throws in
            let sale = try await kari.coffee()
            let paying = try await kari.command(
                sale, "start-payment",
                ["paymentOptionID": TillHouse.vippsOption.text, "identification": ["type": "one-time-qr"]])
            let reference = try #require(paying.list("payments").first?["reference"] as? String)
            for search in [reference, String(reference.dropLast(4)), reference.uppercased()] {
                #expect(try await kari.ask(.get, "sales?search=\(search)").list("sales").count == 1, "\(search)")
            }
        }
    }

    @Test("shows who needs attention") func attention() async throws {
        try await TillHouse.ready { _, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(
                sale, "start-payment",
                ["paymentOptionID": TillHouse.vippsOption.text, "identification": ["type": "one-time-qr"]])
            #expect(try await kari.ask(.get, "sales?attention=true").list("sales").isEmpty)
            _ = try await kari.command(sale, "abandon")
            #expect(try await kari.ask(.get, "sales?attention=true").list("sales").count == 1)
        }
    }
}

/// A file with thousands of sales of two organizational units, written row by row.
@Suite("The list of thousands of sales") struct LongSaleListTests {
    private static let tenant = TenantID("00000000-0000-4000-8000-000000000001")!
    private static let each = 1_200

    /// Oslo began first and sells every two seconds; Bergen, later, every three.
    private func list() throws -> (list: SQLiteSaleList, sales: [(id: String, number: String, at: Int64)]) {
        let database = try SQLiteDatabase.temporary(migrator: PointOfSaleSchema.migrator)
        let units: [(id: UUID, code: String, begins: Int64, step: Int64)] = [
            (UUID(), "OSL", 1_795_000_000_000, 2_000), (UUID(), "BGO", 1_795_003_000_000, 3_000),
        ]
        var sales: [(id: String, number: String, at: Int64)] = []
        try database.writer.write { db in
            try db.execute(
                sql: "INSERT INTO tenant VALUES (?, 'Fjordkaffe', 'NO', 'NOK', '[]')", arguments: [Self.tenant.text])
            for (place, unit) in units.enumerated() {
                try db.execute(
                    sql: "INSERT INTO organizational_unit VALUES (?, ?, ?, ?, ?)",
                    arguments: [
                        unit.id.uuidString.lowercased(), Self.tenant.text, unit.code, unit.code, 1_000_001 + Self.each,
                    ])
                for sale in 0..<Self.each {
                    let tail = String(100_000_000_000 + place * Self.each + sale)
                    let (id, number) = ("00000000-0000-7000-8000-\(tail)", "\(unit.code)-\(1_000_001 + sale)")
                    let at = unit.begins + Int64(sale) * unit.step
                    try db.execute(
                        sql: """
                            INSERT INTO sale VALUES (?, ?, ?, 'sale', 'completed', ?, ?, ?, NULL, 'kari', 100, 'NOK', 0, 1,
                                ?, '', 0)
                            """,
                        arguments: [
                            id, Self.tenant.text, number, at, at, unit.id.uuidString.lowercased(),
                            sale.isMultiple(of: 500),
                        ])
                    sales.append((id, number, at))
                }
            }
        }
        return (SQLiteSaleList(database: database), sales.sorted { ($0.at, $0.id) > ($1.at, $1.id) })
    }

    @Test(
        "finds every sale whose number begins so, of all organizational units, in order and page by page",
        arguments: ["1", "1001", "1001200", "OSL", "OSL-10011", "b", "BGO-1000007", "9", "OSL-2", "X"])
    func search(text: String) async throws {
        let (list, sales) = try list()
        var query = SaleQuery(search: text, limit: 199)
        var seen: [String] = []
        repeat {
            let page = try await list.page(query, in: Self.tenant)
            seen += page.sales.map(\.identifier)
            query.cursor = page.next
        } while query.cursor != nil
        let upper = text.uppercased()
        let expected = sales.map(\.number).filter { $0.hasPrefix(upper) || $0.dropFirst(4).hasPrefix(upper) }
        #expect(seen == expected)
        query.cursor = nil
        query.needsAttention = true
        let marked = try await list.page(query, in: Self.tenant).sales.map(\.identifier)
        let rare = expected.filter { number in
            Int(number.dropFirst(4)).map { ($0 - 1_000_001).isMultiple(of: 500) } ?? false
        }
        #expect(marked == rare)
    }
}
