import Foundation
import PointOfSale
import SharedKernel
import WebUI

/// The basket beside the products: lines, totals, and the ways to pay; or what became of it.
package struct SalePanel: Sendable {
    let sale: Sale
    /// The enabled ones.
    let options: [PaymentOption]
    let hasElectronicPayments: Bool
    /// Of a return: the sale whose lines come back.
    let original: Sale?
    let checkIn: CheckIn?
    let parked: Int

    package init(
        sale: Sale, options: [PaymentOption], hasElectronicPayments: Bool, original: Sale?, checkIn: CheckIn?,
        parked: Int
    ) {
        self.sale = sale
        self.options = options
        self.hasElectronicPayments = hasElectronicPayments
        self.original = original
        self.checkIn = checkIn
        self.parked = parked
    }

    package var template: String { sale.isUnderWay ? "sale/panel" : "sale/ended" }

    package func values(_ reader: PageReader) -> TemplateValue {
        TemplateValue.object(common(reader)).merging(sale.isUnderWay ? underWay(reader) : ended(reader))
    }

    private func common(_ reader: PageReader) -> [String: TemplateValue] {
        let views = ["sale/\(sale.id)", "payment-options"] + (sale.agentInstanceID.map { ["till/\($0)"] } ?? [])
        return [
            "saleID": .text(sale.id.text), "live": .text(views.joined(separator: " ")),
            "title": reader.text("sale.number", ["number": sale.identifier.text]),
            "returnOf": returnOf.map { reader.text("sale.returnOf", ["number": $0]) } ?? .nothing,
            "lines": .list(sale.lines.map { line($0, reader) }),
            "vat": .list(
                sale.taxes.map { tax in
                    [
                        "vatLabel": reader.text("sale.vatOf", ["rate": reader.percent(tax.rate.basisPoints)]),
                        "vatAmount": reader.money(tax.tax),
                    ]
                }),
            "total": reader.money(sale.total),
            "isReturn": .flag(sale.isReturn),
        ]
    }

    private var returnOf: String? {
        if case .returning(_, let identifier) = sale.kind { identifier.text } else { nil }
    }

    // MARK: Under way

    private func underWay(_ reader: PageReader) -> [String: TemplateValue] {
        let isLocked = sale.linesAreLocked
        let waiting = sale.payments.last { !$0.state.isEnded }
        let count = sale.lines.map(\.quantity).reduce(0, +)
        let canPay = sale.due.isPositive && !sale.isReturn && sale.state == .open
        let buttons = canPay ? payButtons(isPaying: waiting != nil, reader) : (quick: [], others: [])
        let refunds = sale.isReturn && sale.due.isPositive ? refundButtons(reader) : []
        return [
            "isLocked": .flag(isLocked), "isEmpty": .flag(sale.lines.isEmpty), "isParked": .flag(sale.state == .parked),
            "items": .text(reader.words.count("sale.items", count)),
            "received": sale.isReturn ? .nothing : reader.positive(sale.received),
            "givenBack": sale.isReturn ? reader.positive(sale.received) : .nothing,
            "onItsWay": sale.isReturn ? reader.positive(sale.pending) : .nothing,
            "due": reader.money(sale.isReturn ? sale.due : sale.total - sale.received),
            "dueLabel": reader.text(sale.isReturn ? "sale.toRefund" : "sale.due"),
            "waiting": waiting.map { payment in
                [
                    "waitingText": reader.text("paymentState.\(payment.word)"),
                    "waitingAmount": reader.money(payment.amount), "waitingOption": .text(payment.option.name),
                ]
            } ?? .nothing,
            "payments": .list(
                sale.payments.filter { $0.state.isEnded && !$0.captured.isZero }.map { payment in
                    [
                        "name": .text(payment.option.name), "amount": reader.money(payment.captured),
                        "state": reader.text("paymentState.\(payment.word)"),
                    ]
                }),
            "refundStates": .list(sale.refunds.map { RefundRow($0, in: sale).values(reader) }),
            "buttons": .list(buttons.quick), "others": .list(buttons.others),
            "hasOthers": .flag(!buttons.others.isEmpty),
            "hasButtons": .flag(!buttons.quick.isEmpty),
            "quickest": buttons.quick.first ?? .nothing,
            "noOptions": .flag(canPay && options.isEmpty),
            "noFeature": .flag(canPay && !hasElectronicPayments && options.contains { $0.method == .vippsEPayment }),
            "canComplete": .flag(canComplete), "endsUnpaid": .flag(canComplete && sale.isReturn),
            "refunds": .list(refunds), "canRefund": .flag(!refunds.isEmpty),
            "canPark": .flag(
                sale.state == .open && !sale.hasPaymentInFlight && sale.pending.isZero && !sale.lines.isEmpty),
            "parkedCount": parked == 0 ? .nothing : .text(reader.words.count("park.count", parked)),
            "checkIn": checkIn.map { CheckInNotice($0).values(reader) } ?? .nothing,
        ]
    }

    private var canComplete: Bool {
        guard sale.state == .open, !sale.lines.isEmpty else { return false }
        return sale.isReturn
            ? original?.canEndUnpaid(sale) ?? false : sale.due.isZero && sale.pending.isZero
    }

    private func line(_ line: SaleLine, _ reader: PageReader) -> TemplateValue {
        var details = reader.formats.money(line.unitPrice)
        switch line.discountRule {
        case .none: break
        case .rate(let rate): details += " · " + discountShown(reader.percent(rate), reader)
        case .amount(let amount): details += " · " + discountShown(reader.formats.money(amount), reader)
        }
        let name = ["name": line.name]
        // Of an identifier made from the time the end differs most; it only tells the buttons of one basket apart.
        return [
            "lineID": .text(line.id.text), "key": .text(String(line.id.text.suffix(12))), "name": .text(line.name),
            "details": .text(details),
            "quantity": .text(reader.formats.number(line.quantity)), "amount": reader.money(line.total),
            "more": .text(String(line.quantity + 1)), "less": .text(String(line.quantity - 1)),
            "moreLabel": reader.text("sale.oneMore", name), "lessLabel": reader.text("sale.oneLess", name),
            "editLabel": reader.text("sale.editLine", name),
        ]
    }

    private func discountShown(_ amount: String, _ reader: PageReader) -> String {
        reader.words.text("sale.discountShown", ["percent": amount])
    }

    /// Large buttons for quick access, the others in a menu. Vipps first, as it is the fastest. While a payment of a part is
    /// under way, that is what the cashier looks at: all are in the menu.
    private func payButtons(
        isPaying: Bool, _ reader: PageReader
    ) -> (quick: [TemplateValue], others: [TemplateValue]) {
        let vipps = options.filter { $0.method == .vippsEPayment }
        let usable = (hasElectronicPayments ? vipps : []) + options.filter { $0.method != .vippsEPayment }
        let quick = isPaying ? [] : usable.filter(\.quickAccess)
        func value(_ option: PaymentOption, _ position: Int?) -> TemplateValue {
            let key = position.flatMap { $0 < 4 ? "F\($0 + 9)" : nil }
            return [
                "optionID": .text(option.id.text), "optionName": .text(option.name), "key": .optional(key),
                "isPrimary": .flag(position == 0), "isVipps": .flag(option.method == .vippsEPayment),
            ]
        }
        return (
            quick.enumerated().map { value($1, $0) },
            usable.filter { isPaying || !$0.quickAccess }.map { value($0, nil) }
        )
    }

    private func refundButtons(_ reader: PageReader) -> [TemplateValue] {
        guard let original else { return [] }
        return original.payments.filter { original.refundable(of: $0).isPositive }.map { payment in
            [
                "paymentID": .text(payment.id.text), "optionName": .text(payment.option.name),
                "amount": reader.money(min(original.refundable(of: payment), sale.due)),
            ]
        }
    }

    // MARK: Ended

    private func ended(_ reader: PageReader) -> [String: TemplateValue] {
        let isCompleted = if case .completed = sale.state { true } else { false }
        let key = isCompleted ? "sale.completed" : "sale.aborted"
        return [
            "isCompleted": .flag(isCompleted),
            "endTitle": reader.text(key, ["number": sale.identifier.text]),
            "change": reader.positive(sale.change),
            "endAmount": reader.money(sale.isReturn ? sale.received : sale.total),
            "payments": .list(
                sale.payments.filter { !$0.captured.isZero }.map { payment in
                    ["name": .text(payment.option.name), "amount": reader.money(payment.captured)]
                }),
            "refundStates": .list(sale.refunds.map { RefundRow($0, in: sale).values(reader) }),
            "invoice": isCompleted ? InvoiceNote(sale).value(reader) : .nothing,
        ]
    }
}

/// Where a sale begins: nothing in hand.
package struct ReadyPanel: Sendable {
    let current: CurrentSession
    let tills: [AgentInstance]
    let units: [OrganizationalUnit]
    let last: SaleSummary?
    let parked: Int
    let checkIn: CheckIn?

    package func values(_ reader: PageReader) -> TemplateValue {
        let till = current.agentInstance
        let views = ["sales", "agent-instances"] + (till.map { ["till/\($0.id)"] } ?? [])
        return TillChoice(tills: tills, units: units, current: current).values.merging([
            "live": .text(views.joined(separator: " ")), "hasTill": .flag(till != nil),
            // A session without a till of its own may sell, but is shown the tills first.
            "choosesTill": .flag(till.map(\.isNoAgent) ?? true),
            "last": last.map { sale in
                [
                    "lastID": .text(sale.id.text), "lastNumber": .text(sale.identifier),
                    "lastTotal": reader.money(sale.total),
                    "lastWhen": .text(
                        reader.formats.age(of: sale.endedAt ?? sale.startedAt, now: reader.now, words: reader.words)),
                ]
            } ?? .nothing,
            "parkedCount": parked == 0 ? .nothing : .text(reader.words.count("park.count", parked)),
            "checkIn": checkIn.map { CheckInNotice($0).values(reader) } ?? .nothing,
        ])
    }
}

/// A customer who scanned the till's code before anybody asked.
struct CheckInNotice {
    let checkIn: CheckIn

    init(_ checkIn: CheckIn) { self.checkIn = checkIn }

    func values(_ reader: PageReader) -> TemplateValue {
        let age = reader.formats.age(of: checkIn.initiatedAt, now: reader.now, words: reader.words)
        return [
            "checkInID": .text(checkIn.id.text), "checkInAge": reader.text("identify.checkedInAge", ["age": age]),
            "checkInUntil": .text(reader.formats.attribute(checkIn.validUntil)),
        ]
    }
}

/// Whether and where an invoice goes.
struct InvoiceNote {
    let sale: Sale

    init(_ sale: Sale) { self.sale = sale }

    func value(_ reader: PageReader) -> TemplateValue {
        sale.invoiceEmail.map { reader.text("result.invoiceTo", ["address": $0.text]) } ?? .nothing
    }
}
