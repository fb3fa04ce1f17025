import Foundation
import PointOfSale
import SharedKernel
import WebUI

/// One sale as its page shows it.
package struct SaleView: Sendable {
    let sale: Sale
    let people: PeopleNames
    let tillName: String?
    let isAdministrator: Bool

    package init(sale: Sale, people: PeopleNames, tillName: String?, isAdministrator: Bool) {
        self.sale = sale
        self.people = people
        self.tillName = tillName
        self.isAdministrator = isAdministrator
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "saleID": .text(sale.id.text), "live": .text("sale/\(sale.id)"),
            "title": reader.text("view.title", ["number": sale.identifier.text]),
            "state": reader.text("saleState.\(stateWord)"), "tone": .text(stateTone),
            "isUnderWay": .flag(sale.isUnderWay), "needsAttention": .flag(sale.needsAttention),
            "returnOf": returnOf(reader), "seller": .optional(people.name(sale.startedBy)),
            "soldAt": .text(reader.formats.dateAndTime(sale.endedAt ?? sale.startedAt)), "till": .optional(tillName),
            "invoice": invoice(reader),
            "lines": .list(sale.lines.map { line($0, reader) }), "total": reader.money(sale.total),
            "taxes": .list(
                sale.taxes.map { tax in
                    [
                        "rate": .text(reader.percent(tax.rate.basisPoints)), "net": reader.money(tax.net),
                        "tax": reader.money(tax.tax), "gross": reader.money(tax.gross),
                    ]
                }),
            "taxSum": reader.money(sale.tax), "netSum": reader.money(sale.total - sale.tax),
            "payments": .list(shownPayments.map { payment($0, reader) }), "hasPayments": .flag(!shownPayments.isEmpty),
            "refunds": .list(sale.refunds.map { RefundRow($0, in: sale).values(reader) }),
            "hasRefunds": .flag(!sale.refunds.isEmpty),
            "returns": .list(sale.returns.map { back in returned(back, reader) }),
            "hasReturns": .flag(!sale.returns.isEmpty),
            "canReturn": .flag(!sale.everythingReturnable.isEmpty),
            "canRefundAmount": .flag(
                !sale.isUnderWay && !sale.isReturn && sale.payments.contains { sale.refundable(of: $0).isPositive }),
            "timeline": .list(SaleTimeline(sale: sale, people: people).values(reader)),
        ]
    }

    /// Those that were asked of somebody.
    private var shownPayments: [Payment] { sale.payments.filter { $0.state != .withdrawn } }

    private var stateWord: String {
        switch sale.state {
        case .open: sale.hasPaymentInFlight ? "awaitingPayment" : "open"
        case .parked: "parked"
        case .abandoned: "aborted"
        case .completed:
            sale.returns.allSatisfy { $0.state == .abandoned }
                ? "completed" : sale.everythingReturnable.isEmpty ? "returned" : "partlyReturned"
        }
    }

    private var stateTone: String {
        switch sale.state {
        case .open: "info"
        case .parked: "warn"
        case .abandoned: ""
        case .completed: "good"
        }
    }

    private func returnOf(_ reader: PageReader) -> TemplateValue {
        guard case .returning(let id, let identifier) = sale.kind else { return .nothing }
        return [
            "originalID": .text(id.text), "originalText": reader.text("sale.returnOf", ["number": identifier.text]),
        ]
    }

    private func invoice(_ reader: PageReader) -> TemplateValue {
        guard sale.invoiceEmail != nil || sale.invoiceMail != nil else { return .nothing }
        let key: String? =
            switch sale.invoiceMail {
            case nil: nil
            case .waiting: "queued"
            case .mailed: "sent"
            case .failed: "failed"
            }
        return [
            "invoiceTo": .optional(sale.invoiceEmail?.text),
            "invoiceState": key.map { reader.text("view.invoiceState.\($0)") } ?? .nothing,
            "invoiceTone": .text(sale.invoiceMail == .mailed ? "good" : sale.invoiceMail == .failed ? "bad" : "info"),
        ]
    }

    private func line(_ line: SaleLine, _ reader: PageReader) -> TemplateValue {
        let back = sale.isReturn ? 0 : line.quantity - sale.returnable(of: line)
        let showsBack = !sale.isUnderWay && back > 0 && !sale.returns.isEmpty
        return [
            "name": .text(line.name), "number": .optional(line.number),
            "quantity": .text(reader.formats.number(line.quantity)), "price": reader.money(line.unitPrice),
            "discount": line.discount.isZero ? .nothing : reader.money(line.discount),
            "vat": .text(reader.percent(line.vatRate.basisPoints)), "amount": reader.money(line.total),
            "back": showsBack ? .text(reader.formats.number(back)) : .nothing,
        ]
    }

    private func payment(_ payment: Payment, _ reader: PageReader) -> TemplateValue {
        let refunded = sale.refunded(of: payment.id)
        let refundable = sale.refundable(of: payment)
        var word = payment.word
        if refunded.isPositive { word = refunded == payment.captured ? "refunded" : "partlyRefunded" }
        var why = TemplateValue.nothing
        if case .failed(let refusal) = payment.state { why = .text(reader.words.refusalByVipps(code: refusal.code)) }
        var who = TemplateValue.nothing
        if case .phoneNumber(_, let mask) = payment.identification { who = .optional(mask) }
        return [
            "paymentID": .text(payment.id.text), "name": .text(payment.option.name),
            "amount": reader.money(payment.amount),
            "state": reader.text("paymentState.\(word)"), "tone": .text(payment.tone), "why": why, "who": who,
            "reference": .optional(payment.reference), "hasLog": .flag(payment.terms != nil),
            "captured": reader.positive(payment.captured), "refunded": reader.positive(refunded),
            "refundable": refunded.isPositive ? reader.positive(refundable) : .nothing,
            "when": .text(reader.formats.timeOrDate(payment.startedAt, now: reader.now)),
        ]
    }

    private func returned(_ back: LineReturn, _ reader: PageReader) -> TemplateValue {
        let key =
            switch back.state {
            case .open: "open"
            case .completed: "completed"
            case .abandoned: "aborted"
            }
        return [
            "returnID": .text(back.returnID.text), "returnNumber": .text(back.identifier.text),
            "returnTotal": reader.money(back.parts.map(\.total).sum(in: sale.currency)),
            "returnState": reader.text("saleState.\(key)"),
            "returnTone": .text(back.state == .completed ? "good" : back.state == .open ? "info" : ""),
        ]
    }
}

/// What happened to a sale, in order: from the click that began it to the last refund.
struct SaleTimeline {
    let sale: Sale
    let people: PeopleNames

    private struct Moment {
        let at: Date
        let title: String
        var by: String?
        var amount: Money?
        var tone = "info"
        var payment: Payment?
    }

    func values(_ reader: PageReader) -> [TemplateValue] {
        moments(reader).enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map {
            _, moment in
            [
                "instant": .text(reader.formats.attribute(moment.at)),
                "time": .text(reader.formats.timeWithSeconds(moment.at)), "date": .text(reader.formats.date(moment.at)),
                "what": .text(moment.title), "by": .optional(moment.by), "amount": reader.money(moment.amount),
                "tone": .text(moment.tone),
                "log": (moment.payment?.terms == nil ? nil : moment.payment).map { ["paymentID": .text($0.id.text)] }
                    ?? .nothing,
            ]
        }
    }

    private func moments(_ reader: PageReader) -> [Moment] {
        func by(_ user: UserID?) -> String? {
            people.name(user).map { reader.words.text("log.by.cashier", ["name": $0]) }
        }
        var all = [Moment(at: sale.startedAt, title: reader.words.text("view.started"), by: by(sale.startedBy))]
        for payment in sale.payments where payment.state != .withdrawn {
            all.append(
                Moment(
                    at: payment.startedAt, title: "\(payment.option.name): \(reader.words.text("log.step.clicked"))",
                    by: by(payment.startedBy), amount: payment.amount, payment: payment))
            all.append(
                Moment(
                    at: payment.since,
                    title: "\(payment.option.name): \(reader.words.text("paymentState.\(payment.word)"))",
                    amount: payment.captured.isPositive ? payment.captured : nil,
                    tone: payment.tone.split(separator: " ").first.map(String.init) ?? "info"))
        }
        for refund in sale.refunds {
            let row = RefundRow(refund, in: sale)
            all.append(
                Moment(
                    at: refund.requestedAt,
                    title: "\(reader.words.text("refund.title")): \(row.cause(reader))",
                    by: by(refund.requestedBy), amount: refund.amount))
            if let ended = refund.endedAt {
                let isDone = refund.state == .refunded
                all.append(
                    Moment(
                        at: ended, title: reader.words.text("paymentState.\(isDone ? "refunded" : "failed")"),
                        amount: refund.amount, tone: isDone ? "good" : "bad"))
            }
        }
        switch sale.state {
        case .open, .parked: break
        case .completed(let at, let user):
            all.append(
                Moment(
                    at: at, title: reader.words.text("log.step.completed"), by: by(user), amount: sale.total,
                    tone: "good"))
        case .abandoned(let at, let user):
            all.append(Moment(at: at, title: reader.words.text("sale.aborted"), by: by(user), tone: "warn"))
        }
        return all
    }
}
