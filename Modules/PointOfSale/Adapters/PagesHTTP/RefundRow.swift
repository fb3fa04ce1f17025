import PointOfSale
import SharedKernel
import WebUI

/// One refund in a list: how much, along what, why, and how it stands.
struct RefundRow {
    let refund: Refund
    let sale: Sale

    init(_ refund: Refund, in sale: Sale) {
        self.refund = refund
        self.sale = sale
    }

    func values(_ reader: PageReader) -> TemplateValue {
        let (tone, state): (String, String) =
            switch refund.state {
            case .requested: ("info busy", reader.words.text("paymentState.refunding"))
            case .refunded: ("good", reader.words.text("paymentState.refunded"))
            case .failed: ("bad", reader.words.text("paymentState.failed"))
            }
        var why = TemplateValue.nothing
        if case .failed(let refusal) = refund.state {
            let reason = reader.words.refusalByVipps(code: refusal.code)
            why = reader.text("refund.refused", ["reason": reason])
        }
        return [
            "refundAmount": reader.money(refund.amount), "refundTone": .text(tone), "refundState": .text(state),
            "refundWhy": why, "refundName": .text(name(reader)), "refundCause": .text(cause(reader)),
            "refundWhen": .text(reader.formats.timeOrDate(refund.endedAt ?? refund.requestedAt, now: reader.now)),
        ]
    }

    private func name(_ reader: PageReader) -> String {
        sale.payment(refund.paymentID)?.option.name
            ?? reader.words.text("paymentKind.\(refund.method == .cash ? "cash" : "vipps")")
    }

    func cause(_ reader: PageReader) -> String {
        switch refund.cause {
        case .returned(let id):
            let number = sale.returns.first { $0.returnID == id }?.identifier.text ?? sale.identifier.text
            return "\(reader.words.text("sale.returnLine")) \(number)"
        case .reason(let text): return text
        case .tooLate: return reader.words.text("result.lateRefunded")
        case .tooMuch: return reader.words.text("refund.tooMuchPaid")
        case .outside: return reader.words.text("log.by.portal")
        }
    }
}

extension Payment {
    /// The key of the state's words under `paymentState`.
    package var word: String {
        switch state {
        case .awaitingIdentification: "awaiting"
        case .requested: "requested"
        case .atVipps: "created"
        case .authorized: "authorized"
        case .captured: "captured"
        case .aborting: "aborting"
        case .aborted: "aborted"
        case .expired: "expired"
        case .terminated, .released, .withdrawn: "terminated"
        case .failed: "failed"
        }
    }

    /// The colour of the state's chip.
    package var tone: String {
        switch state {
        case .awaitingIdentification, .requested, .atVipps, .authorized, .aborting: "info busy"
        case .captured: "good"
        case .aborted, .expired, .terminated, .released, .withdrawn: "warn"
        case .failed: "bad"
        }
    }
}
