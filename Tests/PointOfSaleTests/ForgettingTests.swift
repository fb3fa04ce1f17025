import Foundation
import PointOfSale
import SharedKernel
import Testing

private let life = Sale.customerKept

/// A hundred kroner by phone, with an invoice that was mailed.
private let sold = asked.hearing(.captured(.kr(100))).evolved(by: .invoiceMailEnded(.mailed))
private let asked = Sale.hundred.after(.setInvoiceEmail(try? EmailAddress("kari@example.com"))).paying()

extension Sale {
    fileprivate func forgetting(after seconds: TimeInterval = life) -> Sale {
        after(.forgetCustomer, moment(nil, after: seconds))
    }

    fileprivate var masks: [String] {
        payments.compactMap { if case .phoneNumber(_, let mask) = $0.identification { mask } else { nil } }
    }

    fileprivate var knowsCustomer: Bool { invoiceEmail != nil || !masks.isEmpty }
}

@Suite("The customer of a sale") struct ForgettingTests {
    @Test("is forgotten ninety days after its end, and not a second before") func time() {
        #expect(life == 90 * 86_400)
        #expect(sold.masks == ["+47 ••• •• 678"])
        #expect(sold.forgetting(after: life - 1) == sold)
        let forgotten = sold.forgetting()
        #expect(!forgotten.knowsCustomer)
        #expect(forgotten.payments.map(\.identification) == [.phoneNumber(envelope: Data(), mask: nil)])
        #expect(forgotten.invoiceMail == .mailed)
    }

    @Test(
        "is forgotten once, and only where there was one",
        arguments: [sold.forgetting(), Sale.hundred.payingCash(9, .kr(100))])
    func once(sale: Sale) throws {
        #expect(sale.isCompleted)
        #expect(!sale.hasCustomerToForget)
        #expect(try sale.decide(.forgetCustomer, moment(nil, after: 2 * life)).isEmpty)
    }

    @Test("of several payments is forgotten in each, and whatever else they tell stays") func everywhere() {
        let sale = Sale.hundred.paying(1).hearing(.failed(Refusal(code: "7010", detail: "x")))
            .paying(2, .kr(40)).hearing(.captured(.kr(40)), of: 2).paying(3, with: .oneTimeQR)
            .hearing(.captured(.kr(60)), of: 3)
        #expect(sale.masks.count == 2)
        let forgotten = sale.forgetting()
        #expect(forgotten.masks.isEmpty)
        #expect(forgotten.payments.map(\.state) == sale.payments.map(\.state))
        #expect(forgotten.payments.map(\.reference) == sale.payments.map(\.reference))
        #expect(forgotten.payment(.no(3))?.identification == .oneTimeQR)
    }

    @Test(
        "is remembered while something is under way",
        arguments: [
            asked,
            asked.after(.abandon),
            sold.after(.refund(.no(1), .no(1), .kr(10), .reason("cold"))),
        ])
    func underWay(sale: Sale) {
        #expect(!sale.hasCustomerToForget)
        #expect(sale.forgetting(after: 10 * life) == sale)
    }

    @Test(
        "is forgotten when what was under way has come to its end",
        arguments: [
            asked.after(.abandon).hearing(.terminated),
            asked.hearing(.captured(.kr(100))),
            asked.hearing(.captured(.kr(100))).evolved(by: .invoiceMailEnded(.failed)),
            sold.after(.refund(.no(1), .no(1), .kr(10), .reason("cold"))).hearing(
                .refunded(.no(1), .kr(10), outside: false)),
        ])
    func ended(sale: Sale) {
        #expect(sale.hasCustomerToForget)
        #expect(!sale.forgetting().knowsCustomer)
    }

    @Test("is not needed to give money or goods back") func back() throws {
        let forgotten = sold.forgetting()
        let events = try forgotten.decide(.refund(.no(1), .no(1), .kr(10), .reason("cold")), moment())
        #expect(events.refundsAsked.map(\.amount) == [.kr(10)])
        let refunded = forgotten.evolved(by: events).hearing(.refunded(.no(1), .kr(10), outside: false))
        #expect(refunded.refunded(of: .no(1)) == .kr(10))
        let basket = Sale(
            id: .no(10), tenantID: .no(1), identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_002),
            kind: .returning(of: sold.id, identifier: sold.identifier), organizationalUnitID: .no(1),
            agentInstanceID: .no(1), currency: .nok, startedAt: noon, startedBy: cashier)
        let back = try refunded.decideReturn(of: refunded.everythingReturnable, into: basket, moment())
        let paid = try refunded.evolved(by: back.original).decideRefund(
            .no(2), along: .no(1), amount: .kr(90), for: basket.evolved(by: back.basket), moment())
        #expect(paid.original.refundsAsked.map(\.amount) == [.kr(90)])
        #expect(!refunded.evolved(by: back.original + paid.original).knowsCustomer)
    }

    @Test("stays forgotten, whatever is heard later") func late() {
        let forgotten = asked.after(.abandon).hearing(.terminated).forgetting()
        let late = forgotten.hearing(.captured(.kr(100)))
        #expect(late.refunds.map(\.cause) == [.tooLate])
        #expect(!late.knowsCustomer)
    }
}

@Suite("Forgetting customers") struct ForgetCustomersTests {
    /// A store whose clock is turned by hand is not needed: what is looked at has ended long ago.
    private func store(_ sales: Int) async throws -> InMemorySaleStore {
        let store = InMemorySaleStore(now: { noon.addingTimeInterval(life) })
        for number in 1...sales {
            let sale = sold.numbered(number)
            try await store.writeSales { try $0.keep(sale, after: []) }
        }
        return store
    }

    @Test("goes in parts, until nothing is left") func parts() async throws {
        let store = try await store(5)
        let forget = ForgetCustomers(store: store, limit: 2)
        func left() async throws -> Int {
            try await store.readSales { try $0.salesToForget(endedBy: noon, limit: 9) }.count
        }
        #expect(try await forget())
        #expect(try await left() == 3)
        #expect(try await forget())
        #expect(try await !forget())
        #expect(try await left() == 0)
        #expect(await store.events.map(\.1) == Array(repeating: .customerForgotten, count: 5))
    }
}

extension Sale {
    /// The same under another identifier.
    fileprivate func numbered(_ number: Int) -> Sale {
        let beginning = Sale(
            id: .no(number), tenantID: .no(number), identifier: identifier, organizationalUnitID: organizationalUnitID,
            agentInstanceID: agentInstanceID, currency: currency, startedAt: startedAt, startedBy: startedBy)
        return Sale(
            beginning, state: state, lines: lines, payments: payments, refunds: refunds, returns: returns,
            invoiceEmail: invoiceEmail, invoiceMail: invoiceMail)
    }
}
