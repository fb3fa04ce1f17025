import Foundation
import SharedKernel

extension Payment {
    /// What follows when `input` meets this payment. Pure; hearing the same thing twice decides nothing the second time.
    package func decide(_ input: PaymentInput, at moment: Moment) -> [PaymentEvent] {
        var decision = PaymentDecision(payment: self, moment: moment)
        decision.take(input)
        return decision.events
    }

    /// Refunds in one payment, counted so that no row grows without end.
    package static let refundsMax = 100
    /// A customer has ten minutes to approve.
    package static let approvalTime: TimeInterval = 600
}

/// A decision being made: the payment as far as it is decided, and the events that got it there.
struct PaymentDecision {
    private(set) var payment: Payment
    private(set) var events: [PaymentEvent] = []
    let moment: Moment

    init(payment: Payment, moment: Moment) {
        self.payment = payment
        self.moment = moment
    }

    var now: Date { moment.now }

    /// We may have forgotten what happened to it: our records were put back to an earlier state.
    var isRestored: Bool { moment.restoredAt.map { payment.terms.requestedAt <= $0 } ?? false }

    mutating func emit(_ event: PaymentEvent) {
        payment = payment.evolved(by: event)
        events.append(event)
    }

    mutating func log(_ line: LogLine) { emit(.logged(line)) }

    mutating func take(_ input: PaymentInput) {
        switch input {
        case .begin: begin()
        case .giveUp(let reason): giveUp(reason)
        case .refund(let id, let amount, let sale): refund(id, amount, sale)
        case .attempt(let ordinal): attempt(ordinal)
        case .createReplied(let ordinal, let reply): createReplied(ordinal, reply)
        case .changeReplied(let ordinal, let reply): changeReplied(ordinal, reply)
        case .looked(let reply, let planned): looked(reply, planned: planned)
        case .logRead(let reply): logRead(reply)
        case .signalled(let signal): signalled(signal)
        case .recovered: recovered()
        }
    }

    // MARK: Commands

    private mutating func begin() {
        guard payment.operations.isEmpty, !payment.phase.isEnd else { return }
        emit(.requested)
        plan(.create)
        doubtIfRestored()
    }

    /// What was planned just now may have been done by what our records have forgotten: as after a call without an answer a
    /// look comes first.
    private mutating func doubtIfRestored() {
        guard isRestored else { return }
        emit(.doubted(ordinal: payment.operations.count, .unknown(.interrupted)))
        lookSoon()
    }

    private mutating func giveUp(_ reason: GiveUpReason) {
        guard !payment.phase.isEnd else { return }
        if let before = payment.givenUp, before.reason.keepsApproved == reason.keepsApproved || reason.keepsApproved {
            return  // Said already, or said more strongly: an abandoned sale does not come back.
        }
        emit(.givenUp(Payment.GivenUp(reason: reason, at: now, cause: moment.cause)))
        settle()
    }

    private mutating func refund(_ id: RefundID, _ amount: Money, _ sale: SaleID) {
        guard !payment.operations.contains(where: { $0.act.refundID == id }) else { return }
        if let refusal = objection(toRefunding: amount) {
            emit(.refundFailed(id, amount, sale, refusal, at: now))
        } else {
            plan(.refund(id, amount, sale))
            doubtIfRestored()
        }
    }

    private func objection(toRefunding amount: Money) -> Refusal? {
        guard amount.currency == payment.terms.amount.currency, amount.isPositive else {
            return Refusal(
                code: Refusal.OwnCode.invalidRequest,
                detail: "A refund is a positive amount in \(payment.terms.amount.currency.rawValue).")
        }
        guard payment.operations.filter(\.act.isRefund).count < Payment.refundsMax else {
            return Refusal(
                code: Refusal.OwnCode.tooMuch, detail: "A payment takes at most \(Payment.refundsMax) refunds.")
        }
        // Asked for when the payment was captured, and heard again by records that have forgotten it.
        let left = isRestored && !payment.phase.isEnd ? payment.terms.amount : payment.refundable
        guard amount <= left else {
            return Refusal(code: Refusal.OwnCode.tooMuch, detail: "At most \(left) can be refunded.")
        }
        return nil
    }

    // MARK: The worker

    private mutating func attempt(_ ordinal: Int) {
        guard let operation = payment.currentOperation, operation.ordinal == ordinal, !payment.isCalling,
            case .waiting = operation.progress
        else { return }
        emit(.attempted(ordinal: ordinal, at: now))
    }

    private mutating func recovered() {
        forgetAnotherClock()
        for operation in payment.operations where operation.isCalling {
            emit(.doubted(ordinal: operation.ordinal, .unknown(.interrupted)))
        }
        if !payment.phase.isEnd || payment.currentOperation != nil {
            if payment.currentOperation?.attempts != 0 || payment.phase != .requested {
                let onlyWaits = if case .created = payment.phase { payment.currentOperation == nil } else { false }
                lookSoon(isRoutine: onlyWaits)
            }
            settle()
        }
    }

    /// What was planned before the clock was set back would wait for hours.
    private mutating func forgetAnotherClock() {
        if payment.callWindows.reachBeyond(now) { emit(.clockSetBack(to: now)) }
        guard let operation = payment.currentOperation, case .waiting(let until) = operation.progress,
            until > now + Self.pauseMax
        else { return }
        emit(.postponed(ordinal: operation.ordinal, until: now, refused: false))
    }

    // MARK: Webhooks

    private mutating func signalled(_ signal: WebhookSignal) {
        log(
            LogLine(
                origin: .webhook, name: signal.name, occurredAt: signal.occurredAt, amount: signal.amount,
                success: signal.success, idempotencyKey: signal.idempotencyKey, pspReference: signal.pspReference))
        if case .created = payment.phase, payment.webhookAt == nil, signal.name.uppercased().contains("AUTHORIZED") {
            emit(.signalHeard(at: now))
        }
        // Anew, although one may be due: that one may be on its way already.
        let look = Payment.Look(at: now, failures: payment.look.failures)
        if payment.look != look { emit(.lookPlanned(look)) }
    }

    /// A GET is due at once, unless it already is.
    mutating func lookSoon(isRoutine: Bool = false) {
        if let at = payment.look.at, at <= now, isRoutine || !payment.look.isRoutine { return }
        emit(.lookPlanned(Payment.Look(at: now, failures: payment.look.failures, isRoutine: isRoutine)))
    }

    /// Vipps' event log has probably grown.
    mutating func readLogSoon() {
        if let at = payment.logReading.at, at <= now { return }
        emit(.logReadingPlanned(Payment.Look(at: now, failures: payment.logReading.failures)))
    }

    mutating func plan(_ act: PaymentOperation.Act) {
        let cause =
            switch act {
            case .create, .capture: payment.terms.cause
            case .cancel: payment.givenUp?.cause ?? payment.terms.cause
            case .refund: moment.cause
            }
        let ordinal = payment.operations.count + 1
        let until = now + pause(before: act)
        emit(
            .planned(
                .planned(
                    act, ordinal: ordinal, of: payment.terms.paymentID, until: until, at: now, cause: cause)))
    }
}

extension PaymentDecision {
    /// A cancel made anew after one was refused waits, longer each time.
    private func pause(before act: PaymentOperation.Act) -> TimeInterval {
        let refused = payment.operations.count {
            if case .refused = $0.progress { $0.act == act } else { false }
        }
        return refused == 0 ? 0 : Backoff.delay(after: refused + 2, longest: 300)
    }
}

extension PaymentOperation.Act {
    var refundID: RefundID? {
        if case .refund(let id, _, _) = self { id } else { nil }
    }
}

extension Payment {
    /// Captured and neither refunded nor about to be.
    package var refundable: Money {
        guard case .captured(_, let captured) = phase else { return .zero(terms.amount.currency) }
        let open = operations.filter { $0.isOpen && $0.act.isRefund }.compactMap(\.amount)
            .sum(in: terms.amount.currency)
        let refunded = max(refundedTold, aggregate?.refunded ?? refundedTold)
        return captured - refunded - open
    }
}
