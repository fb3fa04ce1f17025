import Foundation
import PointOfSale
import SharedKernel
import Testing

/// Marks what it has sealed, so that a test can see that nothing else was kept.
private struct MarkingSealer: Sealer {
    func seal(_ plain: Data) -> Data { Data("sealed:".utf8) + plain }
}

/// A shop with one till, in memory.
private struct Shop {
    let store = InMemorySaleStore(now: { noon })
    let person = Person(tenantID: .no(1), userID: cashier, agentProfileID: .no(1))

    init(features: Set<String> = [Tenant.paymentsBasic], hasKeys: Bool = true) async throws {
        let tenant = try Tenant(id: .no(1), name: "Fjellheim", market: .norway, currency: .nok, features: features)
        let profile = try AgentProfile(
            id: .no(1), agentInstanceID: .no(1), name: "Till 1", salesUnitID: .no(1), merchantQRID: "qr-1")
        let till = try AgentInstance(
            id: .no(1), name: "Till 1", organizationalUnitID: .no(1), isNoAgent: false, profiles: [profile])
        let unit = try OrganizationalUnit(id: .no(1), name: "Oslo", code: "OSL")
        let salesUnit = try SalesUnit(
            id: .no(1), displayName: "Oslo", organizationalUnitID: .no(1), agreementID: .no(1), msn: "123456",
            currency: .nok)
        let agreement = try VippsAgreement(
            id: .no(1), displayName: "Vipps", keysSetAt: hasKeys ? noon : nil, keysSetBy: nil, keysCheck: .notChecked,
            lastFailure: nil)
        let coffee = try Product(
            id: .no(1), number: "1001", barcode: "2000010010011", name: "Kaffe", price: .kr(100), vatRate: .full,
            category: nil, currency: .nok)
        await store.arrange { content in
            content.tenants[.no(1)] = tenant
            content.units[.no(1)] = [unit]
            content.agentInstances[.no(1)] = [till]
            content.salesUnits[.no(1)] = [salesUnit]
            content.agreements[.no(1)] = [agreement]
            content.products[.no(1)] = [coffee]
            content.paymentOptions[.no(1)] = [
                PaymentOption(id: .no(1), name: "Vipps", method: .vippsEPayment, quickAccess: true, enabled: true),
                PaymentOption(id: .no(2), name: "Cash", method: .cash, quickAccess: true, enabled: true),
                PaymentOption(id: .no(3), name: "Old", method: .vippsEPayment, quickAccess: true, enabled: false),
            ]
        }
    }

    var start: StartSale { StartSale(store: store) }

    func act(_ request: SaleRequest, on sale: SaleID, command: Int) async throws -> Sale {
        try await ActOnSale(store: store, sealer: MarkingSealer())(request, on: sale, command: .no(command), by: person)
    }

    /// A sale with one coffee.
    func coffee(command: Int = 100) async throws -> Sale {
        let sale = try await start(command: .no(command), by: person)
        return try await act(.addProduct(.code("2000010010011"), quantity: 1), on: sale.id, command: command + 1)
    }

    func hear(_ news: PaymentNews, of payment: PaymentID, in tenant: TenantID = .no(1)) async throws {
        _ = try await store.writeSales { try HearPayment()(news, of: payment, in: tenant, $0) }
    }

    func checkIn(_ number: Int, code: String = "qr-1", age: TimeInterval = 0, life: TimeInterval = 900) async throws {
        let heard = HearCheckIn.Heard(
            id: .no(number), msn: "123456", merchantQRID: code, initiatedAt: noon.addingTimeInterval(-age),
            validUntil: noon.addingTimeInterval(life - age))
        try await store.writeSales { try HearCheckIn()(heard, in: .no(1), $0) }
    }
}

@Suite("Starting a sale") struct StartingTests {
    @Test("numbers sales of a unit without gaps") func numbers() async throws {
        let shop = try await Shop()
        var numbers: [String] = []
        for command in 1...3 {
            numbers.append(try await shop.start(command: .no(command), by: shop.person).identifier.text)
        }
        #expect(numbers == ["OSL-1000001", "OSL-1000002", "OSL-1000003"])
    }

    @Test("twice with the same command starts one") func twice() async throws {
        let shop = try await Shop()
        let first = try await shop.start(command: .no(1), by: shop.person)
        let again = try await shop.start(command: .no(1), by: shop.person)
        #expect(first == again)
        #expect(try await shop.start(command: .no(2), by: shop.person).identifier.number == 1_000_002)
    }

    @Test("needs a till") func till() async throws {
        let shop = try await Shop()
        let nobody = Person(tenantID: .no(1), userID: cashier, agentProfileID: nil)
        await #expect(throws: Conflict.self) { try await shop.start(command: .no(1), by: nobody) }
        let stranger = Person(tenantID: .no(2), userID: cashier, agentProfileID: .no(1))
        await #expect(throws: Conflict.self) { try await shop.start(command: .no(1), by: stranger) }
    }
}

@Suite("A request to a sale") struct RequestTests {
    @Test("acts once, however often it is sent") func once() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        for _ in 0..<3 { _ = try await shop.act(.addProduct(.product(.no(1)), quantity: 2), on: sale.id, command: 5) }
        #expect(try await ViewSale(store: shop.store)(sale.id, in: .no(1)).lines[0].quantity == 3)
    }

    @Test("with the identifier of another one is refused") func reused() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        _ = try await shop.act(.park, on: sale.id, command: 5)
        await #expect(throws: Conflict.self) { try await shop.act(.resume, on: sale.id, command: 5) }
        await #expect(throws: Conflict.self) { try await shop.act(.park, on: .no(999), command: 5) }
    }

    @Test("that is refused changes nothing and may be sent again") func refused() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        await #expect(throws: SaleRejection.self) { try await shop.act(.resume, on: sale.id, command: 5) }
        _ = try await shop.act(.park, on: sale.id, command: 6)
        #expect(try await shop.act(.resume, on: sale.id, command: 5).state == .open)
    }

    @Test("of another tenant finds nothing") func tenant() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let stranger = Person(tenantID: .no(2), userID: cashier, agentProfileID: .no(1))
        await #expect(throws: Unknown("sale")) {
            try await ActOnSale(store: shop.store, sealer: MarkingSealer())(
                .park, on: sale.id, command: .no(5), by: stranger)
        }
        await #expect(throws: Unknown("sale")) { try await ViewSale(store: shop.store)(sale.id, in: .no(2)) }
    }

    @Test("names products by barcode or number") func codes() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        #expect(
            try await shop.act(.addProduct(.code("1001"), quantity: 1), on: sale.id, command: 5).lines[0].quantity == 2)
        await #expect(throws: Invalid.self) {
            try await shop.act(.addProduct(.code("nope"), quantity: 1), on: sale.id, command: 6)
        }
        await #expect(throws: Unknown("product")) {
            try await shop.act(.addProduct(.product(.no(99)), quantity: 1), on: sale.id, command: 7)
        }
    }
}

@Suite("Paying") struct PayingTests {
    @Test("seals the phone number before anything is kept") func sealed() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let request = SaleRequest.startPayment(.no(1), amount: nil, .phone("912 34 567"), invoiceEmail: nil)
        _ = try await shop.act(request, on: sale.id, command: 5)
        let requests = await shop.store.events.compactMap {
            if case .paymentRequested(_, let how, _) = $0.1 { how } else { nil }
        }
        #expect(requests == [.phoneNumber(envelope: Data("sealed:4791234567".utf8), mask: "+47 ••• •• 567")])
    }

    @Test("twice with one command asks Vipps once") func once() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let request = SaleRequest.startPayment(.no(1), amount: nil, .phone("91234567"), invoiceEmail: nil)
        let first = try await shop.act(request, on: sale.id, command: 5)
        let again = try await shop.act(request, on: sale.id, command: 5)
        #expect(first.payments.map(\.id) == again.payments.map(\.id))
        #expect(await shop.store.events.filter { if case .paymentRequested = $0.1 { true } else { false } }.count == 1)
    }

    @Test("keeps the address for the invoice") func email() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let email = try EmailAddress("kari@example.com")
        let paid = try await shop.act(
            .payCash(.no(2), amount: nil, received: .kr(100), invoiceEmail: email), on: sale.id, command: 5)
        #expect(paid.invoiceEmail == email)
        #expect(paid.invoiceMail == .waiting)
        try await shop.store.writeSales { try HearInvoiceMail()(.mailed, of: sale.id, in: .no(1), $0) }
        #expect(try await ViewSale(store: shop.store)(sale.id, in: .no(1)).invoiceMail == .mailed)
    }

    @Test("says what is missing in the set-up") func missing() async throws {
        func conflict(_ shop: Shop, option: Int = 1) async throws -> String? {
            let sale = try await shop.coffee()
            do {
                _ = try await shop.act(
                    .startPayment(.no(option), amount: nil, .oneTimeQR, invoiceEmail: nil), on: sale.id, command: 5)
                return nil
            } catch let conflict as Conflict { return conflict.slug }
        }
        #expect(try await conflict(Shop(features: [])) == "payments-not-enabled")
        #expect(try await conflict(Shop(hasKeys: false)) == "keys-missing")
        #expect(try await conflict(Shop(), option: 3) == "option-disabled")
        #expect(try await conflict(Shop()) == nil)
        await #expect(throws: Invalid.self) { try await conflict(Shop(), option: 2) }
        await #expect(throws: Unknown("payment option")) { try await conflict(Shop(), option: 9) }
    }

    @Test("with another tenant's news means nothing") func tenant() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let paying = try await shop.act(
            .startPayment(.no(1), amount: nil, .oneTimeQR, invoiceEmail: nil), on: sale.id, command: 5)
        try await shop.hear(.captured(.kr(100)), of: paying.payments[0].id, in: .no(2))
        #expect(try await ViewSale(store: shop.store)(sale.id, in: .no(1)).isUnderWay)
        try await shop.hear(.captured(.kr(100)), of: paying.payments[0].id)
        #expect(try await ViewSale(store: shop.store)(sale.id, in: .no(1)).isCompleted)
        try await shop.hear(.captured(.kr(100)), of: .no(404))
    }
}

@Suite("A check-in") struct CheckInTests {
    private let payNow = SaleRequest.startPayment(.no(1), amount: nil, nil, invoiceEmail: nil)

    @Test("starts the payment that waits at its till") func starts() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        _ = try await shop.act(payNow, on: sale.id, command: 5)
        try await shop.checkIn(3)
        let paying = try await ViewSale(store: shop.store)(sale.id, in: .no(1))
        #expect(paying.payments[0].state == .requested)
        #expect(paying.payments[0].identification == .checkIn(.no(3)))
        #expect(try await WaitingCheckIns(store: shop.store)(of: shop.person) == nil)
    }

    @Test("that came first waits, is offered and used up") func waits() async throws {
        let shop = try await Shop()
        try await shop.checkIn(3, age: 60)
        #expect(try await WaitingCheckIns(store: shop.store)(of: shop.person)?.id == .no(3))
        let sale = try await shop.coffee()
        let waiting = try await shop.act(payNow, on: sale.id, command: 5)
        #expect(waiting.payments[0].state == .awaitingIdentification)
        let used = try await shop.act(.identify(waiting.payments[0].id, .checkIn(.no(3))), on: sale.id, command: 6)
        #expect(used.payments[0].state == .requested)
        #expect(try await WaitingCheckIns(store: shop.store)(of: shop.person) == nil)
        let other = try await shop.coffee(command: 200)
        await #expect(throws: Invalid.self) {
            try await shop.act(
                .startPayment(.no(1), amount: nil, .checkIn(.no(3)), invoiceEmail: nil), on: other.id, command: 7)
        }
    }

    @Test("takes the place of an older one, and not of a newer one") func newest() async throws {
        let shop = try await Shop()
        let waiting = WaitingCheckIns(store: shop.store)
        try await shop.checkIn(3, age: 60)
        try await shop.checkIn(4, age: 10)
        try await shop.checkIn(5, age: 30)
        #expect(try await waiting(of: shop.person)?.id == .no(4))
        await #expect(throws: Unknown("check-in")) { try await waiting.discard(.no(3), by: shop.person) }
        try await waiting.discard(.no(4), by: shop.person)
        #expect(try await waiting(of: shop.person) == nil)
    }

    @Test("that is too old, or of a code at no till, means nothing") func nothing() async throws {
        let shop = try await Shop()
        try await shop.checkIn(3, age: 901)
        try await shop.checkIn(4, code: "qr-9")
        #expect(try await WaitingCheckIns(store: shop.store)(of: shop.person) == nil)
    }
}

@Suite("Goods back at the till") struct ReturningTests {
    @Test("go through basket, refund and Vipps' answer to a completed return") func whole() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let paying = try await shop.act(
            .startPayment(.no(1), amount: nil, .oneTimeQR, invoiceEmail: nil), on: sale.id, command: 5)
        let payment = paying.payments[0].id
        try await shop.hear(.captured(.kr(100)), of: payment)

        let basket = try await shop.act(.returnLines(.all), on: sale.id, command: 6)
        #expect(basket.isReturn)
        #expect(basket.identifier.text == "OSL-1000002")
        #expect(try await shop.act(.returnLines(.all), on: sale.id, command: 6).id == basket.id)
        await #expect(throws: SaleRejection.nothingLeftToReturn) {
            try await shop.act(.returnLines(.all), on: sale.id, command: 7)
        }
        let asked = try await shop.act(.refundOriginalPayment(payment, .kr(100)), on: basket.id, command: 8)
        let refund = try #require(asked.refunds.first)
        #expect(asked.pending == .kr(100))

        try await shop.hear(.refunded(refund.id, .kr(100), outside: false), of: payment)
        #expect(try await ViewSale(store: shop.store)(basket.id, in: .no(1)).isCompleted)
        let original = try await ViewSale(store: shop.store)(sale.id, in: .no(1))
        #expect(original.returns.map(\.state) == [.completed])
        #expect(original.refunded(of: payment) == .kr(100))
    }

    @Test("given up leave the original sale as it was") func givenUp() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        _ = try await shop.act(
            .payCash(.no(2), amount: nil, received: .kr(100), invoiceEmail: nil), on: sale.id, command: 5)
        let basket = try await shop.act(.returnLines(.all), on: sale.id, command: 6)
        _ = try await shop.act(.abandon, on: basket.id, command: 7)
        let original = try await ViewSale(store: shop.store)(sale.id, in: .no(1))
        #expect(original.returns.map(\.state) == [.abandoned])
        #expect(original.everythingReturnable == [LineQuantity(lineID: original.lines[0].id, quantity: 1)])
    }

    @Test("without goods need a reason") func reason() async throws {
        let shop = try await Shop()
        let sale = try await shop.coffee()
        let paid = try await shop.act(
            .payCash(.no(2), amount: nil, received: .kr(100), invoiceEmail: nil), on: sale.id, command: 5)
        for reason in ["", "  ", "ab", "a\nb c", String(repeating: "x", count: 201)] {
            await #expect(throws: Invalid.self) {
                try await shop.act(
                    .refundPayment(paid.payments[0].id, .kr(10), reason: reason), on: sale.id, command: 6)
            }
        }
        let refunded = try await shop.act(
            .refundPayment(paid.payments[0].id, .kr(10), reason: "cold coffee"), on: sale.id, command: 6)
        #expect(refunded.refunds.map(\.state) == [.refunded])
    }
}
