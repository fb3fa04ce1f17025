import Foundation
import PointOfSale
import SharedKernel
import WebUI

/// How much is taken, and whether an invoice is mailed.
package struct AmountStage: Sendable {
    let sale: Sale
    let option: PaymentOption

    package init(sale: Sale, option: PaymentOption) {
        self.sale = sale
        self.option = option
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let most = min(
            sale.due, Money(minorUnits: option.method == .cash ? .max : Money.amountMax, currency: sale.currency))
        return [
            "amount": .text(reader.formats.input(most)),
            "payAmount": reader.text("pay.payAmount", ["amount": reader.formats.money(most)]),
            "symbol": .text(reader.formats.symbol(of: sale.currency)),
            "email": .optional(sale.invoiceEmail?.text), "mails": .flag(sale.invoiceEmail != nil),
            "notes": .list(
                Self.notes(for: sale.due).map { note in
                    [
                        "noteValue": .text(reader.formats.input(note)), "noteName": reader.money(note),
                        "isExact": .flag(note == sale.due),
                    ]
                }),
        ]
    }

    /// What a customer probably hands over: the exact amount, and the next round sums in notes.
    package static func notes(for due: Money) -> [Money] {
        let notes: [Int64] =
            switch due.currency {
            case .nok, .dkk: [5_000, 10_000, 20_000, 50_000, 100_000]
            case .eur: [500, 1_000, 2_000, 5_000, 10_000]
            }
        let round = notes.map { (due.minorUnits + $0 - 1) / $0 * $0 }.filter { $0 > due.minorUnits }
        var sums: [Int64] = []
        for sum in round where !sums.contains(sum) { sums.append(sum) }
        return ([due.minorUnits] + sums.prefix(3)).map { Money(minorUnits: $0, currency: due.currency) }
    }
}

/// Who is paying: a number is typed, or the customer scans the till's code, or one of the other ways.
package struct IdentifyStage: Sendable {
    let payment: Payment
    let checkIn: CheckIn?
    /// The till's printed code, by its name.
    let place: String?
    let market: Market

    package init(payment: Payment, checkIn: CheckIn?, place: String?, market: Market) {
        self.payment = payment
        self.checkIn = checkIn
        self.place = place
        self.market = market
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let country = reader.words.text("country.\(market.rawValue)")
        return [
            "paymentID": .text(payment.id.text), "amount": reader.money(payment.amount),
            "phoneHint": reader.text("identify.phoneHint", ["country": "\(country) (+\(market.callingCode))"]),
            "place": place.map { reader.text("identify.codeText", ["place": $0]) } ?? .nothing,
            "checkIn": checkIn.map { CheckInNotice($0).values(reader) } ?? .nothing,
        ]
    }
}

/// Whom we wait for, for how long, and what to do meanwhile.
package struct WaitingStage: Sendable {
    let sale: Sale
    let payment: Payment

    package init(sale: Sale, payment: Payment) {
        self.sale = sale
        self.payment = payment
    }

    private enum Step: Int { case us, vipps, customer, money }

    private var step: Step {
        switch payment.state {
        case .requested, .awaitingIdentification: .us
        case .atVipps: .customer
        case .authorized, .captured: .money
        case .aborting, .aborted, .expired, .terminated, .failed, .released, .withdrawn: .vipps
        }
    }

    private var isAborting: Bool { if case .aborting = payment.state { true } else { false } }
    private var code: String? { if case .atVipps(_, let content) = payment.state { content } else { nil } }

    package func values(_ reader: PageReader) -> TemplateValue {
        let title = reader.words.text(titleKey)
        let until: Date? = if case .atVipps(let expiresAt, _) = payment.state { expiresAt } else { nil }
        return [
            "paymentID": .text(payment.id.text), "amount": reader.money(payment.amount), "waitTitle": .text(title),
            "lead": lead(reader), "announce": .text("\(title). \(reader.formats.money(payment.amount))"),
            "since": .text(reader.formats.attribute(payment.since)),
            "ring": until.map { until in
                [
                    "ringFrom": .text(reader.formats.attribute(payment.startedAt)),
                    "ringUntil": .text(reader.formats.attribute(until)),
                ]
            } ?? .nothing,
            "steps": .list(steps(reader)), "hasCode": .flag(code != nil), "isAborting": .flag(isAborting),
            "canAbort": .flag(step == .us || step == .customer),
            "isPhone": .flag(payment.identification?.isPhone ?? false),
            "wasRefusedPush": .flag(payment.fallbackFor != nil),
            "isSwitching": .flag(sale.isReplacing),
        ]
    }

    private var titleKey: String {
        switch payment.state {
        case .requested, .awaitingIdentification: "wait.forUs"
        case .atVipps: "wait.forCustomer"
        case .authorized, .captured: "wait.capturing"
        case .aborting, .aborted, .expired, .terminated, .failed, .released, .withdrawn: "wait.aborting"
        }
    }

    private func lead(_ reader: PageReader) -> TemplateValue {
        guard step == .customer else { return .nothing }
        if code != nil { return reader.text("wait.tellScan") }
        if case .phoneNumber(_, let mask?) = payment.identification {
            return .text(
                reader.words.text("identify.masked", ["phone": mask]) + ". " + reader.words.text("wait.tellCustomer"))
        }
        return reader.text("wait.tellCustomer")
    }

    private func steps(_ reader: PageReader) -> [TemplateValue] {
        let names = ["wait.us", "wait.vipps", "wait.customer"].map { reader.words.text($0) }
        let current = step == .money ? Step.vipps.rawValue : step.rawValue
        let isMoney = step == .money
        return names.enumerated().map { position, name in
            [
                "stepName": .text(name), "isNow": .flag(position == current),
                "isDone": .flag(position != current && (position < current || isMoney)),
            ]
        }
    }

    /// What helps when it takes long.
    package func hint(_ reader: PageReader) -> TemplateValue {
        let key =
            switch step {
            case .customer: code == nil ? "wait.tellOpenApp" : "wait.tellScan"
            case .us, .vipps, .money: "wait.retrying"
            }
        return ["hint": reader.text(key)]
    }
}

/// What became of a payment, and what to do now.
package struct ResultStage: Sendable {
    let sale: Sale
    let payment: Payment

    package init(sale: Sale, payment: Payment) {
        self.sale = sale
        self.payment = payment
    }

    private var isPaid: Bool { payment.captured.isPositive }

    package func values(_ reader: PageReader) -> TemplateValue {
        let told = told(reader)
        let change: Money? = if case .cash(_, let change) = payment.means, change.isPositive { change } else { nil }
        return [
            "tone": .text(told.tone), "icon": .text(isPaid ? "check" : told.tone == "bad" ? "error" : "close"),
            "resultTitle": .text(told.title), "resultText": .text(told.text),
            "announce": .text("\(told.title). \(told.text)"),
            "amount": isPaid ? reader.money(payment.captured) : .nothing, "change": reader.money(change),
            "isDone": .flag(!sale.isUnderWay), "isPart": .flag(isPaid && sale.isUnderWay),
            "invoice": sale.isUnderWay ? .nothing : InvoiceNote(sale).value(reader),
            "late": lateRefund(reader), "attempts": .text(String(sale.payments.count)),
        ]
    }

    private func told(_ reader: PageReader) -> (tone: String, title: String, text: String) {
        func words(_ tone: String, _ title: String, _ text: String, _ values: [String: String] = [:]) -> (
            tone: String, title: String, text: String
        ) {
            (tone, reader.words.text("result.\(title)"), reader.words.text("result.\(text)", values))
        }
        switch payment.state {
        case .captured where sale.isUnderWay:
            return words("good", "partPaid", "partPaidText", ["amount": reader.formats.money(sale.due)])
        case .captured: return words("good", "paid", "paidText", ["number": sale.identifier.text])
        case .aborted: return words("warn", "declined", "declinedText")
        case .expired: return words("warn", "expired", "expiredText")
        case .failed(let refusal):
            return (
                "bad", reader.words.text("result.failed"), reader.words.refusalByVipps(code: refusal.code)
            )
        case .terminated, .released, .withdrawn, .awaitingIdentification, .requested, .atVipps, .authorized, .aborting:
            return words("warn", "aborted", "abortedText")
        }
    }

    private func lateRefund(_ reader: PageReader) -> TemplateValue {
        let back = sale.refunds.filter { $0.cause == .tooLate || $0.cause == .tooMuch }
        guard !back.isEmpty else { return .nothing }
        return .list(back.map { RefundRow($0, in: sale).values(reader) })
    }
}

/// What is being paid, beside the stage.
package struct PaymentSummary: Sendable {
    let sale: Sale

    package init(_ sale: Sale) { self.sale = sale }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "saleID": .text(sale.id.text), "live": .text("sale/\(sale.id)"),
            "title": reader.text("sale.number", ["number": sale.identifier.text]),
            "lines": .list(
                sale.lines.map { line in
                    [
                        "name": .text(line.name), "quantity": .text(reader.formats.number(line.quantity)),
                        "amount": reader.money(line.total),
                    ]
                }),
            "total": reader.money(sale.total), "received": reader.positive(sale.received),
            "left": reader.money(max(sale.zero, sale.total - sale.received)),
            "payments": .list(
                sale.payments.filter { $0.state != .withdrawn }.map { payment in
                    [
                        "name": .text(payment.option.name), "amount": reader.money(payment.amount),
                        "state": reader.text("paymentState.\(payment.word)"), "tone": .text(payment.tone),
                    ]
                }),
        ]
    }
}

extension Identification {
    var isPhone: Bool {
        switch self {
        case .phoneNumber: true
        case .personalQR, .checkIn, .oneTimeQR: false
        }
    }
}
