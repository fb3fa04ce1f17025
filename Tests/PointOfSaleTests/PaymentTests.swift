import Foundation
import PointOfSale
import SharedKernel
import Testing

@Suite("A Vipps payment") struct VippsPaymentTests {
    @Test("is requested at once when the customer is known") func requested() throws {
        let events = try Sale.hundred.decide(.startPayment(order()), moment())
        #expect(events.requests == [.no(1)])
        let sale = Sale.hundred.evolved(by: events)
        #expect(sale.state(of: 1) == .requested)
        #expect(sale.pending == .kr(100))
        #expect(sale.due == .kr(0))
        #expect(sale.payment(.no(1))?.reference?.hasPrefix("OSL-1000001-1-") == true)
    }

    @Test("remembers how the customer is known, but not by which number") func forgets() {
        #expect(
            Sale.hundred.paying().payment(.no(1))?.identification
                == .phoneNumber(envelope: Data(), mask: "+47 ••• •• 678"))
    }

    @Test("waits for the customer to be identified") func waits() throws {
        let waiting = Sale.hundred.paying(with: nil)
        #expect(waiting.state(of: 1) == .awaitingIdentification)
        #expect(waiting.payment(.no(1))?.waitingFor == .cashier)
        let identified = try waiting.decide(.identify(.no(1), .checkIn(.no(3))), moment(nil))
        #expect(identified.requests == [.no(1)])
        #expect(throws: SaleRejection.notAwaitingIdentification) {
            try waiting.evolved(by: identified).decide(.identify(.no(1), phone), moment())
        }
    }

    @Test("goes by Vipps and the customer to the money, and completes the sale by itself") func happy() {
        let expiry = noon.addingTimeInterval(600)
        let there = Sale.hundred.paying().hearing(.atVipps(expiresAt: expiry, qrContent: nil))
        #expect(there.state(of: 1) == .atVipps(expiresAt: expiry, qrContent: nil))
        #expect(there.payment(.no(1))?.waitingFor == .customer)
        let approved = there.hearing(.authorized)
        #expect(approved.state(of: 1) == .authorized)
        #expect(!approved.isCompleted)
        let paid = approved.hearing(.captured(.kr(100)))
        #expect(paid.state == .completed(at: noon, by: nil))
        #expect(paid.received == .kr(100))
        #expect(paid.due == .kr(0))
    }

    @Test("completes the sale even if nothing but the money was heard of it") func shortcut() {
        #expect(Sale.hundred.paying().hearing(.captured(.kr(100))).isCompleted)
    }

    @Test("heard of twice counts once") func twice() {
        let paid = Sale.hundred.paying().hearing(.captured(.kr(100)))
        #expect(paid.hear(.captured(.kr(100)), of: .no(1), moment(nil)).isEmpty)
        #expect(paid.hear(.authorized, of: .no(1), moment(nil)).isEmpty)
        #expect(paid.hear(.expired, of: .no(1), moment(nil)).isEmpty)
    }

    @Test("of a part leaves the rest due") func part() throws {
        let sale = Sale.hundred.paying(1, .kr(40)).hearing(.captured(.kr(40)))
        #expect(!sale.isCompleted)
        #expect(sale.due == .kr(60))
        #expect(sale.paying(2).hearing(.captured(.kr(60)), of: 2).isCompleted)
    }

    @Test("is never asked for beyond what is due") func beyond() {
        #expect(throws: SaleRejection.amountBeyondDue(due: .kr(100))) {
            try Sale.hundred.decide(.startPayment(order(1, .øre(10_001))), moment())
        }
        let half = Sale.hundred.paying(1, .kr(60))
        #expect(throws: SaleRejection.amountBeyondDue(due: .kr(40))) {
            try half.decide(.startPayment(order(2, .kr(50))), moment())
        }
        #expect(throws: SaleRejection.nothingDue) {
            try Sale.hundred.paying().decide(.startPayment(order(2)), moment())
        }
        #expect(throws: SaleRejection.amountNotPositive(field: "amount")) {
            try Sale.hundred.decide(.startPayment(order(1, .kr(0))), moment())
        }
        #expect(throws: SaleRejection.amountNotPositive(field: "amount")) {
            try Sale.hundred.decide(.startPayment(order(1, .øre(.min))), moment())
        }
        #expect(throws: SaleRejection.wrongCurrency(field: "amount", expected: .nok)) {
            try Sale.hundred.decide(.startPayment(order(1, Money(minorUnits: 100, currency: .dkk))), moment())
        }
        #expect(throws: SaleRejection.noLines) { try Sale.empty.decide(.startPayment(order()), moment()) }
    }

    @Test("stays within what Vipps takes at once") func largest() throws {
        let dear = Sale.empty.after(.addProduct(product(1, .øre(Money.amountMax)), quantity: 3, lineID: .no(1)))
        #expect(dear.paying().payment(.no(1))?.amount == .øre(Money.amountMax))
        #expect(throws: SaleRejection.amountBeyondPaymentMax(max: .øre(Money.amountMax))) {
            try dear.decide(.startPayment(order(1, .øre(Money.amountMax + 1))), moment())
        }
    }

    @Test(
        "that comes to nothing leaves a sale that can be paid again",
        arguments: [
            PaymentNews.aborted, .expired, .terminated, .released(outside: true),
            .failed(Refusal(code: "7010", detail: "no such user")),
        ])
    func nothing(news: PaymentNews) {
        let sale = Sale.hundred.paying().hearing(news)
        #expect(sale.state == .open)
        #expect(sale.due == .kr(100))
        #expect(sale.payment(.no(1))?.waitingFor == nil)
        #expect(sale.paying(2).hearing(.captured(.kr(100)), of: 2).isCompleted)
    }

    @Test("that Vipps may not push becomes a one-time code by itself") func fallback() throws {
        let sale = Sale.hundred.paying().hearing(.failed(Refusal(code: "5080", detail: "push not allowed")))
        let second = try #require(sale.payments.last)
        #expect(sale.payments.count == 2)
        #expect(second.identification == .oneTimeQR)
        #expect(second.fallbackFor == .no(1))
        #expect(second.amount == .kr(100))
        #expect(second.state == .requested)
        #expect(second.reference != sale.payments[0].reference)
        // A refused code is not replaced by another.
        #expect(
            sale.evolved(by: sale.hear(.failed(Refusal(code: "5080", detail: "")), of: second.id, moment(nil))).payments
                .count == 2)
    }
}

@Suite("Giving a payment up") struct GivingUpTests {
    @Test("before it was sent withdraws it") func withdrawn() throws {
        let sale = Sale.hundred.paying(with: nil).after(.abortPayment(.no(1)))
        #expect(sale.state(of: 1) == .withdrawn)
        #expect(sale.due == .kr(100))
    }

    @Test("is not over until Vipps has answered") func aborting() throws {
        let events = try Sale.hundred.paying().decide(.abortPayment(.no(1)), moment())
        #expect(events.aborts == [.no(1): .cashier])
        let sale = Sale.hundred.paying().evolved(by: events)
        #expect(sale.pending == .kr(100))
        #expect(try sale.decide(.abortPayment(.no(1)), moment()).isEmpty)
        #expect(sale.hearing(.terminated).due == .kr(100))
    }

    @Test("completes the sale when the customer was faster") func faster() {
        let aborting = Sale.hundred.paying().after(.abortPayment(.no(1)))
        #expect(aborting.hearing(.authorized).state(of: 1) == .authorized)
        #expect(aborting.hearing(.authorized).hearing(.captured(.kr(100))).isCompleted)
        #expect(aborting.hearing(.captured(.kr(100))).isCompleted)
    }

    @Test("is refused once it is decided") func decided() {
        for news in [PaymentNews.authorized, .captured(.kr(40)), .expired] {
            let sale = Sale.hundred.paying(1, .kr(40)).hearing(news)
            #expect(throws: SaleRejection.paymentEnded) { try sale.decide(.abortPayment(.no(1)), moment()) }
        }
        #expect(throws: SaleRejection.unknownPayment) { try Sale.hundred.decide(.abortPayment(.no(1)), moment()) }
    }
}

@Suite("Another way of identification") struct ChangedIdentificationTests {
    let first = Sale.hundred.paying().hearing(.atVipps(expiresAt: noon, qrContent: nil))

    @Test("gives the first payment up and asks for the second") func both() throws {
        let events = try first.decide(.changeIdentification(.no(1), order(2, with: .oneTimeQR)), moment())
        #expect(events.aborts == [.no(1): .otherIdentification])
        #expect(events.requests == [.no(2)])
        let sale = first.evolved(by: events)
        #expect(sale.pending == .kr(100))
        #expect(sale.payment(.no(2))?.amount == .kr(100))
    }

    @Test("counts the first if the customer had approved it, and gives the second up") func firstWins() {
        let both = first.after(.changeIdentification(.no(1), order(2, with: .oneTimeQR)))
        let events = both.hear(.authorized, of: .no(1), moment(nil))
        #expect(events.aborts == [.no(2): .otherIdentification])
        let sale = both.evolved(by: events).hearing(.captured(.kr(100)))
        #expect(sale.isCompleted)
        #expect(sale.hearing(.terminated, of: 2).received == .kr(100))
    }

    @Test("pays the one too much back if both were approved") func bothCaptured() {
        let both = first.after(.changeIdentification(.no(1), order(2, with: .oneTimeQR)))
        let second = both.hearing(.captured(.kr(100)), of: 2)
        #expect(second.isCompleted)
        let events = second.hear(.captured(.kr(100)), of: .no(1), moment(nil))
        #expect(events.refundsAsked.map(\.paymentID) == [.no(1)])
        #expect(events.refundsAsked.map(\.amount) == [.kr(100)])
        #expect(events.refundsAsked.map(\.cause) == [.tooMuch])
        #expect(second.evolved(by: events).received == .kr(100))
    }

    @Test("of a payment that was not sent yet just replaces it") func unsent() throws {
        let events = try Sale.hundred.paying(with: nil).decide(.changeIdentification(.no(1), order(2)), moment())
        #expect(events.aborts.isEmpty)
        #expect(events.requests == [.no(2)])
    }
}

@Suite("Cash") struct CashTests {
    @Test("that covers the total completes the sale and gives change") func change() throws {
        let sale = Sale.hundred.payingCash(9, .kr(200))
        #expect(sale.isCompleted)
        #expect(sale.state == .completed(at: noon, by: cashier))
        #expect(sale.change == .kr(100))
        #expect(sale.received == .kr(100))
    }

    @Test("and Vipps share a sale") func shared() {
        let sale = Sale.hundred.payingCash(9, .kr(30))
        #expect(sale.due == .kr(70))
        #expect(sale.paying().hearing(.captured(.kr(70))).isCompleted)
    }

    @Test("is counted in part and gives change for the rest of the note") func partWithChange() {
        let sale = Sale.hundred.payingCash(9, .kr(50), amount: .kr(40))
        #expect(sale.due == .kr(60))
        #expect(sale.change == .kr(10))
    }

    @Test("is refused when it makes no sense") func refused() {
        func pay(_ received: Money, _ amount: Money? = nil) throws {
            _ = try Sale.hundred.decide(
                .payCash(CashOrder(paymentID: .no(9), option: cash, amount: amount, received: received)), moment())
        }
        #expect(throws: SaleRejection.amountNotPositive(field: "received")) { try pay(.kr(0)) }
        #expect(throws: SaleRejection.amountNotPositive(field: "received")) { try pay(.øre(.min)) }
        #expect(throws: SaleRejection.amountBeyondReceived) { try pay(.kr(50), .kr(60)) }
        #expect(throws: SaleRejection.amountBeyondDue(due: .kr(100))) { try pay(.kr(200), .kr(101)) }
        #expect(throws: SaleRejection.self) { try pay(.øre(.max)) }
        #expect(throws: SaleRejection.wrongCurrency(field: "received", expected: .nok)) {
            try pay(Money(minorUnits: 100, currency: .eur))
        }
    }

    @Test("cannot be taken for what a Vipps payment is under way for") func underWay() {
        #expect(throws: SaleRejection.nothingDue) {
            try Sale.hundred.paying().decide(
                .payCash(CashOrder(paymentID: .no(9), option: cash, amount: nil, received: .kr(100))), moment())
        }
    }
}

@Suite("An abandoned sale") struct AbandonedSaleTests {
    @Test("gives up what is under way and withdraws what was not sent") func givesUp() throws {
        let sale = Sale.hundred.paying(1, .kr(40)).paying(2, .kr(60), with: nil)
        let events = try sale.decide(.abandon, moment())
        #expect(events.aborts == [.no(1): .saleAbandoned])
        #expect(sale.evolved(by: events).state(of: 2) == .withdrawn)
    }

    @Test("says again that it is abandoned when the payment had been given up for another reason") func again() throws {
        let sale = Sale.hundred.paying().after(.abortPayment(.no(1)))
        #expect(try sale.decide(.abandon, moment()).aborts == [.no(1): .saleAbandoned])
    }

    @Test("gives late money back, exactly once") func late() {
        let gone = Sale.hundred.paying().after(.abandon)
        #expect(gone.hearing(.authorized).state(of: 1) == .aborting(.saleAbandoned))
        let events = gone.hear(.captured(.kr(100)), of: .no(1), moment(nil))
        #expect(events.refundsAsked.map(\.amount) == [.kr(100)])
        #expect(events.refundsAsked.map(\.cause) == [.tooLate])
        #expect(!events.completes)
        let refunded = gone.evolved(by: events)
        #expect(refunded.hear(.captured(.kr(100)), of: .no(1), moment(nil)).isEmpty)
        #expect(refunded.received == .kr(0))
        #expect(!refunded.needsAttention)
    }

    @Test("pays cash out and asks the captured part back") func parts() throws {
        let sale = Sale.hundred.payingCash(9, .kr(30)).paying(1, .kr(50)).hearing(.captured(.kr(50)))
        let events = try sale.decide(.abandon, moment())
        #expect(events.cashPaidOut.map(\.amount) == [.kr(30)])
        #expect(events.refundsAsked.map(\.amount) == [.kr(50)])
        #expect(sale.evolved(by: events).received == .kr(0))
    }

    @Test("needs attention when Vipps refuses to pay back, and can then be refunded by hand") func stuck() throws {
        let gone = Sale.hundred.paying().after(.abandon).hearing(.captured(.kr(100)))
        let refund = try #require(gone.refunds.first)
        let refused = gone.hearing(.refundFailed(refund.id, Refusal(code: "6220", detail: "too old")))
        #expect(refused.needsAttention)
        #expect(refused.refundable(of: refused.payments[0]) == .kr(100))
        // Not asked again by itself: that would never end.
        #expect(refused.refunds.count == 1)
        let byHand = refused.after(.refund(.no(5), .no(1), .kr(100), .reason("called Vipps")))
        #expect(!byHand.needsAttention)
    }

    @Test("needs attention for money that is too much, whatever favour was done before and whatever was returned")
    func stuckAfterFavour() throws {
        let over = Sale.hundred.paying().after(.changeIdentification(.no(1), order(2, with: .oneTimeQR)))
            .hearing(.captured(.kr(100)), of: 2)
            .after(.refund(.no(4), .no(2), .kr(100), .reason("stale bun")))
            .hearing(.captured(.kr(100)), of: 1)
        let refund = try #require(over.refunds.last { $0.cause == .tooMuch })
        let refused = over.hearing(.refundFailed(refund.id, Refusal(code: "6150", detail: "not enough left")))
        #expect(refused.needsAttention)
        let byHand = refused.after(.refund(.no(5), .no(1), .kr(100), .reason("called Vipps")))
        #expect(!byHand.needsAttention)
    }

    @Test("needs attention for money that is too much, also when a favour was done while it was to go back by itself")
    func favourMeanwhile() throws {
        let over = Sale.hundred.paying().after(.changeIdentification(.no(1), order(2, with: .oneTimeQR)))
            .hearing(.captured(.kr(100)), of: 2).hearing(.captured(.kr(100)), of: 1)
        let refund = try #require(over.refunds.first { $0.cause == .tooMuch })
        let favour = over.evolved(
            by: try over.decide(.refund(.no(4), .no(2), .kr(100), .reason("stale bun")), moment(after: 1)))
        let refusal = PaymentNews.refundFailed(refund.id, Refusal(code: "6150", detail: "not enough left"))
        let refused = favour.evolved(by: favour.hear(refusal, of: .no(1), moment(nil, after: 2)))
        #expect(refused.needsAttention)
        let byHand = refused.evolved(
            by: try refused.decide(.refund(.no(5), .no(1), .kr(100), .reason("called Vipps")), moment(after: 3)))
        #expect(!byHand.needsAttention)
    }

    @Test("whose outcome is unknown needs attention until it is known") func unknown() {
        let gone = Sale.hundred.paying().after(.abandon)
        #expect(gone.needsAttention)
        #expect(!gone.hearing(.terminated).needsAttention)
        #expect(!gone.hearing(.released(outside: false)).needsAttention)
    }
}
