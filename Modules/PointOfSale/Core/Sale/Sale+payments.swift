import Foundation
import SharedKernel

// Decisions about money that comes in.
extension Sale {
    func starting(_ order: PaymentOrder, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        try requirePayable()
        let most = Money(minorUnits: Money.amountMax, currency: currency)
        let amount = try payableAmount(order.amount, otherwise: min(due, most), most: most)
        return started(order, amount: amount, fallbackFor: nil, moment)
    }

    private func requirePayable() throws(SaleRejection) {
        try requireOpen()
        guard !isReturn else { throw .isAReturn }
        guard !lines.isEmpty else { throw .noLines }
        guard payments.count < Sale.paymentsMax else { throw .tooManyPayments(max: Sale.paymentsMax) }
    }

    private func payableAmount(
        _ wanted: Money?, otherwise: Money, most: Money
    ) throws(SaleRejection) -> Money {
        let amount = wanted ?? otherwise
        guard amount.currency == currency else { throw .wrongCurrency(field: "amount", expected: currency) }
        guard wanted == nil || amount.isPositive else { throw .amountNotPositive(field: "amount") }
        guard due.isPositive else { throw .nothingDue }
        guard amount <= due else { throw .amountBeyondDue(due: due) }
        guard amount <= most else { throw .amountBeyondPaymentMax(max: most) }
        return amount
    }

    func started(
        _ order: PaymentOrder, amount: Money, fallbackFor: PaymentID?, _ moment: Moment
    ) -> [SaleEvent] {
        let number = payments.count + 1
        let reference = identifier.reference(attempt: number, payment: order.paymentID)
        let payment = Payment(
            id: order.paymentID, number: number, option: order.option, amount: amount,
            means: .vipps(order.terms, reference: reference, nil), state: .awaitingIdentification, since: moment.now,
            startedAt: moment.now, startedBy: moment.user, fallbackFor: fallbackFor)
        guard let identification = order.identification else { return [.paymentStarted(payment)] }
        return [.paymentStarted(payment), .paymentRequested(payment.id, identification, at: moment.now)]
    }

    func identifying(
        _ id: PaymentID, _ identification: Identification, _ moment: Moment
    ) throws(SaleRejection) -> [SaleEvent] {
        let payment = try vippsPayment(id)
        switch payment.state {
        case .awaitingIdentification: return [.paymentRequested(id, identification, at: moment.now)]
        case .requested, .atVipps, .authorized, .aborting, .captured, .aborted, .expired, .terminated, .failed,
            .released,
            .withdrawn:
            throw .notAwaitingIdentification
        }
    }

    func replacing(
        _ id: PaymentID, with order: PaymentOrder, _ moment: Moment
    ) throws(SaleRejection) -> [SaleEvent] {
        try requirePayable()
        let payment = try vippsPayment(id)
        let giveUp: SaleEvent =
            switch payment.state {
            case .awaitingIdentification: .paymentMoved(id, .withdrawn, at: moment.now)
            case .requested, .atVipps: .paymentAbortAsked(id, .otherIdentification, at: moment.now, by: moment.user)
            case .authorized, .aborting, .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn:
                throw .paymentEnded
            }
        return [giveUp] + started(order, amount: payment.amount, fallbackFor: nil, moment)
    }

    func aborting(_ id: PaymentID, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        let payment = try vippsPayment(id)
        switch payment.state {
        case .awaitingIdentification: return [.paymentMoved(id, .withdrawn, at: moment.now)]
        case .requested, .atVipps: return [.paymentAbortAsked(id, .cashier, at: moment.now, by: moment.user)]
        case .aborting: return []  // Asked twice: the first request stands.
        case .authorized, .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn:
            throw .paymentEnded
        }
    }

    private func vippsPayment(_ id: PaymentID) throws(SaleRejection) -> Payment {
        guard let payment = payment(id) else { throw .unknownPayment }
        switch payment.means {
        case .vipps: return payment
        case .cash: throw .notAVippsPayment
        }
    }

    /// The most cash that is believed to lie on the counter, in minor units.
    private static let cashMax: Int64 = 1_000_000_000_000

    func takingCash(_ order: CashOrder, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        try requirePayable()
        let most = Money(minorUnits: Sale.cashMax, currency: currency)
        guard order.received.currency == currency else { throw .wrongCurrency(field: "received", expected: currency) }
        guard order.received.isPositive else { throw .amountNotPositive(field: "received") }
        guard order.received <= most else { throw .amountBeyondPaymentMax(max: most) }
        let amount = try payableAmount(order.amount, otherwise: min(due, order.received), most: most)
        guard amount <= order.received else { throw .amountBeyondReceived }
        let payment = Payment(
            id: order.paymentID, number: payments.count + 1, option: order.option, amount: amount,
            means: .cash(received: order.received, change: order.received - amount), state: .captured(amount),
            since: moment.now, startedAt: moment.now, startedBy: moment.user, fallbackFor: nil)
        return [.cashTaken(payment)]
    }
}

// Decisions about money that goes back.
extension Sale {
    func refunding(
        _ id: RefundID, _ paymentID: PaymentID, _ amount: Money, _ cause: RefundCause, _ moment: Moment
    ) throws(SaleRejection) -> [SaleEvent] {
        guard !isReturn else { throw .isAReturn }
        guard !isUnderWay else { throw .notCompleted }
        guard let payment = payment(paymentID) else { throw .unknownPayment }
        guard amount.currency == currency else { throw .wrongCurrency(field: "amount", expected: currency) }
        guard amount.isPositive else { throw .amountNotPositive(field: "amount") }
        let left = refundable(of: payment)
        guard amount <= left, refunds.count < Sale.refundsMax else { throw .amountBeyondRefundable(left: left) }
        return [returning(amount, along: payment, id: id, because: cause, moment)]
    }

    /// Vipps is asked; cash is handed over at once.
    func returning(
        _ amount: Money, along payment: Payment, id: RefundID, because cause: RefundCause, _ moment: Moment
    ) -> SaleEvent {
        switch payment.option.method {
        case .vippsEPayment:
            .refundRequested(
                Refund(
                    id: id, paymentID: payment.id, method: .vippsEPayment, amount: amount, cause: cause,
                    state: .requested, requestedAt: moment.now, requestedBy: moment.user, endedAt: nil))
        case .cash:
            .cashPaidOut(
                Refund(
                    id: id, paymentID: payment.id, method: .cash, amount: amount, cause: cause, state: .refunded,
                    requestedAt: moment.now, requestedBy: moment.user, endedAt: moment.now))
        }
    }
}
