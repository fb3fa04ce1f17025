import Foundation
import PointOfSale
import SharedKernel
import Testing

/// Two lines: three of 33,33 kr with 10 kr off, and one of 100 kr; paid with Vipps.
private let sold = Sale.empty
    .after(.addProduct(product(1, .øre(3_333), .food), quantity: 3, lineID: .no(1)))
    .after(.changeDiscount(.no(1), .amount(.kr(10))))
    .after(.addProduct(product(2), quantity: 1, lineID: .no(2)))
    .paying().hearing(.captured(.øre(18_999)))

private func basket(_ number: Int) -> Sale {
    Sale(
        id: .no(number), tenantID: .no(1),
        identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_000 + Int64(number)),
        kind: .returning(of: sold.id, identifier: sold.identifier), organizationalUnitID: .no(1),
        agentInstanceID: .no(1),
        currency: .nok, startedAt: noon, startedBy: cashier)
}

private func returned(
    _ sale: Sale, _ lines: [(Int, Int)], into number: Int
) throws(SaleRejection) -> (sale: Sale, basket: Sale) {
    let wanted = lines.map { LineQuantity(lineID: .no($0.0), quantity: $0.1) }
    let events = try sale.decideReturn(of: wanted, into: basket(number), moment())
    return (sale.evolved(by: events.original), basket(number).evolved(by: events.basket))
}

private func refunded(
    _ sale: Sale, _ basket: Sale, _ amount: Money, id: Int = 1, along payment: Int = 1
) throws(SaleRejection) -> (sale: Sale, basket: Sale, events: [SaleEvent]) {
    let events = try sale.decideRefund(.no(id), along: .no(payment), amount: amount, for: basket, moment())
    return (sale.evolved(by: events.original), basket.evolved(by: events.basket), events.original)
}

@Suite("A return") struct ReturnTests {
    @Test("has the lines with their share of discount and tax, negative") func lines() throws {
        let (_, basket) = try returned(sold, [(1, 1), (2, 1)], into: 10)
        #expect(basket.lines.map(\.quantity) == [-1, -1])
        #expect(basket.total == .øre(-2_999 - 10_000))
        #expect(basket.due == .øre(12_999))
        #expect(basket.lines[0].discount == .øre(-334))
        #expect(basket.tax.isNegative)
    }

    @Test("piece by piece adds up to exactly the line, whatever the order") func pieces() throws {
        let first = try returned(sold, [(1, 1)], into: 10)
        let second = try returned(first.sale, [(1, 1)], into: 11)
        let third = try returned(second.sale, [(1, 1)], into: 12)
        let line = try #require(sold.line(.no(1)))
        let totals = [first, second, third].map(\.basket.total).sum(in: .nok)
        let taxes = [first, second, third].map(\.basket.tax).sum(in: .nok)
        #expect(totals == Money.kr(0) - line.total)
        #expect(taxes == Money.kr(0) - line.tax)
    }

    @Test("never takes back more than was sold") func tooMany() throws {
        let (sale, _) = try returned(sold, [(1, 2)], into: 10)
        #expect(sale.returnable(of: sale.lines[0]) == 1)
        #expect(throws: SaleRejection.quantityBeyondReturnable(lineID: .no(1), left: 1)) {
            try returned(sale, [(1, 2)], into: 11)
        }
        #expect(throws: SaleRejection.quantityOutOfRange(max: 9_999)) { try returned(sold, [(1, -1)], into: 11) }
        #expect(throws: SaleRejection.linesDoubled) { try returned(sold, [(1, 2), (1, 2)], into: 11) }
        #expect(throws: SaleRejection.unknownLine) { try returned(sold, [(9, 1)], into: 11) }
        #expect(throws: SaleRejection.nothingLeftToReturn) { try returned(sold, [], into: 11) }
        #expect(throws: SaleRejection.notCompleted) { try returned(.hundred, [(1, 1)], into: 11) }
    }

    @Test("given up gives its lines free again") func givenUp() throws {
        let (sale, basket) = try returned(sold, [(1, 3)], into: 10)
        #expect(sale.returnable(of: sale.lines[0]) == 0)
        #expect(basket.after(.abandon).endedAt != nil)
        #expect(sale.evolved(by: .returnEnded(.no(10), .abandoned)).returnable(of: sale.lines[0]) == 3)
    }

    @Test("pays back along the original payment and completes when the money is back") func refund() throws {
        let open = try returned(sold, [(2, 1)], into: 10)
        let asked = try refunded(open.sale, open.basket, .kr(100))
        #expect(asked.events.refundsAsked.map(\.amount) == [.kr(100)])
        #expect(asked.basket.due == .kr(0))
        #expect(asked.basket.pending == .kr(100))
        #expect(!asked.basket.isCompleted)
        let sale = asked.sale.hearing(.refunded(.no(1), .kr(100), outside: false))
        #expect(sale.refunded(of: .no(1)) == .kr(100))
        #expect(sale.isCompleted)
        let events = asked.basket.hearRefund(.no(1), .refunded, moment(nil))
        #expect(asked.basket.evolved(by: events).isCompleted)
        #expect(asked.basket.evolved(by: events).hearRefund(.no(1), .refunded, moment(nil)).isEmpty)
    }

    @Test("pays back in parts") func parts() throws {
        let open = try returned(sold, [(2, 1)], into: 10)
        let first = try refunded(open.sale, open.basket, .kr(60), id: 1)
        let second = try refunded(first.sale, first.basket, .kr(40), id: 2)
        let half = second.basket.evolved(by: second.basket.hearRefund(.no(2), .refunded, moment(nil)))
        #expect(!half.isCompleted)
        #expect(half.evolved(by: half.hearRefund(.no(1), .refunded, moment(nil))).isCompleted)
    }

    @Test("never pays back more than it owes, nor more than is left of the payment") func limits() throws {
        let open = try returned(sold, [(2, 1)], into: 10)
        #expect(throws: SaleRejection.amountBeyondReturn(left: .kr(100))) {
            try refunded(open.sale, open.basket, .øre(10_001))
        }
        #expect(throws: SaleRejection.amountNotPositive(field: "amount")) {
            try refunded(open.sale, open.basket, .øre(-1))
        }
        let spent = open.sale.after(.refund(.no(8), .no(1), .øre(18_899), .reason("spilled coffee")))
        #expect(throws: SaleRejection.amountBeyondRefundable(left: .øre(100))) {
            try refunded(spent, open.basket, .kr(100))
        }
        let asked = try refunded(open.sale, open.basket, .kr(100))
        #expect(throws: SaleRejection.nothingDue) { try refunded(asked.sale, asked.basket, .kr(1), id: 2) }
        #expect(throws: SaleRejection.unknownPayment) { try refunded(open.sale, open.basket, .kr(1), along: 5) }
        #expect(throws: SaleRejection.notAReturn) { try refunded(open.sale, .hundred, .kr(1)) }
    }

    @Test("whose refund Vipps refuses is as it was before, and says why") func refused() throws {
        let open = try returned(sold, [(2, 1)], into: 10)
        let asked = try refunded(open.sale, open.basket, .kr(100))
        let refusal = Refusal(code: "6220", detail: "Refund period expired")
        let sale = asked.sale.hearing(.refundFailed(.no(1), refusal))
        let basket = asked.basket.evolved(by: asked.basket.hearRefund(.no(1), .failed(refusal), moment(nil)))
        #expect(sale.refund(.no(1))?.state == .failed(refusal))
        #expect(sale.refundable(of: sale.payments[0]) == .øre(18_999))
        #expect(basket.due == .kr(100))
        #expect(basket.state == .open)
        #expect(try refunded(sale, basket, .kr(100), id: 2).basket.pending == .kr(100))
    }

    @Test("cannot be given up once money is on its way back") func moneyOut() throws {
        let open = try returned(sold, [(2, 1)], into: 10)
        let asked = try refunded(open.sale, open.basket, .kr(60))
        #expect(throws: SaleRejection.paymentUnderWay) { try asked.basket.decide(.abandon, moment()) }
        let half = asked.basket.evolved(by: asked.basket.hearRefund(.no(1), .refunded, moment(nil)))
        #expect(throws: SaleRejection.belowReceived(received: .kr(60))) { try half.decide(.abandon, moment()) }
    }

    @Test("ends with what it owes when the money went back before, and only then") func backBefore() throws {
        let (sale, basket) = try returned(sold, [(1, 3), (2, 1)], into: 10)
        #expect(!sale.canEndUnpaid(basket))
        #expect(throws: SaleRejection.stillDue(.øre(18_999))) { try sale.decideEnd(of: basket, moment()) }
        let damaged = sale.after(.refund(.no(1), .no(1), .kr(20), .reason("damaged")))
        #expect(throws: SaleRejection.stillDue(.øre(18_999))) { try damaged.decideEnd(of: basket, moment()) }
        let back = damaged.hearing(.refunded(.no(1), .kr(20), outside: false))
        let rest = try refunded(back, basket, .øre(16_999), id: 2)
        #expect(!rest.sale.canEndUnpaid(rest.basket))
        #expect(throws: SaleRejection.paymentUnderWay) { try rest.sale.decideEnd(of: rest.basket, moment()) }
        let paid = rest.sale.hearing(.refunded(.no(2), .øre(16_999), outside: false))
        let owing = rest.basket.evolved(by: rest.basket.hearRefund(.no(2), .refunded, moment(nil)))
        #expect(owing.due == .kr(20))
        #expect(paid.canEndUnpaid(owing))
        let ended = owing.evolved(by: try paid.decideEnd(of: owing, moment()))
        #expect(ended.isUnderWay == false && ended.received == .øre(16_999))
    }

    @Test("of a cash sale is paid out and complete at once") func cash() throws {
        let sale = Sale.hundred.payingCash(9, .kr(100))
        let wanted = [LineQuantity(lineID: .no(1), quantity: 1)]
        let events = try sale.decideReturn(of: wanted, into: basket(10), moment())
        let open = basket(10).evolved(by: events.basket)
        let paid = try sale.evolved(by: events.original).decideRefund(
            .no(1), along: .no(9), amount: .kr(100), for: open, moment())
        #expect(paid.original.cashPaidOut.map(\.amount) == [.kr(100)])
        #expect(open.evolved(by: paid.basket).isCompleted)
    }

    @Test("takes no payments and no new lines") func onlyBack() throws {
        let (_, basket) = try returned(sold, [(2, 1)], into: 10)
        #expect(throws: SaleRejection.isAReturn) { try basket.decide(.startPayment(order(2)), moment()) }
        #expect(throws: SaleRejection.isAReturn) {
            try basket.decide(.addProduct(product(), quantity: 1, lineID: .no(5)), moment())
        }
        #expect(basket.linesAreLocked)
    }
}

@Suite("A refund without goods") struct DirectRefundTests {
    @Test("goes back in part, several times, up to what is left") func parts() throws {
        let paid = Sale.hundred.paying().hearing(.captured(.kr(100)))
        let first = paid.after(.refund(.no(1), .no(1), .kr(30), .reason("late")))
        #expect(first.refundPending(of: .no(1)) == .kr(30))
        let second = first.hearing(.refunded(.no(1), .kr(30), outside: false))
            .after(.refund(.no(2), .no(1), .kr(70), .reason("cold")))
        #expect(throws: SaleRejection.amountBeyondRefundable(left: .kr(0))) {
            try second.decide(.refund(.no(3), .no(1), .øre(1), .reason("more")), moment())
        }
        #expect(second.isCompleted)
        #expect(second.received == .kr(100))
    }

    @Test("is for sales that have ended") func open() {
        let part = Sale.hundred.paying(1, .kr(40)).hearing(.captured(.kr(40)))
        #expect(throws: SaleRejection.notCompleted) {
            try part.decide(.refund(.no(1), .no(1), .kr(10), .reason("no")), moment())
        }
    }

    @Test("made in Vipps' portal is recorded and leaves less to refund") func outside() {
        let paid = Sale.hundred.paying().hearing(.captured(.kr(100)))
        let news = PaymentNews.refunded(.no(77), .kr(25), outside: true)
        let sale = paid.hearing(news)
        #expect(sale.refunds.map(\.cause) == [.outside])
        #expect(sale.refundable(of: sale.payments[0]) == .kr(75))
        #expect(sale.hear(news, of: .no(1), moment(nil)).isEmpty)
        #expect(sale.isCompleted)
    }

    @Test("made in Vipps' portal counts once, also when a restored gateway finds it again") func refoundOutside() {
        let paid = Sale.hundred.paying().hearing(.captured(.kr(100)))
        let once = paid.hearing(.refunded(.no(77), .kr(25), outside: true, inAll: .kr(25)))
        #expect(once.hear(.refunded(.no(78), .kr(25), outside: true, inAll: .kr(25)), of: .no(1), moment(nil)).isEmpty)
        let more = once.hearing(.refunded(.no(79), .kr(40), outside: true, inAll: .kr(40)))
        #expect(more.refunds.map(\.amount) == [.kr(25), .kr(15)])
    }

    @Test("made in Vipps' portal while the sale is open makes the amount due again") func outsideOpen() {
        let part = Sale.hundred.paying(1, .kr(40)).hearing(.captured(.kr(40)))
        #expect(part.hearing(.refunded(.no(77), .kr(40), outside: true)).due == .kr(100))
    }
}
