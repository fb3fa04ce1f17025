import Foundation
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing
import WebUI

/// What pages show, decided without HTML.
private let english = PageReader(
    words: (try! Texts.load()).words(.english, brand: "Vipps"),
    formats: Formats(language: .english, timeZone: TimeZone(identifier: "Europe/Oslo")!), now: TillHouse.noon)

private let vipps = PaymentOption(
    id: .no("51"), name: "Vipps", method: .vippsEPayment, quickAccess: true, enabled: true)
private let cash = PaymentOption(id: .no("52"), name: "Cash", method: .cash, quickAccess: false, enabled: true)
private let moment = Moment(now: TillHouse.noon, user: .no("11"))

extension Sale {
    /// A coffee for 39 kr.
    fileprivate static var coffee: Sale {
        let sale = Sale(
            id: .no("91"), tenantID: .kaffe, identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_001),
            organizationalUnitID: .no("01"), agentInstanceID: .no("31"), currency: .nok, startedAt: TillHouse.noon,
            startedBy: .no("11"))
        let product = ProductOnSale(
            id: .no("21"), number: "1001", name: "Coffee", price: .nok(3_900), vatRate: try! VATRate(basisPoints: 1500))
        return sale.after(.addProduct(product, quantity: 1, lineID: .no("81")))
    }

    fileprivate func after(_ command: SaleCommand) -> Sale {
        do { return evolved(by: try decide(command, moment)) } catch { fatalError("refused: \(error)") }
    }

    fileprivate func hearing(_ news: PaymentNews) -> Sale { evolved(by: hear(news, of: payments.last!.id, moment)) }

    /// A Vipps payment, identified or not.
    fileprivate func paying(_ amount: Int64? = nil, with identification: Identification? = nil) -> Sale {
        after(
            .startPayment(
                PaymentOrder(
                    paymentID: .fresh, option: ChosenOption(id: vipps.id, name: "Vipps", method: .vippsEPayment),
                    amount: amount.map { .nok($0) },
                    terms: VippsTerms(agreementID: .no("61"), msn: "123456", agentInstanceID: .no("31")),
                    identification: identification)))
    }
}

private let phone = Identification.phoneNumber(envelope: Data([1]), mask: "+47 ••• •• 567")

@Suite("What the payment screen shows") struct PaymentStageTests {
    private func stage(_ sale: Sale, seen: Int = 0, option: PaymentOption? = vipps) -> PaymentStage {
        PaymentStage(of: sale, option: option, seen: seen)
    }

    private func word(_ stage: PaymentStage) -> String {
        switch stage {
        case .amount: "amount"
        case .identify: "identify"
        case .waiting(let payment): "waiting \(payment.word)"
        case .ended(let payment): "ended \(payment.word)"
        case .nothingToPay: "nothing"
        }
    }

    @Test("follows a payment from the amount to the money") func follows() {
        let sale = Sale.coffee
        #expect(word(stage(sale)) == "amount")
        #expect(word(stage(sale.paying())) == "identify")
        let asked = sale.paying(with: phone)
        #expect(word(stage(asked)) == "waiting requested")
        let there = asked.hearing(.atVipps(expiresAt: TillHouse.noon.addingTimeInterval(600), qrContent: nil))
        #expect(word(stage(there)) == "waiting created")
        #expect(word(stage(there.hearing(.authorized))) == "waiting authorized")
        #expect(word(stage(there.hearing(.captured(.nok(3_900))))) == "ended captured")
    }

    @Test("shows an end only to the screen that began it, and then the amount again") func endsOnce() {
        let declined = Sale.coffee.paying(with: phone).hearing(.aborted)
        #expect(word(stage(declined, seen: 0)) == "ended aborted")
        #expect(word(stage(declined, seen: 1)) == "amount")
    }

    @Test("says aborting until Vipps has answered") func aborting() {
        let sale = Sale.coffee.paying(with: phone)
        let aborting = sale.after(.abortPayment(sale.payments[0].id))
        #expect(word(stage(aborting)) == "waiting aborting")
        #expect(word(stage(aborting.hearing(.terminated))) == "ended terminated")
        #expect(word(stage(aborting.hearing(.captured(.nok(3_900))))) == "ended captured")
    }

    @Test("shows the payment that took another's place, and the one that brought the money after all") func replaced() {
        let sale = Sale.coffee.paying(with: phone)
        let order = PaymentOrder(
            paymentID: .fresh, option: ChosenOption(id: vipps.id, name: "Vipps", method: .vippsEPayment), amount: nil,
            terms: VippsTerms(agreementID: .no("61"), msn: "123456", agentInstanceID: .no("31")), identification: nil)
        let first = sale.payments[0].id
        let switched = sale.after(.changeIdentification(first, order))
        #expect(word(stage(switched)) == "identify")
        let paid = switched.evolved(by: switched.hear(.captured(.nok(3_900)), of: first, moment))
        #expect(stage(paid) == .ended(paid.payment(first)!))
    }

    @Test("has nothing to pay in a return or after the end") func nothing() {
        #expect(word(stage(Sale.coffee.after(.abandon))) == "nothing")
    }

    @Test("keeps its key while nothing changes, and changes it with the check-in") func keys() {
        let sale = Sale.coffee.paying()
        let shown = stage(sale)
        let checkIn = CheckIn(
            id: .no("99"), agentInstanceID: .no("31"), msn: "123456", initiatedAt: TillHouse.noon,
            validUntil: TillHouse.noon.addingTimeInterval(300))
        #expect(shown.key(checkIn: nil, sale: sale) == stage(sale).key(checkIn: nil, sale: sale))
        #expect(shown.key(checkIn: checkIn, sale: sale) != shown.key(checkIn: nil, sale: sale))
    }
}

@Suite("What the sale panel shows") struct SalePanelTests {
    private func panel(
        _ sale: Sale, options: [PaymentOption] = [vipps, cash], hasVipps: Bool = true, original: Sale? = nil
    ) -> TemplateValue {
        SalePanel(
            sale: sale, options: options, hasElectronicPayments: hasVipps, original: original, checkIn: nil, parked: 0
        ).values(english)
    }

    private func names(_ value: TemplateValue?, _ name: String) -> [TemplateValue?] {
        if case .list(let members) = value { members.map { $0[name] } } else { [] }
    }

    @Test("offers quick access as buttons with shortcuts, the rest in the menu") func options() {
        let shown = panel(.coffee)
        #expect(names(shown["buttons"], "optionName") == ["Vipps"])
        #expect(names(shown["buttons"], "key") == ["F9"])
        #expect(names(shown["others"], "optionName") == ["Cash"])
    }

    @Test("leaves Vipps away where the tenant has no electronic payments, and says so") func feature() {
        let shown = panel(.coffee, hasVipps: false)
        #expect(names(shown["buttons"], "optionName").isEmpty)
        #expect(shown["noFeature"] == true)
    }

    @Test("locks the lines while a payment is under way and leads to it") func locked() {
        let shown = panel(Sale.coffee.paying(with: phone))
        #expect(shown["isLocked"] == true)
        #expect(shown["waiting"]?["waitingText"] == "Starting")
        #expect(names(shown["buttons"], "key").isEmpty)
    }

    @Test("writes amounts with their VAT") func amounts() {
        let shown = panel(.coffee)
        #expect(shown["due"] == "NOK\u{A0}39.00")
        #expect(names(shown["vat"], "vatAmount") == ["NOK\u{A0}5.09"])
        #expect(names(shown["vat"], "vatLabel") == ["of which VAT 15%"])
    }

    @Test("shows what is left after a part") func part() {
        let paid = Sale.coffee.paying(1_000, with: phone).hearing(.captured(.nok(1_000)))
        let shown = panel(paid)
        #expect(shown["received"] == "NOK\u{A0}10.00")
        #expect(shown["due"] == "NOK\u{A0}29.00")
    }
}

@Suite("Cash at the counter") struct CashNotesTests {
    @Test(
        "offers the exact amount and the next round ones",
        arguments: [
            (3_900, [3_900, 5_000, 10_000, 20_000]), (5_000, [5_000, 10_000, 20_000, 50_000]),
            (12_950, [12_950, 15_000, 20_000, 50_000]), (100_000, [100_000]),
        ] as [(Int64, [Int64])])
    func notes(due: Int64, offered: [Int64]) {
        #expect(AmountStage.notes(for: .nok(due)).map(\.minorUnits) == offered)
    }
}

@Suite("The line editor") struct LineEditorTests {
    @Test("asks for nothing when nothing changes") func nothing() {
        let line = Sale.coffee.lines[0]
        #expect(LineEditor.changes(of: line, quantity: 1, price: line.unitPrice, discount: .none).isEmpty)
    }

    @Test("takes an old discount away before the price falls below it") func order() throws {
        let discounted = Sale.coffee.after(.changeDiscount(.no("81"), .amount(.nok(3_000))))
        let changes = LineEditor.changes(
            of: discounted.lines[0], quantity: 2, price: .nok(1_000), discount: .amount(.nok(500)))
        var sale = discounted
        for change in changes { sale = sale.after(change.command) }
        #expect(sale.total == .nok(1_500))
    }
}
