import Foundation
import SharedKernel

// What must be asked of Vipps next, as the payment now stands.

extension PaymentDecision {
    /// Something unresolved for so long deserves a person's eye. It is still being worked on.
    static let attentionAfter: TimeInterval = 300
    static let slowLookEvery: TimeInterval = 86_400
    static let slowLookFor: TimeInterval = 30 * 86_400
    static let reservedLookEvery: TimeInterval = 60
    /// No operation waits longer for its next try.
    static let pauseMax: TimeInterval = 300

    /// Plans and drops operations so that what is open is what is wanted. While one is under way nothing is changed:
    /// its answer comes here again.
    mutating func settle() {
        if payment.isCalling { return }
        switch payment.phase {
        case .requested: settleRequested()
        case .created: settleCreated()
        case .authorized: settleAuthorized()
        case .captured, .aborted, .expired, .terminated, .released, .failed: settleEnded()
        }
    }

    private mutating func settleRequested() {
        guard payment.givenUp != nil, let create = payment.openOperation({ $0 == .create }) else { return }
        // Nothing has reached Vipps for certain: there is nothing to cancel. Otherwise create comes to its answer first,
        // because a request on its way may still land.
        if !create.mayHaveActed, create.doubt == nil {
            emit(.dropped(ordinal: create.ordinal, at: now))
            emit(.terminated(at: now))
            settleEnded()
        }
    }

    private mutating func settleCreated() {
        guard let givenUp = payment.givenUp else { return }
        let wanted = PaymentOperation.Act.cancel(transactionOnly: givenUp.reason.keepsApproved)
        keepOnly(wanted)
    }

    private mutating func settleAuthorized() {
        let aggregate = payment.aggregate
        let nothing = Money.zero(payment.terms.amount.currency)
        let left = payment.terms.amount - (aggregate?.captured ?? nothing) - (aggregate?.cancelled ?? nothing)
        let isRefused = payment.operations.contains {
            if case .refused = $0.progress { $0.act.kind == .capture } else { false }
        }
        if payment.givenUp?.reason.keepsApproved ?? true, !isRefused {
            keepOnly(.capture(left))
        } else {
            keepOnly(.cancel(transactionOnly: false))
        }
    }

    /// Leaves `wanted` as the one open act of money, planning it if need be.
    private mutating func keepOnly(_ wanted: PaymentOperation.Act) {
        for operation in payment.operations where operation.isOpen && !operation.act.isRefund && operation.act != wanted
        {
            emit(.dropped(ordinal: operation.ordinal, at: now))
        }
        if payment.openOperation({ $0 == wanted }) == nil { plan(wanted) }
    }

    private mutating func settleEnded() {
        for operation in payment.operations where operation.isOpen && !operation.act.isRefund {
            emit(.dropped(ordinal: operation.ordinal, at: now))
        }
        if payment.customer != nil { emit(.customerErased) }
        if payment.attentionSince != nil, payment.currentOperation == nil { emit(.attentionOver) }
        if payment.look.at.map({ $0 > now }) ?? true { planNextLook() }
    }

    /// When to look again, if nothing else happens first.
    mutating func planNextLook() {
        let at: Date?
        let isInDoubt = payment.currentOperation?.doubt != nil
        if isInDoubt {
            at = now + Backoff.delay(after: max(1, payment.currentOperation?.attempts ?? 1))
        } else {
            at =
                switch payment.phase {
                case .requested: nil
                case .created(_, let expiresAt): now + Self.pollingPause(until: expiresAt, at: now)
                case .authorized: now + Self.reservedLookEvery
                case .captured(let since, _):
                    now.timeIntervalSince(since) < Self.slowLookFor ? now + Self.slowLookEvery : nil
                case .failed(_, let since): mayStillAppear(since) ? now + Self.reservedLookEvery : nil
                case .aborted, .expired, .terminated, .released: nil
                }
        }
        let next = Payment.Look(at: at, failures: 0, isRoutine: at != nil && !isInDoubt)
        if payment.look != next { emit(.lookPlanned(next)) }
    }

    /// A create that was given up without Vipps having shown the payment: its request may still land, while a customer could
    /// approve it. Then it is released.
    private func mayStillAppear(_ since: Date) -> Bool {
        payment.aggregate == nil && payment.operations.contains { $0.mayHaveActed }
            && now.timeIntervalSince(since) < Payment.approvalTime * 1.5
    }

    /// Every two seconds while the customer may act, slower when Vipps is late to say that the time is over.
    static func pollingPause(until expiresAt: Date, at now: Date) -> TimeInterval {
        let over = now.timeIntervalSince(expiresAt)
        if over < 60 { return lookEvery }
        return over < 3_600 ? 10 : 60
    }

    /// Raises or lowers the flag for a person.
    mutating func watchTheClock() {
        if let operation = payment.currentOperation {
            let isOld = operation.attempts > 0 && now.timeIntervalSince(operation.plannedAt) > Self.attentionAfter
            if isOld, payment.attentionSince == nil {
                strange(
                    "\(operation.act.kind.rawValue) unresolved for \(Int(Self.attentionAfter / 60)) minutes; trying on."
                )
            }
        } else if payment.attentionSince != nil, payment.phase.isEnd {
            emit(.attentionOver)
        }
    }
}
