import Foundation
import GRDB
import HTTPTypes
import HummingbirdTesting
import Logging
import MessageContracts
import Messaging
import PointOfSale
import PointOfSaleAdapters
import SQLiteStorage
import SharedKernel
import Synchronization
import Testing

private let life = Sale.customerKept
private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension TillHouse {
    /// Everything that is due, as the service does it.
    fileprivate func tidy() async throws {
        let tidier = Tidier(store: store, logger: quiet)
        while await tidier.tidyPart() {}
    }

    /// The coffee that kari sells by phone, with an invoice to `address`.
    fileprivate func sell(_ kari: Browser, to address: String, mailed: Bool = true) async throws -> String {
        let sale = try await kari.coffee()
        _ = try await kari.command(
            sale, "start-payment",
            [
                "paymentOptionID": Self.vippsOption.text, "invoiceEmail": address,
                "identification": ["type": "phone", "phoneNumber": "+47 912 34 567"],
            ])
        let start = try await told(StartPayment.self).last!
        try await hear(
            PaymentCaptured(
                paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
                amount: start.amount, capturedAt: now))
        if mailed { try await hear(InvoiceMailed(saleID: start.saleID, mailedAt: now)) }
        return sale
    }

    /// Whether the file or its log holds the text, in use or not.
    fileprivate func holds(_ text: String) async throws -> Bool {
        try await database.writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
        return ["", "-wal"].contains { ending in
            (FileManager.default.contents(atPath: database.path + ending) ?? Data()).range(of: Data(text.utf8)) != nil
        }
    }

    fileprivate func count(_ table: String) async throws -> Int {
        try await database.writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }
}

@Suite("A customer, ninety days after the sale") struct ForgottenCustomerTests {
    @Test("is in no answer any more, and the sale can still be refunded and returned") func answers() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await house.sell(kari, to: "kunde@example.com")
            house.turn(by: life - 1)
            try await house.tidy()
            var browser = try await kari.signedIn("kari", "kanelbolle")
            #expect(try await browser.ask(.get, "sales/\(sale)").text("invoiceEmail") == "kunde@example.com")
            house.turn(by: 1)
            let before = try await house.told().count
            try await house.tidy()
            #expect(
                try await house.told().dropFirst(before).map { try $0.decode(PointOfSaleViewChanged.self).views }
                    == [["sale/\(sale)"]])
            browser = try await kari.signedIn("kari", "kanelbolle")
            _ = try await browser.ask(.put, "session/agent-profile", ["agentProfileID": TillHouse.till.text])
            let answer = try await browser.ask(.get, "sales/\(sale)")
            #expect(answer.json["invoiceEmail"] == nil)
            #expect(answer.text("invoiceMail") == "mailed")
            let payment = try #require(answer.list("payments").first)
            #expect(payment["identification"] as? [String: String] == ["type": "phone"])
            #expect(!answer.text.contains("567") && !answer.text.contains("kunde"))

            let paymentID = try #require(payment["id"] as? String)
            let refund = try await browser.command(
                sale, "refund-payment", ["paymentID": paymentID, "amount": money(900), "reason": "cold"])
            #expect(refund.status == 200)
            let back = try await browser.command(sale, "return-lines", ["all": true])
            let refunded = try await browser.command(
                back.id, "refund-original-payment", ["paymentID": paymentID, "amount": money(3_000)])
            #expect(refunded.status == 200)
            let asked = try await house.told(RefundPayment.self)
            #expect(asked.map(\.amount) == [.nok(900), .nok(3_000)])
            for refund in asked {
                try await house.hear(
                    PaymentRefunded(
                        paymentID: refund.paymentID, saleID: refund.saleID, refundID: refund.refundID,
                        amount: refund.amount, refundedInAll: refund.amount, outside: false, refundedAt: house.now))
            }
            #expect(try await browser.command(back.id, "complete").text("state") == "completed")
        }
    }

    @Test("is forgotten although the news of the invoice was lost, and nothing follows when it comes") func late()
        async throws
    {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await house.sell(kari, to: "kunde@example.com", mailed: false)
            house.turn(by: 2 * life)
            try await house.tidy()
            let browser = try await kari.signedIn("kari", "kanelbolle")
            #expect(try await browser.ask(.get, "sales/\(sale)").json["invoiceEmail"] == nil)
            try await house.hear(InvoiceMailed(saleID: SaleID(sale)!, mailedAt: house.now))
            let answer = try await browser.ask(.get, "sales/\(sale)")
            #expect(answer.text("invoiceMail") == "mailed" && answer.json["invoiceEmail"] == nil)
        }
    }

    @Test("is nowhere in the file, not even in its free pages") func overwritten() async throws {
        try await TillHouse.ready { house, kari async throws in
            _ = try await house.sell(kari, to: "erase.me.0@example.com")
            // Sales of all sizes, which grow and move from page to page.
            let product = ProductOnSale(
                id: .no("21"), number: "1001", name: "Kaffe", price: .nok(100), vatRate: try VATRate(basisPoints: 1500))
            var sales = try (1...Tidier.part * 3).map { number in
                Sale(
                    id: .fresh, tenantID: .kaffe,
                    identifier: SaleIdentifier(unitCode: "OSL", number: 2_000_000 + Int64(number)),
                    organizationalUnitID: .no("01"), agentInstanceID: nil, currency: .nok, startedAt: house.now,
                    startedBy: .no("11")
                ).evolved(by: .invoiceEmailSet(try EmailAddress("erase.me.\(number)@example.com")))
            }
            for round in 0..<12 {
                for index in sales.indices where round <= index % 13 {
                    let line = SaleLine(
                        id: .fresh, productID: product.id, number: nil, name: "Kaffe", quantity: 1,
                        unitPrice: product.price, vatRate: product.vatRate)
                    sales[index] = sales[index].evolved(by: .lineAdded(line))
                }
                try await house.store.writeSales { [sales] tx in for sale in sales { try tx.keep(sale, after: []) } }
            }
            try await house.store.writeSales { [sales] tx in
                for sale in sales { try tx.keep(sale.evolved(by: .abandoned(at: tx.now, by: nil)), after: []) }
            }
            #expect(try await house.holds("erase.me"))
            house.turn(by: life)
            try await house.tidy()
            // The messages that named the customer have gone to everybody.
            try await house.database.write { try $0.execute(sql: "DELETE FROM bus_outbox") }
            #expect(try await !house.holds("erase.me"))
            #expect(try await !house.holds("•• 567"))
        }
    }

    /// The shop and its sales in a file as it was after a migration.
    private static func write(_ house: SQLiteDatabase, to path: String, asOf migration: String) throws {
        let older = try DatabaseQueue(path: path)
        try PointOfSaleSchema.migrator.migrate(older, upTo: migration)
        for (table, columns) in [("tenant", 5), ("organizational_unit", 5), ("sale", 16)] {
            let rows = try house.writer.read { try Row.fetchAll($0, sql: "SELECT * FROM \(table)") }
            let places = Array(repeating: "?", count: columns).joined(separator: ", ")
            try older.write { db in
                for row in rows {
                    try db.execute(
                        sql: "INSERT INTO \(table) VALUES (\(places))",
                        arguments: StatementArguments(row.databaseValues.prefix(columns)))
                }
            }
        }
        try older.close()
    }

    @Test("of a sale that an older version kept is found and forgotten, too") func olderVersion() async throws {
        let house = try await TillHouse()
        let sold = Sale(
            id: .no("91"), tenantID: .kaffe, identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_001),
            organizationalUnitID: .no("01"), agentInstanceID: nil, currency: .nok, startedAt: house.now,
            startedBy: .no("11")
        ).evolved(by: [
            .invoiceEmailSet(try EmailAddress("kunde@example.com")), .abandoned(at: house.now, by: nil),
        ])
        try await house.store.writeSales { try $0.keep(sold, after: []) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "older-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "pos.sqlite").path
        try Self.write(house.database, to: path, asOf: "payments without a sale")
        let database = try SQLiteDatabase(path: path, migrator: PointOfSaleSchema.migrator)
        let store = SQLitePointOfSaleStore(
            database: database, messages: SQLiteMessageStore(database: database, service: ServiceName.pos),
            sessions: try EndedSessions(in: database),
            now: { TillHouse.noon.addingTimeInterval(life) })
        #expect(try await store.readSales { try $0.sale(sold.id, in: .kaffe) } == sold)
        #expect(try await !ForgetCustomers(store: store, limit: 9)())
        #expect(try await store.readSales { try $0.sale(sold.id, in: .kaffe) } == sold.evolved(by: .customerForgotten))
        #expect(try await store.readSales { try $0.salesToForget(endedBy: .distantFuture, limit: 9) }.isEmpty)
        try database.close()
    }

    @Test("is found without looking at any other sale") func index() async throws {
        let house = try await TillHouse()
        let asked = Mutex<[String]>([])
        try await house.database.writer.writeWithoutTransaction { db in
            db.trace { event in asked.withLock { $0.append(event.expandedDescription) } }
        }
        _ = try await house.store.writeSales { try $0.salesToForget(endedBy: TillHouse.noon, limit: 9).count }
        let query = try #require(asked.withLock { $0.first { $0.hasPrefix("SELECT document FROM sale") } })
        let plan = try await house.database.writer.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(query)").map { $0["detail"] as String }
        }
        #expect(plan == ["SEARCH sale USING INDEX sale_with_customer_to_forget (ended_at<?)"])
    }
}

@Suite("The tidier of pos-service", .timeLimit(.minutes(1))) struct TidierTests {
    @Test("removes commands after thirty days, sessions ninety days after they expired, and check-ins that are over")
    func outlived() async throws {
        try await TillHouse.ready { house, kari async throws in
            _ = try await kari.coffee()
            try await house.hear(
                CustomerCheckedIn(
                    checkInID: .no("41"), msn: "123456", merchantQRID: "qr-1", initiatedAt: house.now,
                    validUntil: house.now.addingTimeInterval(900)))
            func left() async throws -> [Bool] {
                try await house.tidy()
                return [
                    try await house.count("check_in") > 0, try await house.count("sale_command") > 0,
                    try await house.count("session") > 0,
                ]
            }
            let day = 86_400.0
            house.turn(by: 900)
            #expect(try await left() == [true, true, true])
            house.turn(by: 1)
            #expect(try await left() == [false, true, true])
            house.turn(by: 30 * day - 901)
            #expect(try await left() == [false, true, true])
            house.turn(by: 1)
            #expect(try await left() == [false, false, true])
            house.turn(by: 60.5 * day - 1)
            #expect(try await left() == [false, false, true])
            house.turn(by: 1)
            #expect(try await left() == [false, false, false])
        }
    }

    @Test("forgets at the start, and again and again") func runs() async throws {
        try await TillHouse.ready { house, kari async throws in
            let first = try await house.sell(kari, to: "kunde@example.com")
            house.turn(by: life)
            let tidier = Tidier(store: house.store, interval: .milliseconds(1), logger: quiet)
            let running = Task { try await tidier.run() }
            func isForgotten(_ sale: String) async throws -> Bool {
                try await house.store.readSales { try $0.sale(SaleID(sale)!, in: .kaffe) }?.invoiceEmail == nil
            }
            while try await !isForgotten(first) { await Task.yield() }
            let browser = try await kari.signedIn("kari", "kanelbolle")
            _ = try await browser.ask(.put, "session/agent-profile", ["agentProfileID": TillHouse.till.text])
            let second = try await house.sell(browser, to: "kunde@example.com")
            #expect(try await !isForgotten(second))
            house.turn(by: life)
            while try await !isForgotten(second) { await Task.yield() }
            running.cancel()
            try await running.value
        }
    }

    @Test("does a part at a time, and as many as there are") func parts() async throws {
        let house = try await TillHouse()
        try await house.store.writeSales { tx in
            for _ in 0..<(Tidier.part + 1) {
                try tx.remember(ProcessedCommand(id: .fresh, fingerprint: "x", answer: .no("91")), in: .kaffe)
            }
        }
        house.turn(by: 31 * 86_400)
        let tidier = Tidier(store: house.store, logger: quiet)
        #expect(await tidier.tidyPart())
        #expect(try await house.count("sale_command") == 1)
        #expect(await !tidier.tidyPart())
        #expect(try await house.count("sale_command") == 0)
    }
}
