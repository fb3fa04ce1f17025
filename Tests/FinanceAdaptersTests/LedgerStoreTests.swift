import Cryptography
import Finance
import FinanceAdapters
import Foundation
import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel
import Testing

private enum Made: CaseIterable {
    case sqlite, inMemory

    func ledger() throws -> (any Ledger, told: @Sendable () async throws -> [String]) {
        switch self {
        case .sqlite:
            let house = try FinanceHouse()
            return (house.ledger, { try await house.told().map(\.type) })
        case .inMemory:
            let ledger = InMemoryLedger(timeZone: FinanceHouse.oslo)
            return (ledger, { await ledger.published.map { type(of: $0.message).type } })
        }
    }
}

/// Facts about one sale after another.
private struct Shop {
    let ledger: any Ledger
    var tenant = TenantID.first
    let start = FinanceHouse.now

    @discardableResult
    func register(_ fact: MoneyFact) async throws -> [LedgerEntry] {
        try await ledger.register(fact, of: tenant, cause: .test, now: start)
    }

    @discardableResult
    func capture(
        _ payment: PaymentID, _ sale: SaleID, _ minorUnits: Int64, at: Date? = nil
    ) async throws -> [LedgerEntry] {
        try await register(
            .captured(payment, sale: sale, reference: "OSL-1", inAll: .nok(minorUnits), at: at ?? start))
    }

    @discardableResult
    func refund(
        _ payment: PaymentID, _ sale: SaleID, _ minorUnits: Int64, inAll: Int64
    ) async throws -> [LedgerEntry] {
        try await register(
            .refunded(
                .new(at: start), payment, sale: sale, amount: .nok(minorUnits), inAll: .nok(inAll), outside: false,
                at: start))
    }
}

@Suite("Every ledger") struct LedgerStoreTests {
    private let now = FinanceHouse.now
    private let payment = PaymentID.new(at: FinanceHouse.now)
    private let sale = SaleID.new(at: FinanceHouse.now)

    @Test("enters a payment once and tells it", arguments: Made.allCases)
    private func once(_ made: Made) async throws {
        let (ledger, told) = try made.ledger()
        let shop = Shop(ledger: ledger)
        #expect(try await shop.capture(payment, sale, 12_900).count == 1)
        #expect(try await shop.capture(payment, sale, 12_900).isEmpty)
        let entries = try await ledger.entries(of: .first, LedgerFilter(), limit: 10)
        #expect(entries.map(\.posting.amount) == [.nok(12_900)])
        #expect(entries.map(\.sequence) == [1])
        #expect(try await told() == [PaymentRegistered.type, FinanceViewChanged.type])
    }

    @Test("adds up payments and refunds per day, kind and sale", arguments: Made.allCases)
    private func sums(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        let shop = Shop(ledger: ledger)
        let otherSale = SaleID.new(at: now)
        try await shop.capture(payment, sale, 12_900, at: now.addingTimeInterval(-86_400))
        try await shop.refund(payment, sale, 900, inAll: 900)
        let cash = PaymentID.new(at: now)
        try await shop.register(.cashReceived(cash, sale: otherSale, amount: .nok(5_000), at: now))
        try await shop.register(.cashPaidOut(.new(at: now), cash, sale: otherSale, amount: .nok(1_000), at: now))

        let byKind = try await ledger.sums(of: .first, by: .kind, LedgerFilter(), limit: 10)
        #expect(byKind.map(\.kind) == [.cash, .vippsEPayment])
        #expect(byKind.map(\.payments) == [.nok(5_000), .nok(12_900)])
        #expect(byKind.map(\.refunds) == [.nok(1_000), .nok(900)])
        #expect(byKind.map(\.net) == [.nok(4_000), .nok(12_000)])
        #expect(byKind.map(\.paymentCount) == [1, 1])

        let byDay = try await ledger.sums(of: .first, by: .day, LedgerFilter(), limit: 10)
        #expect(byDay.map { $0.day?.text } == ["2026-11-23", "2026-11-23", "2026-11-22"])
        #expect(byDay.map(\.net) == [.nok(4_000), .nok(-900), .nok(12_900)])

        let bySale = try await ledger.sums(of: .first, by: .sale, LedgerFilter(), limit: 10)
        #expect(bySale.map(\.saleID) == [otherSale, sale])
        #expect(try await ledger.sums(of: .first, by: .sale, LedgerFilter(), limit: 1).count == 1)
    }

    @Test("finds entries by day, kind, movement, sale, payment and number", arguments: Made.allCases)
    private func filters(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        let shop = Shop(ledger: ledger)
        let cash = PaymentID.new(at: now)
        try await shop.capture(payment, sale, 12_900, at: now.addingTimeInterval(-86_400))
        try await shop.refund(payment, sale, 900, inAll: 900)
        try await shop.register(.cashReceived(cash, sale: .new(at: now), amount: .nok(5_000), at: now))
        func numbers(_ change: (inout LedgerFilter) -> Void) async throws -> [Int64] {
            var filter = LedgerFilter()
            change(&filter)
            return try await ledger.entries(of: .first, filter, limit: 10).map(\.sequence)
        }
        #expect(try await numbers { _ in } == [3, 2, 1])
        #expect(try await numbers { $0.from = BookDay("2026-11-23") } == [3, 2])
        #expect(try await numbers { $0.to = BookDay("2026-11-22") } == [1])
        #expect(try await numbers { $0.kind = .cash } == [3])
        #expect(try await numbers { $0.movement = .refund } == [2])
        #expect(try await numbers { $0.saleID = sale } == [2, 1])
        #expect(try await numbers { $0.paymentID = cash } == [3])
        #expect(try await numbers { $0.before = 3 } == [2, 1])
        #expect(try await ledger.entries(of: .first, LedgerFilter(), limit: 2).map(\.sequence) == [3, 2])
    }

    @Test("shows around a sale its payments and every refund along them", arguments: Made.allCases)
    private func around(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        let shop = Shop(ledger: ledger)
        let returnSale = SaleID.new(at: now)
        try await shop.capture(payment, sale, 12_900)
        try await shop.capture(.new(at: now), .new(at: now), 100)
        try await shop.refund(payment, returnSale, 900, inAll: 900)
        #expect(try await ledger.entries(of: .first, aroundSale: sale).map(\.sequence) == [1, 3])
        #expect(try await ledger.entries(of: .first, aroundSale: returnSale).map(\.sequence) == [3])
        #expect(try await ledger.entries(of: .first, aroundSale: .new(at: now)).isEmpty)
    }

    @Test("keeps each tenant's numbers and chain apart", arguments: Made.allCases)
    private func tenants(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        try await Shop(ledger: ledger).capture(payment, sale, 12_900)
        try await Shop(ledger: ledger, tenant: .second).capture(payment, sale, 5_000)
        let (first, second) = (
            try await ledger.entries(of: .first, LedgerFilter(), limit: 10),
            try await ledger.entries(of: .second, LedgerFilter(), limit: 10)
        )
        #expect(first.map(\.posting.amount) == [.nok(12_900)])
        #expect(second.map(\.posting.amount) == [.nok(5_000)])
        #expect(second.map(\.sequence) == [1])
        #expect(try await ledger.verification(of: .first).intact)
        #expect(try await ledger.verification(of: .second).intact)
    }

    @Test("is verified to be whole and true to Vipps", arguments: Made.allCases)
    private func verified(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        #expect(try await ledger.verification(of: .first) == .init(entries: 0, head: nil, broken: nil, differences: []))
        let shop = Shop(ledger: ledger)
        for number in 1...50 {
            let payment = PaymentID.new(at: now)
            try await shop.capture(payment, .new(at: now), Int64(number) * 100)
            if number % 3 == 0 { try await shop.refund(payment, .new(at: now), 50, inAll: 50) }
        }
        let verification = try await ledger.verification(of: .first)
        #expect(verification.intact)
        #expect(verification.entries == 66)
        #expect(verification.head == (try await ledger.entries(of: .first, LedgerFilter(), limit: 1)).first?.hash)
    }

    @Test("shows a payment whose sums differ from what Vipps said", arguments: Made.allCases)
    private func differences(_ made: Made) async throws {
        let (ledger, _) = try made.ledger()
        let shop = Shop(ledger: ledger)
        try await shop.capture(payment, sale, 12_900)
        try await shop.refund(payment, sale, 900, inAll: 1_900)
        let verification = try await ledger.verification(of: .first)
        #expect(!verification.intact)
        #expect(verification.broken == nil)
        #expect(
            verification.differences == [
                LedgerDifference(
                    paymentID: payment, captured: .nok(12_900), registered: .nok(12_900), refundedAtVipps: .nok(1_900),
                    refundsRegistered: .nok(900))
            ])
    }

    @Test("refuses what contradicts the books, and stays as it was", arguments: Made.allCases)
    private func contradiction(_ made: Made) async throws {
        let (ledger, told) = try made.ledger()
        let shop = Shop(ledger: ledger)
        try await shop.capture(payment, sale, 12_900)
        await #expect(throws: MoneyFactRefusal.self) { try await shop.capture(payment, sale, 100) }
        #expect(try await ledger.verification(of: .first).intact)
        #expect(try await told().count == 2)
    }
}

@Suite("The ledger's file") struct LedgerFileTests {
    private let payment = PaymentID.new(at: FinanceHouse.now)

    private func house(entries: Int = 5) async throws -> FinanceHouse {
        let house = try FinanceHouse()
        for number in 1...entries {
            try await Shop(ledger: house.ledger).capture(
                .new(at: FinanceHouse.now), .new(at: FinanceHouse.now), Int64(number) * 100)
        }
        return house
    }

    @Test(
        "forbids to change and to remove entries",
        arguments: [
            "UPDATE ledger_entry SET minor_units = 1", "UPDATE ledger_entry SET hash = zeroblob(32)",
            "DELETE FROM ledger_entry", "DELETE FROM ledger_entry WHERE sequence = 5",
            "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE sequence = 1",
            """
            INSERT OR REPLACE INTO ledger_entry SELECT tenant_id, 6, id, movement, kind, payment_id, refund_id, outside,
                sale_id, reference, 1, currency, occurred_at, day, registered_at, hash FROM ledger_entry
                WHERE sequence = 1
            """,
        ])
    func appendOnly(_ sql: String) async throws {
        let house = try await house()
        await #expect(throws: DatabaseError.self) {
            try await house.database.writer.write { try $0.execute(sql: sql) }
        }
        #expect(try await house.ledger.verification(of: .first).intact)
        #expect(try await house.ledger.entries(of: .first, LedgerFilter(), limit: 10).count == 5)
    }

    @Test(
        "shows who changed it all the same",
        arguments: [
            ("UPDATE ledger_entry SET minor_units = 1 WHERE sequence = 3", LedgerChain.Break.changed(sequence: 3)),
            ("UPDATE ledger_entry SET sale_id = payment_id WHERE sequence = 1", .changed(sequence: 1)),
            ("UPDATE ledger_entry SET kind = 'nonsense' WHERE sequence = 2", .changed(sequence: 2)),
            ("DELETE FROM ledger_entry WHERE sequence = 2", .missing(sequence: 2)),
            ("UPDATE ledger_entry SET hash = zeroblob(32) WHERE sequence = 4", .changed(sequence: 4)),
        ])
    func tampering(_ sql: String, _ expected: LedgerChain.Break) async throws {
        let house = try await house()
        try await house.database.writer.write { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "DROP TRIGGER ledger_entry_is_never_changed")
            try db.execute(sql: "DROP TRIGGER ledger_entry_is_never_removed")
            try db.execute(sql: sql)
        }
        let verification = try await house.ledger.verification(of: .first)
        #expect(verification.broken == expected)
        #expect(!verification.intact)
    }

    @Test("chains SHA-256") func digest() async throws {
        let house = try await house(entries: 1)
        var chain = LedgerChain(of: .first, digest: SHA256Digest.of)
        let entry = try #require(try await house.ledger.entries(of: .first, LedgerFilter(), limit: 1).first)
        #expect(entry.hash.count == 32)
        #expect(chain.verify(entry) == nil)
    }
}
