import HTTPServing
import HTTPTypes
import PointOfSale
import SharedKernel
import WebUI

/// Why a sale does not do what was asked, in words for a cashier, at the field where it can be mended.
struct RefusalWords {
    private let reader: PageReader

    init(_ reader: PageReader) { self.reader = reader }

    func problem(_ rejection: SaleRejection) -> Problem {
        let text = text(rejection)
        let title = reader.words.text("error.title")
        guard let field = field(rejection) else {
            return Problem(.conflict, "refused", title: title, detail: text)
        }
        return FormMistake(field, text).problem(reader.words)
    }

    func text(_ rejection: SaleRejection) -> String {
        switch rejection {
        case .ended: words("ended")
        case .parked: words("parked")
        case .notParked: words("notParked")
        case .notCompleted: words("notCompleted")
        case .notAReturn: words("notAReturn")
        case .isAReturn: words("isAReturn")
        case .noLines: words("noLines")
        case .tooManyLines(let max): words("tooManyLines", ["max": String(max)])
        case .tooManyPayments(let max): words("tooManyPayments", ["max": String(max)])
        case .unknownLine: words("unknownLine")
        case .unknownPayment: words("unknownPayment")
        case .quantityOutOfRange(let max): words("quantityOutOfRange", ["max": reader.formats.number(max)])
        case .priceOutOfRange(let max): words("priceOutOfRange", ["max": reader.formats.number(Int(max / 100))])
        case .discountOutOfRange: words("discountOutOfRange")
        case .wrongCurrency(_, let expected): words("wrongCurrency", ["currency": expected.rawValue])
        case .paymentUnderWay: words("paymentUnderWay")
        case .belowReceived(let received): words("belowReceived", received)
        case .amountNotPositive: words("amountNotPositive")
        case .nothingDue: words("nothingDue")
        case .amountBeyondDue(let due): words("amountBeyondDue", due)
        case .amountBeyondPaymentMax(let max): words("amountBeyondPaymentMax", max)
        case .amountBeyondReceived: words("amountBeyondReceived")
        case .notAwaitingIdentification: words("notAwaitingIdentification")
        case .paymentEnded: words("paymentEnded")
        case .notAVippsPayment: words("notAVippsPayment")
        case .stillDue(let due): words("stillDue", due)
        case .nothingLeftToReturn: words("nothingLeftToReturn")
        case .quantityBeyondReturnable(_, let left): words("quantityBeyondReturnable", ["left": String(left)])
        case .amountBeyondRefundable(let left): words("amountBeyondRefundable", left)
        case .amountBeyondReturn(let left): words("amountBeyondReturn", left)
        case .linesDoubled: words("linesDoubled")
        }
    }

    /// The field of the pages' forms where the words belong; `nil` when no field is wrong.
    private func field(_ rejection: SaleRejection) -> String? {
        switch rejection {
        case .quantityOutOfRange: "quantity"
        case .priceOutOfRange: "price"
        case .discountOutOfRange: "discount"
        case .amountNotPositive(let field): field
        case .amountBeyondReceived: "received"
        case .amountBeyondDue, .amountBeyondPaymentMax, .amountBeyondRefundable, .amountBeyondReturn: "amount"
        case .quantityBeyondReturnable(let line, _): "quantity-\(line)"
        case .ended, .parked, .notParked, .notCompleted, .notAReturn, .isAReturn, .noLines, .tooManyLines,
            .tooManyPayments, .unknownLine, .unknownPayment, .wrongCurrency, .paymentUnderWay, .belowReceived,
            .nothingDue, .notAwaitingIdentification, .paymentEnded, .notAVippsPayment, .stillDue,
            .nothingLeftToReturn, .linesDoubled:
            nil
        }
    }

    private func words(_ key: String, _ values: [String: String] = [:]) -> String {
        reader.words.text("refusal.\(key)", values)
    }

    private func words(_ key: String, _ amount: Money) -> String {
        words(key, ["amount": reader.formats.money(amount)])
    }
}
