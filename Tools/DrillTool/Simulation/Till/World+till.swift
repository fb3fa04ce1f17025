import Foundation
import MessageContracts
import PointOfSale
import SharedKernel

extension World {
    func tillHears(_ arrivals: [Arrival]) throws -> [(Arrival, any Error)] {
        let powers = Powers([nextPower(at: .till), nextPower(at: .till)])
        let now = clock(.till)
        let shop = till.shop
        let refused = try till.changeDisk { disk in
            try disk.apply(arrivals, powers.next, at: now) { arrival, draft in
                let open = TillTransaction(draft, shop: shop, now: now, remembersCommands: true)
                try arrival.letter.told.hear(in: arrival.letter.tenant, open)
                draft = open.draft
            }.map { Refused(arrival: $0.0, reason: "\($0.1)") }
        }
        for arrival in arrivals { noteRecovery(arrival.letter.told) }
        return refused.map { ($0.arrival, $0.error) }
    }

    /// How long the sale has waited for the outcome of an approved payment.
    private func noteRecovery(_ told: Told) {
        let reference: String
        switch told {
        case .captured(let message): reference = message.reference
        case .released(let message): reference = message.reference
        default: return
        }
        guard let approvedAt = approvals.removeValue(forKey: reference) else { return }
        figures.slowestRecovery = max(figures.slowestRecovery, now - approvedAt)
    }
}

/// What a transaction of the till's disk may hand out: values only.
private struct Refused: Sendable {
    let arrival: Arrival
    let reason: String

    struct Words: Error, CustomStringConvertible { let description: String }
    var error: any Error { Words(description: reason) }
}

/// Decided before the transaction, because chance is not to be shared with it.
private final class Powers: Sendable {
    private let first: Power
    private let second: Power
    private let count = Counter()

    init(_ powers: [Power]) {
        first = powers[0]
        second = powers[1]
    }

    @Sendable func next() -> Power { count.number() == 1 ? first : second }
}

extension Shop {
    func tenant(ofSalesUnit msn: String) -> TenantID? { salesUnits.first { $0.1.msn == msn }?.0 }
}

extension TillStore {
    func sale(_ id: SaleID) -> Sale? { readDisk { $0.content.sale(id) } }

    /// Whether the till shows the code of this payment on a screen.
    func showsCode(of reference: String) -> Bool {
        readDisk { disk in
            disk.content.sales.lazy.flatMap(\.payments).contains { payment in
                guard payment.reference == reference, case .atVipps(_, let content) = payment.state else {
                    return false
                }
                return content != nil
            }
        }
    }

    var pages: [SalePage] { readDisk { $0.content.pages } }
}

extension TillContent {
    fileprivate var pages: [SalePage] {
        sales.map { sale in
            var page = SalePage(id: sale.id, name: sale.identifier.text)
            page.isReturn = sale.isReturn
            page.total = sale.total.minorUnits
            page.needsAttention = sale.needsAttention
            page.completions = completions[sale.id, default: 0]
            page.wantsMail = sale.invoiceMail != nil
            page.isMailed = sale.invoiceMail == .mailed
            switch sale.state {
            case .open, .parked: page.state = .open
            case .completed: page.state = .completed
            case .abandoned: page.state = .abandoned
            }
            page.refundsUnderWay = sale.refunds.count { $0.state == .requested }
            page.goneBack = sale.refunds.filter { $0.state == .refunded }.map(\.amount.minorUnits).reduce(0, +)
            page.returned = sale.refunds.filter { $0.state == .refunded && !$0.undoesSale }
                .map(\.amount.minorUnits).reduce(0, +)
            page.payments = sale.isReturn ? [] : sale.payments.map { sale.page(of: $0) }
            return page
        }
    }
}

extension Refund {
    /// Money that never belonged to the shop goes back; unlike that of goods returned or favours done.
    fileprivate var undoesSale: Bool {
        switch cause {
        case .tooLate, .tooMuch, .outside: true
        case .returned, .reason: false
        }
    }
}

extension Sale {
    fileprivate func page(of payment: Payment) -> PaymentPage {
        var page = PaymentPage(id: payment.id)
        page.reference = payment.reference ?? ""
        page.isCash = payment.option.method == .cash
        page.isFallback = payment.fallbackFor != nil
        page.captured = payment.captured.minorUnits
        page.refunded = refunded(of: payment.id).minorUnits
        page.refundedOutside = refunds.filter {
            $0.paymentID == payment.id && $0.state == .refunded && $0.cause == .outside
        }.map(\.amount.minorUnits).reduce(0, +)
        page.isOver = payment.state.isEnded || payment.state == .awaitingIdentification
        page.state = "\(payment.state)"
        return page
    }
}
