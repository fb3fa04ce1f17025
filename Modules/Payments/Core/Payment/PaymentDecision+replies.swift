import Foundation
import SharedKernel

// What an operation's answer means for the operation. What it means for the payment is PaymentDecision+observing.swift.

extension PaymentDecision {
    /// How long 6260 and 6280 are tried again before the reservation is let go.
    static let captureTrialTime: TimeInterval = 120
    static let captureTrialsMin = 5
    /// A clear no that came after an unclear outcome is believed after so many, when GET does not find the payment.
    static let notFoundRefusalsMin = 5
    static let refundRefusalsMax = 20
    /// A refused cancel is harmless to make anew; its key may be stuck to the refusal.
    static let cancelRefusalsMax = 3
    static let cancelsMax = 20

    mutating func createReplied(_ ordinal: Int, _ reply: ProviderReply<CreateAnswer>) {
        guard let operation = calling(ordinal) else { return }
        log(LogLine(.create, reply, amount: payment.terms.amount, key: operation.key))
        switch reply.outcome {
        case .answered(let answer):
            emit(.done(ordinal: ordinal, at: now))
            if case .requested = payment.phase { becomeCreated(by: operation, qrContent: answer.redirectURL) }
        case .unknown(let reason): doubt(operation, .unknown(reason))
        case .rateLimited(let wait): postpone(operation, wait: wait)
        case .refused(let refusal), .keysRefused(let refusal): createRefused(operation, refusal)
        }
        settle()
        watchTheClock()
    }

    private mutating func createRefused(_ operation: PaymentOperation, _ refusal: Refusal) {
        switch refusal.meaning {
        case .tryAgain, .tryAgainForAWhile: postpone(operation, refused: true)
        case .look, .notFound, .keys, .notSent, .final:
            // After an unclear outcome a no may be about the repeat, not about the payment.
            if operation.mayHaveActed, refusal.meaning != .final || refusal.code == Refusal.OwnCode.notAllowed {
                doubt(operation, .refusal(refusal))
            } else {
                fail(operation, refusal)
            }
        }
    }

    mutating func fail(_ create: PaymentOperation, _ refusal: Refusal) {
        emit(.refused(ordinal: create.ordinal, refusal, at: now))
        emit(.failed(refusal, at: now))
    }

    mutating func becomeCreated(by operation: PaymentOperation?, qrContent: String?) {
        let asked = operation?.lastAttemptAt ?? now
        emit(.created(at: now, expiresAt: asked + Payment.approvalTime, qrContent: qrContent))
        // Otherwise something was heard while the request was under way.
        if payment.look.isRoutine || payment.look.at == nil {
            emit(.lookPlanned(Payment.Look(at: now + PaymentDecision.firstLookAfter, failures: 0, isRoutine: true)))
        }
        readLogSoon()
    }

    mutating func changeReplied(_ ordinal: Int, _ reply: ProviderReply<PaymentSnapshot>) {
        guard let operation = calling(ordinal) else { return }
        log(LogLine(operation.act.kind, reply, amount: operation.amount, key: operation.key))
        switch reply.outcome {
        case .answered(let snapshot): changed(operation, snapshot)
        case .unknown(let reason): doubt(operation, .unknown(reason))
        case .rateLimited(let wait): postpone(operation, wait: wait)
        case .refused(let refusal), .keysRefused(let refusal):
            switch operation.act {
            case .create: preconditionFailure("a create is answered by createReplied")
            case .capture: captureRefused(operation, refusal)
            case .cancel: cancelRefused(operation, refusal)
            case .refund: refundRefused(operation, refusal)
            }
        }
        settle()
        watchTheClock()
    }

    /// A success status is no proof: only the aggregate that came with it is.
    private mutating func changed(_ operation: PaymentOperation, _ snapshot: PaymentSnapshot) {
        if case .refund(let id, let amount, let sale) = operation.act, isOurs(snapshot),
            snapshot.aggregate.refunded >= payment.refundedTold + amount
        {
            finishRefund(operation, id, amount, sale)
        }
        observe(snapshot)
        if isFulfilled(operation) {
            emit(.done(ordinal: operation.ordinal, at: now))
        } else if calling(operation.ordinal) != nil {
            doubt(operation, .unknown(.unreadableAnswer))
        }
        readLogSoon()
    }

    /// Whether the payment stands as this capture or cancel wanted it.
    func isFulfilled(_ operation: PaymentOperation) -> Bool {
        switch operation.act {
        case .create, .refund: return false
        case .capture: if case .captured = payment.phase { return true } else { return false }
        case .cancel: return payment.phase.isEnd
        }
    }

    private mutating func captureRefused(_ operation: PaymentOperation, _ refusal: Refusal) {
        switch refusal.meaning {
        case .tryAgain: postpone(operation, refused: true)
        case .keys: postpone(operation, refused: true, longest: Self.pauseMax)
        case .look, .notFound, .notSent: doubt(operation, .refusal(refusal))
        case .tryAgainForAWhile:
            let since = now.timeIntervalSince(operation.plannedAt)
            if since > Self.captureTrialTime, operation.refusals + 1 >= Self.captureTrialsMin {
                emit(.refused(ordinal: operation.ordinal, refusal, at: now))
            } else {
                postpone(operation, refused: true)
            }
        case .final:
            if operation.mayHaveActed {
                doubt(operation, .refusal(refusal))  // An earlier request may have taken the money.
            } else {
                emit(.refused(ordinal: operation.ordinal, refusal, at: now))
            }
        }
    }

    private mutating func cancelRefused(_ operation: PaymentOperation, _ refusal: Refusal) {
        switch refusal.meaning {
        case .tryAgain, .tryAgainForAWhile:
            if operation.refusals + 1 < Self.cancelRefusalsMax {
                postpone(operation, refused: true, longest: 10)
            } else {
                doubt(operation, .refusal(refusal))  // The key may be stuck to it.
            }
        case .keys: postpone(operation, refused: true, longest: Self.pauseMax)
        case .look, .notFound, .notSent, .final:
            if refusal.code == "6030", case .authorized = payment.phase {
                // Too late to cancel is too late to capture: the bank has let the money go.
                emit(.refused(ordinal: operation.ordinal, refusal, at: now))
                emit(.released(payment.terms.amount, outside: false, at: now))
            } else {
                doubt(operation, .refusal(refusal))
            }
        }
    }

    private mutating func refundRefused(_ operation: PaymentOperation, _ refusal: Refusal) {
        if operation.mayHaveActed {
            // Only the event log tells whether an earlier request paid the money back.
            doubt(operation, .refusal(refusal))
            return
        }
        switch refusal.meaning {
        case .tryAgain, .tryAgainForAWhile, .keys:
            if operation.refusals + 1 >= Self.refundRefusalsMax {
                failRefund(operation, refusal)
            } else {
                postpone(operation, refused: true, longest: refusal.meaning == .keys ? Self.pauseMax : 60)
            }
        case .look, .notFound, .notSent, .final:
            failRefund(operation, refusal)
            lookSoon()  // What is left is not what we thought: somebody may have refunded in the portal.
        }
    }

    mutating func finishRefund(_ operation: PaymentOperation, _ id: RefundID, _ amount: Money, _ sale: SaleID) {
        emit(.done(ordinal: operation.ordinal, at: now))
        let inAll = payment.refundedTold + amount
        emit(.refunded(id, amount, sale, inAll: inAll, outside: false, at: now))
    }

    mutating func failRefund(_ operation: PaymentOperation, _ refusal: Refusal) {
        guard case .refund(let id, let amount, let sale) = operation.act else { return }
        emit(.refused(ordinal: operation.ordinal, refusal, at: now))
        emit(.refundFailed(id, amount, sale, refusal, at: now))
    }

    // MARK: Waiting

    private func calling(_ ordinal: Int) -> PaymentOperation? {
        guard payment.operations.indices.contains(ordinal - 1) else { return nil }
        let operation = payment.operations[ordinal - 1]
        return operation.isCalling ? operation : nil
    }

    mutating func doubt(_ operation: PaymentOperation, _ doubt: PaymentOperation.Doubt) {
        emit(.doubted(ordinal: operation.ordinal, doubt))
        lookLater(operation, doubt)
    }

    /// A GET decides; sooner the first time, later each time it comes to this.
    private mutating func lookLater(_ operation: PaymentOperation, _ doubt: PaymentOperation.Doubt) {
        let isFirstNo =
            switch doubt {
            case .refusal: operation.refusals == 0
            case .unknown: false
            }
        let delay = isFirstNo ? 0 : Backoff.delay(after: max(1, operation.attempts))
        emit(.lookPlanned(Payment.Look(at: now + delay, failures: payment.look.failures)))
    }

    mutating func postpone(_ operation: PaymentOperation, refused: Bool, longest: TimeInterval = 60) {
        let delay = Backoff.delay(after: operation.refusals + 1, longest: longest)
        emit(.postponed(ordinal: operation.ordinal, until: now + delay, refused: refused))
    }

    private mutating func postpone(_ operation: PaymentOperation, wait: Duration?) {
        let own = Backoff.delay(after: max(1, operation.attempts))
        let asked = wait.map { Double($0.components.seconds) + 1 } ?? 0
        emit(.postponed(ordinal: operation.ordinal, until: now + min(Self.pauseMax, max(own, asked)), refused: false))
    }
}
