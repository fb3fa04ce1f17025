import Foundation
import SharedKernel

/// What follows by itself, in the transaction of what caused it. Nothing here waits for a browser.
extension Sale {
    func withConsequences(_ events: [SaleEvent], _ moment: Moment) -> [SaleEvent] {
        guard !events.isEmpty else { return [] }
        var all = events
        all += evolved(by: all).fallback(after: events, moment)
        all += evolved(by: all).superseded(moment)
        all += evolved(by: all).surplus(after: events, moment)
        all += evolved(by: all).completion(moment)
        return all
    }

    /// Vipps allows this sales unit no push messages: the same amount is asked for with a one-time code instead.
    private func fallback(after events: [SaleEvent], _ moment: Moment) -> [SaleEvent] {
        guard isUnderWay, payments.count < Sale.paymentsMax else { return [] }
        return events.flatMap { event -> [SaleEvent] in
            guard case .paymentMoved(let id, .failed(let refusal), _) = event, refusal.code == Refusal.pushNotAllowed,
                let refused = payment(id), refused.identification?.needsPush == true, let terms = refused.terms,
                refused.amount <= due
            else { return [] }
            let order = PaymentOrder(
                paymentID: moment.newID(), option: refused.option, amount: refused.amount, terms: terms,
                identification: .oneTimeQR)
            return started(order, amount: refused.amount, fallbackFor: refused.id, moment)
        }
    }

    /// Payments under way for which there is no room any more, because money for them has come or is sure to come.
    private func superseded(_ moment: Moment) -> [SaleEvent] {
        let sure = payments.filter { $0.state == .authorized }.map(\.amount).sum(in: currency)
        let committed = received + sure
        guard !isReturn, committed.isPositive else { return [] }
        var room = total - committed
        return payments.compactMap { payment -> SaleEvent? in
            let giveUp: SaleEvent
            switch payment.state {
            case .awaitingIdentification: giveUp = .paymentMoved(payment.id, .withdrawn, at: moment.now)
            case .requested, .atVipps:
                giveUp = .paymentAbortAsked(payment.id, .otherIdentification, at: moment.now, by: moment.user)
            case .authorized, .aborting, .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn:
                return nil
            }
            guard payment.amount > room else {
                room -= payment.amount
                return nil
            }
            return giveUp
        }
    }

    /// Money that came too late or is too much goes back, along the payment that brought it. Only money that moves asks for
    /// this: a refund that Vipps refused is shown to people and not asked for again by itself.
    private func surplus(after events: [SaleEvent], _ moment: Moment) -> [SaleEvent] {
        let bringers = events.compactMap { event -> PaymentID? in
            if case .paymentMoved(let id, .captured, _) = event { id } else { nil }
        }
        let isGone = if case .abandoned = state { true } else { false }
        let wasAbandoned = events.contains { if case .abandoned = $0 { true } else { false } }
        guard !isReturn, !bringers.isEmpty || wasAbandoned else { return [] }
        var over = received - (isGone ? zero : total)
        let newestFirst =
            payments.filter { bringers.contains($0.id) }
            + payments.reversed().filter { !bringers.contains($0.id) && isGone }
        return newestFirst.compactMap { payment in
            let amount = min(over, refundable(of: payment))
            guard amount.isPositive else { return nil }
            over -= amount
            return returning(
                amount, along: payment, id: moment.newID(), because: isGone ? .tooLate : .tooMuch, moment)
        }
    }

    /// A sale whose money is here is complete, and so is a return whose money has gone back.
    private func completion(_ moment: Moment) -> [SaleEvent] {
        let whole = isReturn ? zero - total : total
        guard isUnderWay, received.isPositive, received >= whole else { return [] }
        return [.completed(at: moment.now, by: moment.user)]
    }
}
