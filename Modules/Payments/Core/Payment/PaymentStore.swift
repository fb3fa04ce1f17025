import Foundation
import SharedKernel

/// Where payments are kept.
///
/// What every implementation promises, and the contract suite proves:
/// - `transaction` is atomic, durable when it returns, and alone: nobody sees half of it, two never run at once.
///   If the body throws, nothing is kept.
/// - What `save` was given is what `payment` returns later, except that an erased customer leaves no trace.
/// - The events that other services hear of are published in the same transaction, in their order, once.
package protocol PaymentStore: Sendable {
    /// When what is kept was last put back to an earlier state; `nil` if it never was.
    var restoredAt: Date? { get }

    func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (any PaymentBooks) throws -> Value
    ) async throws -> Value

    /// Payments with a call of that urgency due, without the agreements in `except`. Fairly: at most `perAgreementMax` of
    /// each agreement, the longest due first, one of every agreement before a second of any.
    func due(
        _ urgency: Payment.Urgency, at now: Date, perAgreementMax: Int, max: Int, except: Set<AgreementID>
    ) async throws -> [DuePayment]

    /// When the next call of that urgency falls due after `now`, for any payment but those of the agreements in `except`.
    func nextDue(_ urgency: Payment.Urgency, after now: Date, except: Set<AgreementID>) async throws -> Date?

    /// Payments that a process left behind: an operation under way, or an open payment without a next call. At a start also
    /// every open payment (`all`), oldest first.
    func leftBehind(all: Bool) async throws -> [PaymentName]

    /// Payments by the word of their phase, for the metrics; the last 30 days.
    func countByPhase(since: Date) async throws -> [String: Int]
}

/// The payments in one open transaction. Synchronous: nothing is awaited inside a transaction.
package protocol PaymentBooks {
    /// The tenant's payment; another tenant's is none.
    func payment(_ name: PaymentName) throws -> Payment?
    /// Whether any tenant has a payment of this identifier.
    func isKnown(_ id: PaymentID) throws -> Bool
    /// The tenant's payment by the sales unit and reference that Vipps knows it by.
    func payment(of tenant: TenantID, msn: String, reference: String) throws -> Payment?
    /// Keeps the payment as it is after `events`, and tells the other services what they are to hear.
    func save(_ payment: Payment, after events: [PaymentEvent], at moment: Moment) throws
    /// Tells the other services of something that has no payment to be kept with.
    func tell(_ refusal: UnkeptRefusal, of tenant: TenantID, at moment: Moment) throws
    /// Keeps a command that did nothing, for support. Bounded: the oldest go.
    func keep(_ refused: RefusedCommand) throws
}

package struct PaymentName: Sendable, Hashable {
    package let tenantID: TenantID
    package let paymentID: PaymentID

    package init(tenantID: TenantID, paymentID: PaymentID) {
        self.tenantID = tenantID
        self.paymentID = paymentID
    }
}

package struct DuePayment: Sendable, Hashable {
    package let name: PaymentName
    package let agreementID: AgreementID
    package let dueAt: Date

    package init(name: PaymentName, agreementID: AgreementID, dueAt: Date) {
        self.name = name
        self.agreementID = agreementID
        self.dueAt = dueAt
    }
}

/// A command refused before there was a payment to decide it.
package enum UnkeptRefusal: Sendable, Hashable {
    case payment(PaymentID, SaleID, reference: String, Refusal)
    case refund(RefundID, PaymentID, SaleID, Money, Refusal)
}

package struct RefusedCommand: Sendable, Hashable {
    package let tenantID: TenantID
    /// `start`, `abort`, `refund`.
    package let command: String
    package let subject: String
    package let reason: String
    package let at: Date

    package init(tenantID: TenantID, command: String, subject: String, reason: String, at: Date) {
        self.tenantID = tenantID
        self.command = command
        self.subject = subject
        self.reason = reason
        self.at = at
    }
}

extension Payment {
    package var name: PaymentName {
        PaymentName(tenantID: terms.address.tenantID, paymentID: terms.paymentID)
    }
}

extension PaymentBooks {
    /// Decides, and keeps what was decided. Nothing is written when nothing follows.
    package func take(_ input: PaymentInput, for payment: Payment, at moment: Moment) throws -> Payment {
        let events = payment.decide(input, at: moment)
        let next = events.reduce(payment) { $0.evolved(by: $1) }
        if !events.isEmpty { try save(next, after: events, at: moment) }
        return next
    }
}
