import Foundation
import SharedKernel

extension Sale {
    /// What news of a payment means for the sale. Never refuses: money is where Vipps says it is.
    ///
    /// The same news twice, and news that has been overtaken, mean nothing: `[]`.
    package func hear(_ news: PaymentNews, of id: PaymentID, _ moment: Moment) -> [SaleEvent] {
        guard let payment = payment(id) else { return [] }
        let events: [SaleEvent] =
            switch news {
            case .atVipps(let expiresAt, let content):
                payment.state == .requested
                    ? [.paymentMoved(id, .atVipps(expiresAt: expiresAt, qrContent: content), at: moment.now)] : []
            case .authorized: approved(payment, moment)
            case .captured(let amount):
                amount > payment.captured || !isCaptured(payment)
                    ? [.paymentMoved(id, .captured(amount), at: moment.now)] : []
            case .aborted: ended(payment, .aborted, moment)
            case .expired: ended(payment, .expired, moment)
            case .terminated: ended(payment, .terminated, moment)
            case .failed(let refusal): ended(payment, .failed(refusal), moment)
            case .released(let outside): released(payment, outside: outside, moment)
            case .refunded(let refundID, let amount, let outside, let inAll):
                refunded(refundID, payment, outside ? unheard(of: payment, amount, inAll) : amount, moment)
            case .refundFailed(let refundID, let refusal): refundEnded(refundID, .failed(refusal), moment)
            }
        return withConsequences(events, moment)
    }

    /// In a return: what became of a refund that counts for it.
    package func hearRefund(_ id: RefundID, _ state: RefundState, _ moment: Moment) -> [SaleEvent] {
        withConsequences(refundEnded(id, state, moment), moment)
    }

    private func isCaptured(_ payment: Payment) -> Bool {
        if case .captured = payment.state { true } else { false }
    }

    private func approved(_ payment: Payment, _ moment: Moment) -> [SaleEvent] {
        switch payment.state {
        case .awaitingIdentification, .requested, .atVipps, .aborting(.cashier), .aborting(.otherIdentification),
            .aborted,
            .expired, .terminated, .failed, .withdrawn:
            [.paymentMoved(payment.id, .authorized, at: moment.now)]
        case .authorized, .captured, .released: []
        case .aborting(.saleAbandoned): []  // The gateway lets it go; what it says next decides.
        }
    }

    private func ended(_ payment: Payment, _ state: PaymentState, _ moment: Moment) -> [SaleEvent] {
        payment.state.isEnded ? [] : [.paymentMoved(payment.id, state, at: moment.now)]
    }

    private func released(_ payment: Payment, outside: Bool, _ moment: Moment) -> [SaleEvent] {
        switch payment.state {
        case .captured, .released: []
        case .awaitingIdentification, .requested, .atVipps, .authorized, .aborting, .aborted, .expired, .terminated,
            .failed, .withdrawn:
            [.paymentMoved(payment.id, .released(outside: outside), at: moment.now)]
        }
    }

    /// What of a refund from outside is new. Nobody here named it: a gateway that was restored finds it again under another
    /// identifier.
    private func unheard(of payment: Payment, _ amount: Money, _ inAll: Money?) -> Money {
        inAll.map { min(amount, $0 - refunded(of: payment.id)) } ?? amount
    }

    private func refunded(_ id: RefundID, _ payment: Payment, _ amount: Money, _ moment: Moment) -> [SaleEvent] {
        guard refund(id) == nil else { return refundEnded(id, .refunded, moment) }
        guard amount.isPositive else { return [] }
        return [
            .outsideRefundRecorded(
                Refund(
                    id: id, paymentID: payment.id, method: payment.option.method, amount: amount, cause: .outside,
                    state: .refunded, requestedAt: moment.now, requestedBy: nil, endedAt: moment.now))
        ]
    }

    private func refundEnded(_ id: RefundID, _ state: RefundState, _ moment: Moment) -> [SaleEvent] {
        guard let refund = refund(id), refund.state != .refunded, refund.state != state else { return [] }
        return [.refundEnded(id, state, at: moment.now)]
    }
}
