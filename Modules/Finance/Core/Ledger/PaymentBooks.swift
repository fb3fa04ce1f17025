import Foundation
import SharedKernel

/// News about money, from the gateway (Vipps) or from the tills (cash).
package enum MoneyFact: Sendable, Hashable {
    /// `inAll` is what Vipps has captured of the payment altogether.
    case captured(PaymentID, sale: SaleID, reference: String, inAll: Money, at: Date)
    /// `inAll` is what Vipps has refunded of the payment altogether.
    case refunded(RefundID, PaymentID, sale: SaleID, amount: Money, inAll: Money, outside: Bool, at: Date)
    case cashReceived(PaymentID, sale: SaleID, amount: Money, at: Date)
    case cashPaidOut(RefundID, PaymentID, sale: SaleID, amount: Money, at: Date)

    package var paymentID: PaymentID {
        switch self {
        case .captured(let id, _, _, _, _), .refunded(_, let id, _, _, _, _, _), .cashReceived(let id, _, _, _),
            .cashPaidOut(_, let id, _, _, _):
            id
        }
    }
}

/// Why a fact cannot be entered. It is not dropped: the message becomes a dead letter for an operator.
package enum MoneyFactRefusal: Error, Sendable, Hashable {
    case notPositive
    case currencyDiffers(registered: Currency, told: Currency)
    /// More is registered than Vipps says it captured.
    case capturedLess(registered: Money, told: Money)
}

/// What the ledger holds of one payment.
package struct PaymentBooks: Sendable, Hashable {
    package let paymentID: PaymentID
    /// `nil` before the first entry.
    package private(set) var registered: Money?
    package private(set) var refunded: Int64 = 0
    package private(set) var refunds: Set<RefundID> = []

    package init(paymentID: PaymentID) { self.paymentID = paymentID }

    /// The entries that follow from `fact`. Hearing the same thing twice enters nothing the second time.
    package func decide(_ fact: MoneyFact) throws(MoneyFactRefusal) -> [LedgerPosting] {
        switch fact {
        case .captured(let payment, let sale, let reference, let inAll, let at):
            try check(inAll)
            let already = registered ?? .zero(inAll.currency)
            guard inAll >= already else { throw .capturedLess(registered: already, told: inAll) }
            guard inAll > already else { return [] }
            return [
                LedgerPosting(
                    movement: .payment, kind: .vippsEPayment, paymentID: payment, saleID: sale, reference: reference,
                    amount: inAll - already, occurredAt: at)
            ]
        case .cashReceived(let payment, let sale, let amount, let at):
            try check(amount)
            guard registered == nil else { return [] }
            return [
                LedgerPosting(
                    movement: .payment, kind: .cash, paymentID: payment, saleID: sale, reference: nil, amount: amount,
                    occurredAt: at)
            ]
        case .refunded(let refund, let payment, let sale, let amount, let inAll, let outside, let at):
            try check(amount)
            guard outside else {
                return try refunding(refund, outside: false, .vippsEPayment, payment, sale, amount, at)
            }
            try check(inAll)
            // Nobody here named it: a gateway that was restored finds it again under another identifier.
            let news = Money(
                minorUnits: min(amount.minorUnits, inAll.minorUnits - refunded), currency: amount.currency)
            guard news.isPositive else { return [] }
            return try refunding(refund, outside: true, .vippsEPayment, payment, sale, news, at)
        case .cashPaidOut(let refund, let payment, let sale, let amount, let at):
            return try refunding(refund, outside: false, .cash, payment, sale, amount, at)
        }
    }

    package func evolved(by posting: LedgerPosting) -> PaymentBooks {
        var next = self
        switch posting.movement {
        case .payment: next.registered = (registered ?? .zero(posting.amount.currency)) + posting.amount
        case .refund(let id, _):
            next.refunds.insert(id)
            next.refunded += posting.amount.minorUnits
        }
        return next
    }

    private func refunding(
        _ refund: RefundID, outside: Bool, _ kind: PaymentOptionKind, _ payment: PaymentID, _ sale: SaleID,
        _ amount: Money, _ at: Date
    ) throws(MoneyFactRefusal) -> [LedgerPosting] {
        try check(amount)
        guard !refunds.contains(refund) else { return [] }
        // More than was taken is entered all the same: the books say what happened, and the verification shows it.
        return [
            LedgerPosting(
                movement: .refund(refund, outside: outside), kind: kind, paymentID: payment, saleID: sale,
                reference: nil, amount: amount, occurredAt: at)
        ]
    }

    private func check(_ amount: Money) throws(MoneyFactRefusal) {
        guard amount.isPositive else { throw .notPositive }
        if let registered, registered.currency != amount.currency {
            throw .currencyDiffers(registered: registered.currency, told: amount.currency)
        }
    }
}
