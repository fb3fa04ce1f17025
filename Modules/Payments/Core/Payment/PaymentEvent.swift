import Foundation
import SharedKernel

/// What has happened to a payment. Some of it is told to the other services, by the store, in the same transaction.
package enum PaymentEvent: Sendable, Hashable {
    // The payment's own way.
    case requested
    case givenUp(Payment.GivenUp)
    /// Vipps has it; `qrContent` for a one-time QR.
    case created(at: Date, expiresAt: Date, qrContent: String?)
    case authorized(at: Date)
    case captured(Money, at: Date)
    case aborted(at: Date)
    case expired(at: Date)
    case terminated(at: Date)
    case released(Money, outside: Bool, at: Date)
    case failed(Refusal, at: Date)
    /// A payment we held for ended turned out to be alive at Vipps: it is given up there, too. Nothing is told yet.
    case foundAlive(approved: Bool, Payment.GivenUp)

    // Refunds.
    case refunded(RefundID, Money, SaleID, inAll: Money, outside: Bool, at: Date)
    case refundFailed(RefundID, Money, SaleID, Refusal, at: Date)

    // Work towards Vipps.
    case planned(PaymentOperation)
    case attempted(ordinal: Int, at: Date)
    /// Nothing was done; the same again from `until`.
    case postponed(ordinal: Int, until: Date, refused: Bool)
    /// A GET has shown that it must be repeated, from `until`.
    case repeatable(ordinal: Int, until: Date)
    case doubted(ordinal: Int, PaymentOperation.Doubt)
    case done(ordinal: Int, at: Date)
    case refused(ordinal: Int, Refusal, at: Date)
    case dropped(ordinal: Int, at: Date)

    // Reading.
    case aggregateSeen(Aggregate)
    case lookPlanned(Payment.Look)
    case logReadingPlanned(Payment.Look)
    case read(CallKind, at: Date)
    case signalHeard(at: Date)
    /// The clock shows less than it did.
    case clockSetBack(to: Date)

    case attentionNeeded(since: Date)
    case attentionOver
    case customerErased
    case logged(LogLine)
}
