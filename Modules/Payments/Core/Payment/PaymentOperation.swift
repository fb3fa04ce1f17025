import Foundation
import SharedKernel

/// One thing asked of Vipps that acts: create, capture, cancel or refund.
///
/// It is kept, with its idempotency key, before the request leaves, and every repeat is the same request with the same key.
/// A corrected request is a new operation.
package struct PaymentOperation: Sendable, Hashable {
    /// Counts from 1 within the payment.
    package let ordinal: Int
    package let act: Act
    package let key: IdempotencyKey
    package let plannedAt: Date
    package let cause: Cause
    package internal(set) var progress: Progress
    /// Requests that have left, or may have.
    package internal(set) var attempts: Int
    /// Clear refusals so far.
    package internal(set) var refusals: Int
    /// Some request got no clear answer, so that Vipps may have acted on it.
    package internal(set) var mayHaveActed: Bool
    package internal(set) var lastAttemptAt: Date?

    package enum Act: Sendable, Hashable {
        case create
        case capture(Money)
        /// With `transactionOnly` an approved payment is left alone (6060).
        case cancel(transactionOnly: Bool)
        /// `saleID`: the return, or the sale that was gone.
        case refund(RefundID, Money, SaleID)
    }

    package enum Progress: Sendable, Hashable {
        /// To be called from then on.
        case waiting(until: Date)
        /// The request has left, or is about to.
        case calling(since: Date)
        /// What Vipps did is unknown: a GET comes before anything else.
        case inDoubt(Doubt)
        case done(at: Date)
        case refused(Refusal, at: Date)
        /// No longer wanted.
        case dropped(at: Date)
    }

    package enum Doubt: Sendable, Hashable {
        case unknown(UnknownReason)
        /// Refused, but in a way that does not tell how the payment stands.
        case refusal(Refusal)
    }

    /// A new operation; its key follows from payment and ordinal, or from the refund.
    package static func planned(
        _ act: Act, ordinal: Int, of payment: PaymentID, until: Date, at now: Date, cause: Cause
    ) -> PaymentOperation {
        let name = payment.text.filter { $0 != "-" }
        let key =
            switch act {
            case .refund(let id, _, _): IdempotencyKey(refund: id)
            case .create, .capture, .cancel: IdempotencyKey("\(name)-\(act.kind.rawValue)-\(ordinal)")
            }
        return PaymentOperation(
            ordinal: ordinal, act: act, key: key, plannedAt: now,
            cause: cause, progress: .waiting(until: until), attempts: 0, refusals: 0, mayHaveActed: false,
            lastAttemptAt: nil)
    }

    /// As a store has kept it.
    package init(
        ordinal: Int, act: Act, key: IdempotencyKey, plannedAt: Date, cause: Cause, progress: Progress, attempts: Int,
        refusals: Int, mayHaveActed: Bool, lastAttemptAt: Date?
    ) {
        self.ordinal = ordinal
        self.act = act
        self.key = key
        self.plannedAt = plannedAt
        self.cause = cause
        self.progress = progress
        self.attempts = attempts
        self.refusals = refusals
        self.mayHaveActed = mayHaveActed
        self.lastAttemptAt = lastAttemptAt
    }
}

extension PaymentOperation {
    package var isOpen: Bool {
        switch progress {
        case .waiting, .calling, .inDoubt: true
        case .done, .refused, .dropped: false
        }
    }

    package var isCalling: Bool {
        if case .calling = progress { true } else { false }
    }

    package var doubt: Doubt? {
        if case .inDoubt(let doubt) = progress { doubt } else { nil }
    }

    /// Of capture and refund.
    package var amount: Money? {
        switch act {
        case .create, .cancel: nil
        case .capture(let amount): amount
        case .refund(_, let amount, _): amount
        }
    }
}

/// What can be asked of Vipps, acting or not; one rate limit each.
package enum CallKind: String, Sendable, Hashable, CaseIterable, Comparable {
    case create
    case capture
    case cancel
    case refund
    case get
    case events

    package static func < (left: CallKind, right: CallKind) -> Bool { left.rawValue < right.rawValue }
}

extension PaymentOperation.Act {
    package var kind: CallKind {
        switch self {
        case .create: .create
        case .capture: .capture
        case .cancel: .cancel
        case .refund: .refund
        }
    }

    package var isRefund: Bool { kind == .refund }
}
