import Foundation
import SharedKernel

/// What may happen to a payment: a command of the till, or something heard of Vipps.
package enum PaymentInput: Sendable, Hashable {
    /// The till asks for the money. Only ever the first.
    case begin
    case giveUp(GiveUpReason)
    case refund(RefundID, Money, SaleID)
    /// The worker is about to send this operation's request.
    case attempt(ordinal: Int)
    case createReplied(ordinal: Int, ProviderReply<CreateAnswer>)
    /// Of capture, cancel and refund.
    case changeReplied(ordinal: Int, ProviderReply<PaymentSnapshot>)
    /// - Parameter planned: the look that was due when the request left. If another is planned by now, something was heard
    ///   meanwhile, and the answer may be older.
    case looked(ProviderReply<PaymentSnapshot>, planned: Payment.Look? = nil)
    case logRead(ProviderReply<[ProviderEvent]>)
    case signalled(WebhookSignal)
    /// A process died, or could not keep an answer: whatever was being called is in doubt, and everything is looked at.
    case recovered
}

/// What a verified webhook said. A signal only: money moves after a GET.
package struct WebhookSignal: Sendable, Hashable {
    /// Vipps' event name, `AUTHORIZED`.
    package let name: String
    package let pspReference: String?
    package let amount: Money?
    package let occurredAt: Date
    package let idempotencyKey: String?
    package let success: Bool

    package init(
        name: String, pspReference: String?, amount: Money?, occurredAt: Date, idempotencyKey: String?, success: Bool
    ) {
        self.name = name
        self.pspReference = pspReference
        self.amount = amount
        self.occurredAt = occurredAt
        self.idempotencyKey = idempotencyKey
        self.success = success
    }
}

/// The circumstances a decision is made in; brought in by the caller.
package struct Moment: Sendable {
    package let now: Date
    package let cause: Cause
    /// The identifier a refund from outside gets, if one is found.
    package let spareRefundID: RefundID
    /// When our own records were last put back to an earlier state; `nil` if they never were. Of a payment that is older
    /// more may have happened than we know.
    package let restoredAt: Date?

    package init(now: Date, cause: Cause, spareRefundID: RefundID, restoredAt: Date? = nil) {
        self.now = now
        self.cause = cause
        self.spareRefundID = spareRefundID
        self.restoredAt = restoredAt
    }
}
