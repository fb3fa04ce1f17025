import Foundation
import Payments
import SharedKernel

// How an answer of Vipps becomes the core's words, as the provider in use does it.

/// What came back over the wire.
enum WireOutcome {
    case answer(VippsAPI.Answer)
    case timeout
    case connectionLost
}

struct Reading {
    let outcome: WireOutcome
    let record: CallRecord
    let currency: Currency
    let sabotage: Sabotage?
    let startedAt: Date
    let toDate: (Int) -> Date

    var created: ProviderReply<CreateAnswer> {
        reply { answer in answer.status == 201 ? CreateAnswer(redirectURL: answer.redirectURL) : nil }
    }

    var snapshot: ProviderReply<PaymentSnapshot> {
        reply { answer in answer.payment.map { Self.snapshot($0, currency, sabotage) } }
    }

    var events: ProviderReply<[ProviderEvent]> {
        reply { answer in
            answer.events?.map { event in
                ProviderEvent(
                    pspReference: event.pspReference, name: event.name,
                    amount: Money(minorUnits: Int64(event.amount), currency: currency), occurredAt: toDate(event.at),
                    idempotencyKey: event.idempotencyKey, success: event.success)
            }
        }
    }

    private func reply<Value: Sendable & Hashable>(_ read: (VippsAPI.Answer) -> Value?) -> ProviderReply<Value> {
        ProviderReply(outcome(read), record: record)
    }

    private func outcome<Value: Sendable & Hashable>(_ read: (VippsAPI.Answer) -> Value?) -> ProviderOutcome<Value> {
        let answer: VippsAPI.Answer
        switch outcome {
        case .timeout: return unknown(.timeout)
        case .connectionLost: return unknown(.connection)
        case .answer(let found): answer = found
        }
        switch answer.status {
        case 200...299: return read(answer).map { .answered($0) } ?? .unknown(.unreadableAnswer)
        case 401: return .keysRefused(refusal(answer, Refusal.OwnCode.keysRefused))
        case 429: return .rateLimited(retryAfter: answer.retryAfterSeconds.map { .seconds($0) })
        case 500...: return unknown(.serverError)
        default: return .refused(refusal(answer, Refusal.OwnCode.unexpectedAnswer))
        }
    }

    private func unknown<Value>(_ reason: UnknownReason) -> ProviderOutcome<Value> {
        guard sabotage == .unknownAsFailed else { return .unknown(reason) }
        return .refused(Refusal(code: "unreachable", httpStatus: 400, detail: reason.rawValue))
    }

    private func refusal(_ answer: VippsAPI.Answer, _ otherwise: String) -> Refusal {
        Refusal(
            code: answer.code.map(String.init) ?? otherwise, httpStatus: answer.status, detail: "refused",
            traceID: answer.traceID)
    }

    static func snapshot(_ view: VippsAPI.View, _ currency: Currency, _ sabotage: Sabotage?) -> PaymentSnapshot {
        func money(_ amount: Int) -> Money { Money(minorUnits: Int64(amount), currency: currency) }
        let state: PaymentSnapshot.State =
            switch view.state {
            case .created: .created
            case .authorized: .authorized
            case .aborted: .aborted
            case .expired: .expired
            case .terminated: .terminated
            }
        let captured = sabotage == .trustState && view.state == .authorized ? view.authorized : view.captured
        return PaymentSnapshot(
            state: state, amount: money(view.amount),
            aggregate: Aggregate(
                authorized: money(view.authorized), captured: money(captured), refunded: money(view.refunded),
                cancelled: money(view.cancelled)),
            pspReference: view.pspReference)
    }
}
