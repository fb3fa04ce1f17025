import Finance
import Foundation
import SharedKernel
import WebUI

/// The event log of a payment in the reader's words.
struct EventLogPage {
    let words: Words
    let formats: Formats

    func values(of payment: PaymentID, _ summary: PaymentSummary?, _ events: [PaymentEvent]) -> TemplateValue {
        [
            "paymentID": .text(payment.text), "view": .text(FinanceNews.view(of: payment)),
            "address": .text("/financial/pages/payments/\(payment.text)/events"),
            "isEmpty": .flag(events.isEmpty), "summary": summary.map(values) ?? .nothing,
            "events": .list(events.map(values)),
        ]
    }

    private func values(_ summary: PaymentSummary) -> TemplateValue {
        let refunded = summary.refunded.flatMap { $0.isPositive ? $0 : nil }
        let key: String
        switch (summary.state, refunded) {
        case (.captured, .some(let refunded)):
            key = refunded == summary.captured ? "refunded" : "partlyRefunded"
        case (.requested, _): key = "created"
        case (.released, _): key = "terminated"
        case (let state, _): key = state.word
        }
        return [
            "state": .text(words.text("paymentState.\(key)")), "tone": .text(summary.state.tone),
            "reference": .optional(summary.reference), "msn": .optional(summary.msn),
            "asked": money(summary.asked), "captured": money(summary.captured), "refunded": money(refunded),
            "failureCode": .optional(summary.failureCode),
        ]
    }

    private func values(_ event: PaymentEvent) -> TemplateValue {
        [
            "instant": .text(formats.attribute(event.occurredAt)),
            "time": .text(formats.timeWithSeconds(event.occurredAt)),
            "dateAndTime": .text(
                "\(formats.date(event.occurredAt)) \(formats.timeWithSeconds(event.occurredAt))"),
            "name": .text(name(of: event)), "rawName": .text(event.name),
            "by": .text(words.text(event.origin == .gateway ? "log.by.us" : "log.by.vipps")),
            "tone": .text(event.success ? event.origin == .gateway ? "info" : "good" : "bad"),
            "outcome": .text(words.text("log.outcomes.\(outcome(of: event))")), "amount": money(event.amount),
            "httpStatus": .optional(event.httpStatus.map(String.init)), "detail": .optional(event.detail),
            "errorCode": .optional(event.errorCode), "pspReference": .optional(event.pspReference),
            "idempotencyKey": .optional(event.idempotencyKey), "traceID": .optional(event.traceID),
        ]
    }

    /// In the reader's language where there are words for it; else as Vipps or the gateway named it.
    private func name(of event: PaymentEvent) -> String {
        switch event.origin {
        case .vipps: vippsName(event.name)
        case .gateway: words.optional("log.operations.\(event.name)") ?? event.name
        case .webhook: "\(words.text("log.events.webhookReceived")): \(vippsName(event.name))"
        }
    }

    private func vippsName(_ name: String) -> String {
        words.optional("log.events.\(name.lowercased())") ?? name
    }

    private func outcome(of event: PaymentEvent) -> String {
        if event.success { return "success" }
        guard let status = event.httpStatus else { return event.origin == .gateway ? "unknown" : "failed" }
        return (400...499).contains(status) ? "refused" : status >= 500 ? "unknown" : "failed"
    }

    private func money(_ money: Money?) -> TemplateValue { .optional(money.map(formats.money)) }
}

extension PaymentSummary.State {
    fileprivate var tone: String {
        switch self {
        case .unknown, .requested, .authorized: "info"
        case .captured: "good"
        case .aborted, .expired, .terminated, .released: "warn"
        case .failed: "bad"
        }
    }
}
