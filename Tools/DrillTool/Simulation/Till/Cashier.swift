import Foundation
import PointOfSale
import SharedKernel

/// Somebody at a till: what he is at, and what he has been told.
struct Cashier {
    enum Act {
        case start(CommandID)
        case ask(SaleRequest, SaleID, CommandID)
    }

    let counter: Shop.Counter
    let index: Int
    var salesLeft: Int
    var saleID: SaleID?
    /// Asked for, and not answered yet: asked again, with the same identifier, until it is.
    var act: Act?
    var isClosing = false
    var isGone = false
    var tries = 0

    // What the till has said yes to.
    var sales: [SaleID] = []
    var cashTaken = 0
    var paymentsStarted = 0
}

extension World {
    func openShop(_ shop: Shop) {
        for index in 0..<chance.whole(1...shop.counters.count) {
            cashiers.append(
                Cashier(counter: shop.counters[index], index: index, salesLeft: chance.whole(1...3)))
            happens(.cashier(index), in: chance.whole(0...20_000))
            if chance.happens(0.2) { happens(.scan(counter: index), in: chance.whole(0...Self.openFor)) }
        }
    }

    func cashierActs(_ index: Int) async {
        guard !cashiers[index].isGone else { return }
        if cashiers[index].act == nil { choose(index) }
        if let act = cashiers[index].act { await perform(act, index) }
        guard !cashiers[index].isGone else { return }
        happens(
            .cashier(index), in: cashiers[index].isClosing ? chance.whole(500...4_000) : chance.skewed(400...40_000))
    }

    // MARK: Asking the till

    private func perform(_ act: Cashier.Act, _ index: Int) async {
        guard isOn[Place.till.rawValue] else { return }
        till.set(nextPower(at: .till), at: clock(.till))
        do {
            let sale = try await ask(act, index)
            cashiers[index].act = nil
            note(act, sale, index)
            publish(.till)
            guard chance.happens(0.04) else { return }
            // Pressed twice, or sent again by a browser that heard no answer.
            till.set(.holds, at: clock(.till))
            let again = try await ask(act, index)
            judge.expect(again.id == sale.id, "a command sent again is answered alike", sale.identifier.text)
            publish(.till)
        } catch is PowerCut {
            powerGoes(.till, "at a cashier's commit")
        } catch {
            // Refused with a reason: the cashier looks at the sale and does something else.
            cashiers[index].act = nil
            trace.note(now, "cashier \(index + 1): refused, \(error)")
        }
    }

    private func ask(_ act: Cashier.Act, _ index: Int) async throws -> Sale {
        let person = cashiers[index].counter.person
        switch act {
        case .start(let command): return try await StartSale(store: till)(command: command, by: person)
        case .ask(let request, let id, let command):
            return try await ActOnSale(store: till, sealer: OpenSealer())(request, on: id, command: command, by: person)
        }
    }

    private func note(_ act: Cashier.Act, _ sale: Sale, _ index: Int) {
        trace.note(now, "cashier \(index + 1): \(act.words) \(sale.identifier.text)")
        switch act {
        case .start:
            cashiers[index].saleID = sale.id
            cashiers[index].sales.append(sale.id)
        case .ask(.returnLines, _, _):
            cashiers[index].saleID = sale.id
            cashiers[index].tries = 0
            cashiers[index].sales.append(sale.id)
        case .ask(.payCash, _, _): cashiers[index].cashTaken += 1
        case .ask(.startPayment, _, _), .ask(.changeIdentification, _, _): cashiers[index].paymentsStarted += 1
        case .ask(.abandon, _, _), .ask(.complete, _, _):
            if cashiers[index].isClosing { cashiers[index].isGone = true }
        case .ask: break
        }
    }

    // MARK: Choosing what to do

    private func choose(_ index: Int) {
        guard let id = cashiers[index].saleID else {
            guard cashiers[index].salesLeft > 0, !cashiers[index].isClosing else {
                cashiers[index].isGone = true
                return
            }
            cashiers[index].salesLeft -= 1
            cashiers[index].tries = 0
            cashiers[index].act = .start(chance.identifier(at: date(now)))
            return
        }
        guard let sale = till.sale(id) else {
            return judge.object("an acknowledged sale is there", "cashier \(index + 1)")
        }
        cashiers[index].tries += 1
        guard let request = request(about: sale, index) else { return }
        cashiers[index].act = .ask(request, id, chance.identifier(at: date(now)))
    }

    /// `nil`: waits.
    private func request(about sale: Sale, _ index: Int) -> SaleRequest? {
        if cashiers[index].isClosing { return lastRequest(about: sale, index) }
        switch sale.state {
        case .parked: return .resume
        case .abandoned: return leave(index)
        case .completed: return sale.isReturn ? leave(index) : afterwards(sale, index)
        case .open:
            if sale.isReturn { return payBack(sale, index) }
            if sale.lines.isEmpty {
                return .addProduct(
                    .product(chance.pick(cashiers[index].counter.products)), quantity: chance.whole(1...3))
            }
            return sale.hasPaymentInFlight ? whileWaiting(sale, index) : takePayment(sale, index)
        }
    }

    private func leave(_ index: Int) -> SaleRequest? {
        cashiers[index].saleID = nil
        return nil
    }

    private func lastRequest(about sale: Sale, _ index: Int) -> SaleRequest? {
        let isOver = !sale.isUnderWay || cashiers[index].tries > 60
        switch isOver ? 0 : chance.whole(0...2) {
        case 1: return .abandon
        case 2 where !sale.isReturn && sale.due.isPositive && sale.state == .open:
            return .payCash(cashiers[index].counter.cashOption, amount: nil, received: sale.due, invoiceEmail: nil)
        case 2: return nil
        default:
            cashiers[index].isGone = true
            return nil
        }
    }

    private func takePayment(_ sale: Sale, _ index: Int) -> SaleRequest? {
        let counter = cashiers[index].counter
        let due = sale.due
        guard due.isPositive else { return .complete }
        switch chance.whole(0...99) {
        case 0..<66: return startPayment(sale, index)
        case 66..<78:
            return .payCash(
                counter.cashOption, amount: nil, received: due + money(chance.whole(0...5_000)), invoiceEmail: email())
        case 78..<84:
            return .payCash(counter.cashOption, amount: nil, received: part(of: due), invoiceEmail: nil)
        case 84..<88: return .addProduct(.product(chance.pick(counter.products)), quantity: 1)
        case 88..<91: return .park
        case 91..<96: return .abandon
        default: return nil
        }
    }

    private func startPayment(_ sale: Sale, _ index: Int) -> SaleRequest {
        let how = identification(index)
        if how == .merchantQR, chance.happens(0.8) {
            happens(.scan(counter: index), in: chance.skewed(500...40_000))
        }
        return .startPayment(
            cashiers[index].counter.vippsOption, amount: chance.happens(0.3) ? part(of: sale.due) : nil, how,
            invoiceEmail: email())
    }

    private func identification(_ index: Int) -> SaleRequest.Identifying {
        switch chance.whole(0...99) {
        case 0..<50: .phone(chance.happens(0.08) ? "99999999" : "91234567")
        case 50..<62: .personalQR("https://qr.vipps.no/p/customer")
        case 62..<82: .merchantQR
        default: .oneTimeQR
        }
    }

    private func whileWaiting(_ sale: Sale, _ index: Int) -> SaleRequest? {
        guard let payment = sale.payments.last(where: { !$0.state.isEnded }) else { return nil }
        switch chance.whole(0...99) {
        case 0..<60:
            guard payment.state == .awaitingIdentification, chance.happens(0.3) else { return nil }
            return .identify(payment.id, identification(index))
        case 60..<72: return .abortPayment(payment.id)
        case 72..<84: return .changeIdentification(payment.id, chance.happens(0.1) ? nil : identification(index))
        case 84..<90: return .abandon
        case 90..<95 where sale.due.isPositive: return startPayment(sale, index)
        case 95... where sale.due.isPositive:
            return .payCash(
                cashiers[index].counter.cashOption, amount: nil, received: part(of: sale.due), invoiceEmail: nil)
        default: return nil
        }
    }

    private func afterwards(_ sale: Sale, _ index: Int) -> SaleRequest? {
        let payment = sale.payments.filter { sale.refundable(of: $0).isPositive }
        switch chance.whole(0...99) {
        case 0..<50: return leave(index)
        case 50..<70 where !sale.everythingReturnable.isEmpty:
            guard chance.happens(0.5), let line = sale.everythingReturnable.first else { return .returnLines(.all) }
            return .returnLines(.some([LineQuantity(lineID: line.lineID, quantity: chance.whole(1...line.quantity))]))
        case 70..<82 where !payment.isEmpty:
            let chosen = chance.pick(payment)
            return .refundPayment(chosen.id, part(of: sale.refundable(of: chosen)), reason: "a favour")
        default: return nil
        }
    }

    /// A return: the money goes back along what was paid with.
    private func payBack(_ basket: Sale, _ index: Int) -> SaleRequest? {
        guard case .returning(let original, _) = basket.kind, let sale = till.sale(original) else { return nil }
        let sources = sale.payments.filter { sale.refundable(of: $0).isPositive }
        guard basket.due.isPositive, !sources.isEmpty, cashiers[index].tries < 20 else {
            return cashiers[index].tries > 12 ? leave(index) : nil
        }
        if chance.happens(0.1) { return .abandon }
        let source = chance.pick(sources)
        let most = min(basket.due, sale.refundable(of: source))
        return .refundOriginalPayment(source.id, chance.happens(0.7) ? most : part(of: most))
    }

    private func money(_ amount: Int) -> Money { Money(minorUnits: Int64(amount), currency: Shop.currency) }

    private func part(of whole: Money) -> Money {
        let most = Int(whole.minorUnits)
        return money(most > 1 ? chance.whole(1...most) : most)
    }

    private func email() -> EmailAddress? {
        chance.happens(0.5) ? try? EmailAddress("customer@example.com") : nil
    }
}

extension Cashier.Act {
    fileprivate var words: String {
        switch self {
        case .start: "starts"
        case .ask(let request, _, _): String("\(request)".prefix { $0 != "(" })
        }
    }
}
