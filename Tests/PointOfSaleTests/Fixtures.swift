import Foundation
import PointOfSale
import SharedKernel

let noon = Date(timeIntervalSince1970: 1_795_431_600)

extension Money {
    static func kr(_ kroner: Int64) -> Money { Money(minorUnits: kroner * 100, currency: .nok) }
    static func øre(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
}

extension Identifier {
    /// A fixed identifier for a test.
    static func no(_ number: Int) -> Identifier {
        let digits = String(number, radix: 16)
        return Identifier(
            "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)!
    }
}

extension VATRate {
    static let food = try! VATRate(basisPoints: 1500)
    static let full = try! VATRate(basisPoints: 2500)
}

let cashier: UserID = .no(7)
let vipps = ChosenOption(id: .no(1), name: "Vipps", method: .vippsEPayment)
let cash = ChosenOption(id: .no(2), name: "Cash", method: .cash)
let terms = VippsTerms(agreementID: .no(1), msn: "123456", agentInstanceID: .no(1))
let phone = Identification.phoneNumber(envelope: Data([1, 2, 3]), mask: "+47 ••• •• 678")

func moment(_ user: UserID? = cashier, after seconds: TimeInterval = 0) -> Moment {
    Moment(now: noon.addingTimeInterval(seconds), user: user)
}

func product(_ number: Int = 1, _ price: Money = .kr(100), _ rate: VATRate = .full) -> ProductOnSale {
    ProductOnSale(id: .no(number), number: "\(number)", name: "Product \(number)", price: price, vatRate: rate)
}

extension Sale {
    static let empty = Sale(
        id: .no(1), tenantID: .no(1), identifier: SaleIdentifier(unitCode: "OSL", number: 1_000_001),
        organizationalUnitID: .no(1), agentInstanceID: .no(1), currency: .nok, startedAt: noon, startedBy: cashier)

    /// One line of 100 kr.
    static let hundred = empty.after(.addProduct(product(), quantity: 1, lineID: .no(1)))

    /// The sale after a command that it must not refuse.
    func after(_ command: SaleCommand, _ moment: Moment = moment()) -> Sale {
        do { return evolved(by: try decide(command, moment)) } catch { fatalError("refused: \(error)") }
    }

    func hearing(_ news: PaymentNews, of payment: Int = 1) -> Sale {
        evolved(by: hear(news, of: .no(payment), moment(nil)))
    }

    /// A payment by phone, requested.
    func paying(_ number: Int = 1, _ amount: Money? = nil, with identification: Identification? = phone) -> Sale {
        after(.startPayment(order(number, amount, with: identification)))
    }

    func payingCash(_ number: Int = 9, _ received: Money, amount: Money? = nil) -> Sale {
        after(.payCash(CashOrder(paymentID: .no(number), option: cash, amount: amount, received: received)))
    }

    func state(of number: Int) -> PaymentState? { payment(.no(number))?.state }

    var isCompleted: Bool { if case .completed = state { true } else { false } }
}

func order(_ number: Int = 1, _ amount: Money? = nil, with identification: Identification? = phone) -> PaymentOrder {
    PaymentOrder(paymentID: .no(number), option: vipps, amount: amount, terms: terms, identification: identification)
}

extension [SaleEvent] {
    var refundsAsked: [Refund] { compactMap { if case .refundRequested(let refund) = $0 { refund } else { nil } } }
    var cashPaidOut: [Refund] { compactMap { if case .cashPaidOut(let refund) = $0 { refund } else { nil } } }
    var completes: Bool { contains { if case .completed = $0 { true } else { false } } }
    var aborts: [PaymentID: GivingUpReason] {
        reduce(into: [:]) { if case .paymentAbortAsked(let id, let reason, _, _) = $1 { $0[id] = reason } }
    }
    var requests: [PaymentID] { compactMap { if case .paymentRequested(let id, _, _) = $0 { id } else { nil } } }
}
