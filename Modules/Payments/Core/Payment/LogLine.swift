import Foundation
import SharedKernel

/// One line of a payment's event log: what we tried, what a webhook said, what Vipps' own log says.
package struct LogLine: Sendable, Hashable {
    package let origin: Origin
    /// Vipps' event name, or our act.
    package let name: String
    package let occurredAt: Date
    package let amount: Money?
    package let success: Bool
    package let idempotencyKey: String?
    package let pspReference: String?
    package let httpStatus: Int?
    package let errorCode: String?
    package let traceID: String?
    /// Words for support, without personal data.
    package let detail: String?

    package enum Origin: String, Sendable, Hashable, CaseIterable {
        case vipps, gateway, webhook
    }

    package init(
        origin: Origin, name: String, occurredAt: Date, amount: Money? = nil, success: Bool,
        idempotencyKey: String? = nil, pspReference: String? = nil, httpStatus: Int? = nil, errorCode: String? = nil,
        traceID: String? = nil, detail: String? = nil
    ) {
        self.origin = origin
        self.name = name
        self.occurredAt = occurredAt
        self.amount = amount
        self.success = success
        self.idempotencyKey = idempotencyKey
        self.pspReference = pspReference
        self.httpStatus = httpStatus
        self.errorCode = errorCode
        self.traceID = traceID
        self.detail = detail
    }
}

extension LogLine {
    /// What came of a call of ours.
    init<Value>(_ kind: CallKind, _ reply: ProviderReply<Value>, amount: Money? = nil, key: IdempotencyKey? = nil) {
        let told = Self.told(reply.outcome)
        self.init(
            origin: .gateway, name: kind.rawValue, occurredAt: reply.record.startedAt, amount: amount,
            success: told.success, idempotencyKey: key?.text, pspReference: Self.pspReference(reply.outcome),
            httpStatus: reply.record.httpStatus ?? told.refusal?.httpStatus, errorCode: told.refusal?.code,
            traceID: told.refusal?.traceID ?? reply.record.traceID, detail: told.detail)
    }

    init(_ event: ProviderEvent) {
        self.init(
            origin: .vipps, name: event.name, occurredAt: event.occurredAt, amount: event.amount,
            success: event.success, idempotencyKey: event.idempotencyKey, pspReference: event.pspReference)
    }

    /// Where an answer shows the payment, it tells Vipps' name for it.
    private static func pspReference<Value>(_ outcome: ProviderOutcome<Value>) -> String? {
        guard case .answered(let answer) = outcome else { return nil }
        return (answer as? PaymentSnapshot)?.pspReference
    }

    private static func told<Value>(
        _ outcome: ProviderOutcome<Value>
    ) -> (success: Bool, refusal: Refusal?, detail: String?) {
        switch outcome {
        case .answered: (true, nil, nil)
        case .refused(let refusal), .keysRefused(let refusal): (false, refusal, refusal.detail)
        case .unknown(let reason): (false, nil, "outcome unknown: \(reason.rawValue)")
        case .rateLimited: (false, nil, "rate limited")
        }
    }
}
