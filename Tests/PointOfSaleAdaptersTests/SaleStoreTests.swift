import Foundation
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing

/// One suite over both stores: what is promised by the port, every store keeps.
@Suite("Every sale store") struct SaleStoreTests {
    enum Made: CaseIterable { case inMemory, sqlite }

    private func make(_ made: Made) async throws -> any SaleStore {
        let house = try await TillHouse()
        switch made {
        case .sqlite: return house.store
        case .inMemory:
            let store = InMemorySaleStore(now: { TillHouse.noon })
            let unit = try OrganizationalUnit(id: .no("01"), name: "Oslo", code: "OSL")
            let tenant = try Tenant(id: .kaffe, name: "Fjellheim Kaffe", market: .norway, currency: .nok, features: [])
            await store.arrange {
                $0.units[.kaffe] = [unit]
                $0.tenants[.kaffe] = tenant
            }
            return store
        }
    }

    private static func sale(_ id: SaleID = .no("91"), number: Int64 = 1_000_001) -> Sale {
        Sale(
            id: id, tenantID: .kaffe, identifier: SaleIdentifier(unitCode: "OSL", number: number),
            organizationalUnitID: .no("01"), agentInstanceID: .no("31"), currency: .nok, startedAt: TillHouse.noon,
            startedBy: .no("11"))
    }

    private static let moment = Moment(now: TillHouse.noon, user: .no("11"))

    private struct Refused: Error {}

    @Test("keeps what was decided", arguments: Made.allCases) func keeps(_ made: Made) async throws {
        let store = try await make(made)
        let sale = Self.sale()
        try await store.writeSales { try $0.keep(sale, after: [.started]) }
        #expect(try await store.readSales { try $0.sale(sale.id, in: .kaffe) } == sale)
        #expect(try await store.readSales { try $0.sale(sale.id, in: .havn) } == nil)
        #expect(try await store.readSales { try $0.sale(.fresh, in: .kaffe) } == nil)
    }

    @Test("keeps nothing of a transaction that failed", arguments: Made.allCases) func rollsBack(_ made: Made)
        async throws
    {
        let store = try await make(made)
        await #expect(throws: Refused.self) {
            try await store.writeSales { tx in
                _ = try tx.nextNumber(in: .no("01"))
                try tx.keep(Self.sale(), after: [.started])
                try tx.remember(ProcessedCommand(id: .no("a0"), fingerprint: "x", answer: .no("91")), in: .kaffe)
                throw Refused()
            }
        }
        #expect(try await store.readSales { try $0.sale(.no("91"), in: .kaffe) } == nil)
        #expect(try await store.readSales { try $0.processed(.no("a0"), in: .kaffe) } == nil)
        #expect(try await store.writeSales { try $0.nextNumber(in: .no("01")) } == 1_000_001)
    }

    @Test("gives every number once, without gaps", arguments: Made.allCases) func numbers(_ made: Made) async throws {
        let store = try await make(made)
        let numbers = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<50 { group.addTask { try await store.writeSales { try $0.nextNumber(in: .no("01")) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.sorted() == Array(1_000_001...1_000_050))
    }

    @Test("remembers commands of each tenant apart", arguments: Made.allCases) func commands(_ made: Made) async throws
    {
        let store = try await make(made)
        let command = ProcessedCommand(id: .no("a0"), fingerprint: "park", answer: .no("91"))
        try await store.writeSales { try $0.remember(command, in: .kaffe) }
        #expect(try await store.readSales { try $0.processed(.no("a0"), in: .kaffe) } == command)
        #expect(try await store.readSales { try $0.processed(.no("a0"), in: .havn) } == nil)
    }

    @Test("gives back every state a sale can be in", arguments: Made.allCases) func everything(_ made: Made)
        async throws
    {
        let store = try await make(made)
        for (number, sale) in try Self.everySale().enumerated() {
            let events: [SaleEvent] = number == 0 ? [.started] : []
            try await store.writeSales { try $0.keep(sale, after: events) }
            #expect(try await store.readSales { try $0.sale(sale.id, in: .kaffe) } == sale)
            for payment in sale.payments {
                #expect(try await store.readSales { try $0.sale(withPayment: payment.id, in: .kaffe) } == sale)
                #expect(try await store.readSales { try $0.sale(withPayment: payment.id, in: .havn) } == nil)
            }
        }
    }

    /// Sales through every event there is.
    private static func everySale() throws -> [Sale] {
        let vat = try VATRate(basisPoints: 1500)
        let coffee = ProductOnSale(id: .no("21"), number: "1001", name: "Kaffe", price: .nok(3_900), vatRate: vat)
        let option = ChosenOption(id: .no("51"), name: "Vipps", method: .vippsEPayment)
        let terms = VippsTerms(agreementID: .no("61"), msn: "123456", agentInstanceID: .no("31"))
        func order(_ id: String, _ how: Identification?) -> PaymentOrder {
            PaymentOrder(paymentID: .no(id), option: option, amount: .nok(100), terms: terms, identification: how)
        }
        func step(_ sale: Sale, _ command: SaleCommand) throws -> Sale {
            sale.evolved(by: try sale.decide(command, moment))
        }
        func told(_ sale: Sale, _ news: PaymentNews, _ id: String) -> Sale {
            sale.evolved(by: sale.hear(news, of: .no(id), moment))
        }
        var sale = try step(Self.sale(), .addProduct(coffee, quantity: 3, lineID: .no("81")))
        sale = try step(sale, .changeDiscount(.no("81"), .amount(.nok(10))))
        sale = try step(sale, .addProduct(coffee, quantity: 1, lineID: .no("82")))
        sale = try step(sale, .changeDiscount(.no("82"), .rate(1_000)))
        sale = try step(sale, .setInvoiceEmail(try EmailAddress("kari@example.com")))
        var all = [sale, try step(sale, .park)]
        let ways: [Identification?] = [
            nil, .oneTimeQR, .checkIn(.no("41")), .personalQR(envelope: Data([1])),
            .phoneNumber(envelope: Data([1]), mask: "+47 ••• •• 678"),
        ]
        for (number, way) in ways.enumerated() { sale = try step(sale, .startPayment(order("b\(number)", way))) }
        all.append(sale)
        sale = try step(
            told(sale, .atVipps(expiresAt: TillHouse.noon, qrContent: "text"), "b1"), .abortPayment(.no("b2")))
        all += [sale, told(sale, .authorized, "b1"), told(sale, .failed(Refusal(code: "7010", detail: "x")), "b3")]
        all += [PaymentNews.aborted, .expired, .terminated, .released(outside: true)].map { told(sale, $0, "b4") }
        sale = told(told(sale, .captured(.nok(100)), "b1"), .refunded(.no("c1"), .nok(40), outside: true), "b1")
        all.append(sale)
        let cash = ChosenOption(id: .no("52"), name: "Kontant", method: .cash)
        sale = try step(
            sale, .payCash(CashOrder(paymentID: .no("b9"), option: cash, amount: nil, received: .nok(100_000))))
        all.append(try step(sale, .abandon))
        sale = told(told(sale, .terminated, "b2"), .captured(.nok(100)), "b3")
        all.append(sale)
        for id in ["b0", "b4"] { sale = told(sale, .captured(.nok(100)), id) }
        all.append(sale)
        sale = try step(
            sale, .payCash(CashOrder(paymentID: .no("ba"), option: cash, amount: nil, received: .nok(100_000))))
        all.append(sale)
        guard case .completed = sale.state else { throw Refused() }
        sale = try step(sale, .refund(.no("c2"), .no("b9"), .nok(10), .reason("cold")))
        sale = told(
            try step(sale, .refund(.no("c3"), .no("b1"), .nok(10), .reason("cold"))),
            .refundFailed(.no("c3"), Refusal(code: "6220", detail: "y")), "b1")
        let basket = Sale(
            id: .no("92"), tenantID: .kaffe, identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_002),
            kind: .returning(of: sale.id, identifier: sale.identifier), organizationalUnitID: .no("01"),
            agentInstanceID: nil, currency: .nok, startedAt: TillHouse.noon, startedBy: .no("11"))
        let back = try sale.decideReturn(of: [LineQuantity(lineID: .no("81"), quantity: 1)], into: basket, moment)
        let refund = try sale.evolved(by: back.original).decideRefund(
            .no("c4"), along: .no("b1"), amount: .nok(20), for: basket.evolved(by: back.basket), moment)
        all.append(sale.evolved(by: back.original + refund.original + [.invoiceMailEnded(.mailed)]))
        all.append(sale.evolved(by: .customerForgotten))
        return all + [basket.evolved(by: back.basket + refund.basket)]
    }

    /// Numbered, ended so many days after noon; of `tenant`, with an address.
    private static func ended(_ number: Int, of tenant: TenantID = .kaffe, after days: Double) throws -> Sale {
        let beginning = Sale(
            id: .no("9\(number)"), tenantID: tenant, identifier: SaleIdentifier(unitCode: "OSL", number: Int64(number)),
            organizationalUnitID: tenant == .kaffe ? .no("01") : .no("02"), agentInstanceID: nil, currency: .nok,
            startedAt: TillHouse.noon, startedBy: .no("11"))
        return beginning.evolved(by: [
            .invoiceEmailSet(try EmailAddress("kari@example.com")),
            .abandoned(at: TillHouse.noon.addingTimeInterval(days * 86_400), by: nil),
        ])
    }

    @Test("finds the sales of all tenants that ended long ago and name a customer", arguments: Made.allCases)
    func customers(_ made: Made) async throws {
        let store = try await make(made)
        let oldest = try Self.ended(1, of: .havn, after: 0)
        let old = try Self.ended(2, after: 1)
        let forgotten = try Self.ended(3, after: 0).evolved(by: .customerForgotten)
        let open = Self.sale(.no("94"), number: 4).evolved(by: .invoiceEmailSet(try EmailAddress("a@example.com")))
        let young = try Self.ended(5, after: 2)
        try await store.writeSales { tx in
            for sale in [young, open, forgotten, old, oldest] { try tx.keep(sale, after: []) }
        }
        func found(after days: Double, limit: Int = 9) async throws -> [SaleID] {
            let instant = TillHouse.noon.addingTimeInterval(days * 86_400)
            return try await store.readSales { try $0.salesToForget(endedBy: instant, limit: limit) }.map(\.id)
        }
        #expect(try await found(after: 1) == [oldest.id, old.id])
        #expect(try await found(after: 2) == [oldest.id, old.id, young.id])
        #expect(try await found(after: 2, limit: 1) == [oldest.id])
        #expect(try await found(after: -1).isEmpty)
        try await store.writeSales { tx in
            try tx.keep(oldest.evolved(by: .customerForgotten), after: [.customerForgotten])
        }
        #expect(try await found(after: 1) == [old.id])
    }

    @Test("finds payments that wait at a till, the newest first", arguments: Made.allCases) func awaiting(_ made: Made)
        async throws
    {
        let store = try await make(made)
        let sale = try #require(
            try Self.everySale().first { $0.payments.contains { $0.state == .awaitingIdentification } })
        try await store.writeSales { try $0.keep(sale, after: [.started]) }
        let wanted = AwaitingPayment(saleID: sale.id, paymentID: .no("b0"))
        #expect(
            try await store.readSales { try $0.paymentsAwaiting(at: .no("31"), msn: "123456", in: .kaffe) } == [wanted])
        #expect(try await store.readSales { try $0.paymentsAwaiting(at: .no("31"), msn: "999999", in: .kaffe) }.isEmpty)
        #expect(try await store.readSales { try $0.paymentsAwaiting(at: .no("32"), msn: "123456", in: .kaffe) }.isEmpty)
        let identified = sale.evolved(by: .paymentRequested(.no("b0"), .oneTimeQR, at: TillHouse.noon))
        try await store.writeSales { try $0.keep(identified, after: []) }
        #expect(try await store.readSales { try $0.paymentsAwaiting(at: .no("31"), msn: "123456", in: .kaffe) }.isEmpty)
    }

    @Test("keeps one check-in a till", arguments: Made.allCases) func checkIns(_ made: Made) async throws {
        let store = try await make(made)
        func checkIn(_ id: String) -> CheckIn {
            CheckIn(
                id: .no(id), agentInstanceID: .no("31"), msn: "123456", initiatedAt: TillHouse.noon,
                validUntil: TillHouse.noon.addingTimeInterval(900))
        }
        try await store.writeSales { [first = checkIn("41"), second = checkIn("42")] tx in
            try tx.keep(first, in: .kaffe)
            try tx.keep(second, in: .kaffe)
        }
        #expect(try await store.readSales { try $0.checkIn(at: .no("31"), in: .kaffe) } == checkIn("42"))
        try await store.writeSales { try $0.removeCheckIn(at: .no("31"), in: .kaffe) }
        #expect(try await store.readSales { try $0.checkIn(at: .no("31"), in: .kaffe) } == nil)
    }
}
