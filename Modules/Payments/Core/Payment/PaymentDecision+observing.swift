import Foundation
import SharedKernel

// What a look at Vipps means: for the payment, for its money, and for operations in doubt.

extension PaymentDecision {
    static let firstLookAfter: TimeInterval = 5
    static let lookEvery: TimeInterval = 2
    static let logReadingFailuresMax = 20
    static let logReadingsBehindMax = 8

    // MARK: GET

    mutating func looked(_ reply: ProviderReply<PaymentSnapshot>, planned: Payment.Look?) {
        let isOvertaken = planned.map { $0 != payment.look } ?? false
        emit(.read(.get, at: now))
        switch reply.outcome {
        case .answered(let snapshot):
            let before = payment.phase
            emit(.lookPlanned(.none))
            observe(snapshot)
            if payment.phase.word != before.word {
                log(LogLine(.get, reply))
                readLogSoon()
            }
            settle()
            planNextLook()
            if isOvertaken { lookSoon() }
        case .refused(let refusal) where refusal.meaning == .notFound:
            emit(.lookPlanned(.none))
            notFound(refusal, reply)
            if isOvertaken { lookSoon() }
        case .refused, .unknown, .keysRefused: lookFailed(reply, wait: 0)
        case .rateLimited(let wait): lookFailed(reply, wait: Double(wait?.components.seconds ?? 0) + 1)
        }
        watchTheClock()
    }

    private mutating func lookFailed(_ reply: ProviderReply<PaymentSnapshot>, wait: TimeInterval) {
        let failures = payment.look.failures + 1
        // A long outage is told by a few lines, not by thousands.
        if failures.nonzeroBitCount == 1 { log(LogLine(.get, reply)) }
        if failures >= Self.looksForNothingMax, payment.phase.isEnd, payment.currentOperation == nil {
            emit(.lookPlanned(.none))
            planNextLook()
        } else {
            let delay = max(wait, Backoff.delay(after: failures))
            let isRoutine = payment.look.isRoutine
            emit(.lookPlanned(Payment.Look(at: now + delay, failures: failures, isRoutine: isRoutine)))
            if failures == Self.looksForNothingMax { strange("Vipps has not shown the payment for a long time.") }
        }
    }

    /// Looks at an ended payment that fail in a row, before the next slow look is waited for.
    static let looksForNothingMax = 12

    private mutating func notFound(_ refusal: Refusal, _ reply: ProviderReply<PaymentSnapshot>) {
        if case .requested = payment.phase, let create = payment.openOperation({ $0 == .create }) {
            switch create.progress {
            case .inDoubt(.unknown): emit(.repeatable(ordinal: create.ordinal, until: now))
            case .inDoubt(.refusal(let no)):
                switch no.meaning {
                case .keys, .notSent:
                    if create.refusals < Self.notFoundRefusalsMin {
                        let delay = Backoff.delay(after: max(1, create.refusals))
                        emit(.repeatable(ordinal: create.ordinal, until: now + delay))
                    } else {
                        fail(create, no)
                    }
                case .tryAgain, .tryAgainForAWhile, .look, .notFound, .final: fail(create, no)
                }
            case .waiting, .calling, .done, .refused, .dropped: break
            }
            settle()
        } else if payment.phase.isEnd, payment.currentOperation == nil {
            planNextLook()
        } else {
            lookFailed(reply, wait: 0)
        }
    }

    // MARK: A payment as Vipps shows it

    mutating func observe(_ snapshot: PaymentSnapshot) {
        guard isOurs(snapshot) else {
            strange("Vipps has this reference with another amount, \(snapshot.amount).")
            if case .requested = payment.phase, let create = payment.openOperation({ $0 == .create }) {
                fail(create, Refusal(code: "4150", detail: "The reference is in use for another payment."))
            }
            return
        }
        if snapshot.aggregate != payment.aggregate { emit(.aggregateSeen(snapshot.aggregate)) }
        switch payment.phase {
        case .requested, .created, .authorized: observeOpen(snapshot)
        case .aborted, .expired, .terminated, .failed: observeEnded(snapshot)
        case .captured, .released: break
        }
        // Capture and a refund from outside may show in the same look.
        if case .captured = payment.phase { observeRefunds(snapshot) }
    }

    private mutating func observeOpen(_ snapshot: PaymentSnapshot) {
        switch snapshot.state {
        case .created: observeCreated()
        case .authorized:
            observeCreated(approved: true)
            if case .created = payment.phase { emit(.authorized(at: now)) }
            observeMoney(snapshot.aggregate)
        case .aborted: end(.aborted(at: now))
        case .expired: end(.expired(at: now))
        case .terminated: end(.terminated(at: now))
        }
        operationsSeen(snapshot)
    }

    private mutating func observeCreated(approved: Bool = false) {
        guard case .requested = payment.phase else { return }
        let create = payment.openOperation { $0 == .create }
        // The code to draw comes only with the answer to create: the repeat, with the same key, brings it.
        if payment.customer == .oneTimeQR, !approved, payment.givenUp == nil, let create {
            switch create.progress {
            case .inDoubt(.unknown): return emit(.repeatable(ordinal: create.ordinal, until: now))
            case .waiting, .calling: return
            case .inDoubt(.refusal), .done, .refused, .dropped: break  // It will not come: the payment is what matters.
            }
        }
        if let create { emit(.done(ordinal: create.ordinal, at: now)) }
        becomeCreated(by: create, qrContent: nil)
    }

    private mutating func end(_ event: PaymentEvent) {
        if let create = payment.openOperation({ $0 == .create }) { emit(.done(ordinal: create.ordinal, at: now)) }
        emit(event)
    }

    /// Captured only when `capturedAmount` says so.
    private mutating func observeMoney(_ aggregate: Aggregate) {
        guard case .authorized = payment.phase else { return }
        let amount = payment.terms.amount
        if aggregate.captured >= amount
            || (aggregate.captured.isPositive && aggregate.captured + aggregate.cancelled >= amount)
        {
            emit(.captured(aggregate.captured, at: now))
        } else if aggregate.cancelled >= amount {
            let ours = payment.operations.contains { $0.act == .cancel(transactionOnly: false) && $0.attempts > 0 }
            emit(.released(aggregate.cancelled, outside: !ours, at: now))
        }
    }

    /// Vipps' states do not come back from an end; but one that we reached without Vipps may have been wrong.
    private mutating func observeEnded(_ snapshot: PaymentSnapshot) {
        switch snapshot.state {
        case .aborted, .expired, .terminated: break
        case .created, .authorized:
            let isHeld =
                snapshot.state == .created
                || snapshot.aggregate.captured + snapshot.aggregate.cancelled < payment.terms.amount
            guard isHeld || snapshot.aggregate.captured.isPositive else { return }
            strange("The payment is alive at Vipps although it had ended here (\(payment.phase.word)).")
            let givenUp = Payment.GivenUp(reason: .saleAbandoned, at: now, cause: moment.cause)
            emit(.foundAlive(approved: snapshot.state == .authorized, givenUp))
            observeMoney(snapshot.aggregate)
        }
    }

    /// What became of the operation in doubt.
    private mutating func operationsSeen(_ snapshot: PaymentSnapshot) {
        guard let operation = payment.currentOperation, !operation.isCalling, operation.attempts > 0 else { return }
        if isFulfilled(operation) { return emit(.done(ordinal: operation.ordinal, at: now)) }
        guard let doubt = operation.doubt else { return }
        switch (operation.act, doubt) {
        case (.create, _), (.refund, _): break
        case (.capture, .refusal(let refusal)) where refusal.meaning == .final:
            emit(.refused(ordinal: operation.ordinal, refusal, at: now))
        case (.cancel, .refusal(let refusal)) where isWorthRenewing(operation):
            emit(.refused(ordinal: operation.ordinal, refusal, at: now))
        case (.capture, _), (.cancel, _):
            emit(.repeatable(ordinal: operation.ordinal, until: now))
        }
    }

    private func isWorthRenewing(_ cancel: PaymentOperation) -> Bool {
        cancel.refusals >= Self.cancelRefusalsMax
            && payment.operations.count(where: { $0.act.kind == .cancel }) < Self.cancelsMax
    }

    /// The answer is about our payment, and its sums can be reckoned with.
    func isOurs(_ snapshot: PaymentSnapshot) -> Bool {
        let aggregate = snapshot.aggregate
        let sums = [aggregate.authorized, aggregate.captured, aggregate.refunded, aggregate.cancelled]
        return snapshot.amount == payment.terms.amount
            && sums.allSatisfy {
                $0.currency == snapshot.amount.currency && (0...Money.amountMax).contains($0.minorUnits)
            }
    }

    // MARK: Refunds

    private mutating func observeRefunds(_ snapshot: PaymentSnapshot) {
        let untold = snapshot.aggregate.refunded - payment.refundedTold
        if let operation = payment.currentOperation, operation.act.isRefund,
            operation.doubt != nil || operation.mayHaveActed
        {
            if untold.isPositive {
                readLogSoon()  // Ours, or the portal's? Only the event log has the key.
            } else if let doubt = operation.doubt {
                refundNotSeen(operation, doubt)
            }
        } else if untold.isPositive, !payment.operations.contains(where: { $0.act.isRefund && $0.isCalling }) {
            if isRestored {
                readLogSoon()  // Perhaps ours, and forgotten.
            } else {
                refundedOutside(untold)
            }
        }
    }

    private mutating func refundedOutside(_ amount: Money) {
        emit(
            .refunded(
                moment.spareRefundID, amount, payment.terms.saleID, inAll: payment.refundedTold + amount,
                outside: true, at: now))
    }

    private mutating func refundNotSeen(_ operation: PaymentOperation, _ doubt: PaymentOperation.Doubt) {
        switch doubt {
        case .unknown: emit(.repeatable(ordinal: operation.ordinal, until: now))
        case .refusal(let refusal):
            switch refusal.meaning {
            case .tryAgain, .tryAgainForAWhile, .keys:
                let delay = Backoff.delay(after: max(1, operation.refusals))
                emit(.repeatable(ordinal: operation.ordinal, until: now + delay))
            case .look, .notFound, .notSent, .final: failRefund(operation, refusal)
            }
        }
    }

    // MARK: The event log

    mutating func logRead(_ reply: ProviderReply<[ProviderEvent]>) {
        emit(.read(.events, at: now))
        guard case .answered(let lines) = reply.outcome else {
            let failures = payment.logReading.failures + 1
            if failures.nonzeroBitCount == 1 { log(LogLine(.events, reply)) }
            if failures >= Self.logReadingFailuresMax {
                emit(.logReadingPlanned(.none))
            } else {
                let delay = Backoff.delay(after: failures + 1, longest: 3_600)
                emit(.logReadingPlanned(Payment.Look(at: now + delay, failures: failures)))
            }
            return
        }
        emit(.logReadingPlanned(Payment.Look(at: nil, failures: payment.logReading.failures)))
        for line in lines { log(LogLine(line)) }
        if isRestored { rememberRefunds(lines) }
        if let operation = payment.currentOperation, operation.act.isRefund, !operation.isCalling {
            attributeRefunds(operation, lines)
        }
        if payment.logReading.failures > 0, payment.logReading.at == nil, payment.currentOperation?.doubt == nil {
            emit(.logReadingPlanned(.none))
        }
    }

    /// Refunds that Vipps has made for us and our records have forgotten, by their keys. What is left came from outside.
    private mutating func rememberRefunds(_ lines: [ProviderEvent]) {
        guard case .captured = payment.phase, let aggregate = payment.aggregate, !payment.isCalling else { return }
        let refunds = lines.filter { $0.name == "REFUNDED" && $0.success }
        for line in refunds {
            guard let id = line.idempotencyKey.flatMap(IdempotencyKey.refund(in:)), let amount = line.amount,
                amount.isPositive, amount <= aggregate.refunded - payment.refundedTold
            else { continue }
            if !payment.operations.contains(where: { $0.act.refundID == id }) {
                plan(.refund(id, amount, payment.terms.saleID))
            }
            for case let operation in payment.operations where operation.act.refundID == id && operation.isOpen {
                guard case .refund(_, amount, let sale) = operation.act else { continue }
                finishRefund(operation, id, amount, sale)
            }
        }
        let untold = aggregate.refunded - payment.refundedTold
        guard untold.isPositive, payment.currentOperation?.doubt == nil else { return }
        if refunds.compactMap({ $0.amount?.minorUnits }).reduce(0, +) < aggregate.refunded.minorUnits {
            readLogAgain()
        } else {
            refundedOutside(untold)
        }
    }

    /// The log is behind the aggregate.
    ///
    /// - Returns: whether it is read again; not for ever.
    @discardableResult
    private mutating func readLogAgain() -> Bool {
        let failures = payment.logReading.failures + 1
        guard failures < Self.logReadingsBehindMax else { return false }
        let at = now + Backoff.delay(after: failures)
        emit(.logReadingPlanned(Payment.Look(at: at, failures: failures)))
        return true
    }

    /// Whose refund is it that the aggregate shows and nobody was told of? The log, read after the aggregate, has the keys.
    private mutating func attributeRefunds(_ operation: PaymentOperation, _ lines: [ProviderEvent]) {
        guard case .refund(let id, let amount, let sale) = operation.act, let aggregate = payment.aggregate,
            operation.doubt != nil || operation.mayHaveActed, aggregate.refunded > payment.refundedTold
        else { return }
        let refunds = lines.filter { $0.name == "REFUNDED" && $0.success }
        if refunds.contains(where: { $0.idempotencyKey == operation.key.text }) {
            finishRefund(operation, id, amount, sale)
            lookSoon()  // What is still untold came from outside.
        } else if refunds.compactMap({ $0.amount?.minorUnits }).reduce(0, +) < aggregate.refunded.minorUnits {
            if !readLogAgain(), let doubt = operation.doubt {
                refundNotSeen(operation, doubt)  // The repeat's answer, under the same key, will tell.
            }
        } else {
            refundedOutside(aggregate.refunded - payment.refundedTold)
            if let doubt = operation.doubt { refundNotSeen(operation, doubt) }
        }
    }

    // MARK: Attention

    mutating func strange(_ detail: String) {
        log(LogLine(origin: .gateway, name: "attention", occurredAt: now, success: false, detail: detail))
        if payment.attentionSince == nil { emit(.attentionNeeded(since: now)) }
    }
}

extension Payment {
    func openOperation(_ isWanted: (PaymentOperation.Act) -> Bool) -> PaymentOperation? {
        operations.first { $0.isOpen && isWanted($0.act) }
    }
}
