import PointOfSale
import SharedKernel

/// What the interface says about each rejection: a field that is wrong, or a state that does not allow it.
extension SaleRejection {
    /// The field to be mended; `nil` when no field is wrong.
    var invalid: Invalid? {
        switch self {
        case .wrongCurrency(let field, let expected):
            Invalid(field: field, slug: "wrong-currency", reason: "must be in \(expected.rawValue)")
        case .quantityOutOfRange(let max):
            Invalid(field: "quantity", slug: "out-of-range", reason: "must be between 1 and \(max)")
        case .priceOutOfRange(let max):
            Invalid(field: "unitPrice", slug: "out-of-range", reason: "must be between 0 and \(max) minor units")
        case .discountOutOfRange:
            Invalid(field: "discount", slug: "out-of-range", reason: "must not be negative or more than the line costs")
        case .amountNotPositive(let field):
            Invalid(field: field, slug: "not-positive", reason: "must be more than nothing")
        case .amountBeyondDue(let due):
            Invalid(field: "amount", slug: "beyond-due", reason: "must be at most what is due: \(due)")
        case .amountBeyondPaymentMax(let max):
            Invalid(field: "amount", slug: "too-large", reason: "must be at most \(max) in one payment")
        case .amountBeyondReceived:
            Invalid(field: "received", slug: "too-little", reason: "must cover the amount")
        case .amountBeyondRefundable(let left):
            Invalid(
                field: "amount", slug: "beyond-refundable",
                reason: "must be at most what is left of the payment: \(left)")
        case .amountBeyondReturn(let left):
            Invalid(
                field: "amount", slug: "beyond-return", reason: "must be at most what the return still owes: \(left)")
        case .quantityBeyondReturnable(let line, let left):
            Invalid(field: "lines", slug: "beyond-returnable", reason: "of line \(line) only \(left) can be returned")
        case .linesDoubled: Invalid(field: "lines", slug: "doubled", reason: "must name each line once")
        case .ended, .parked, .notParked, .notCompleted, .notAReturn, .isAReturn, .noLines, .tooManyLines,
            .tooManyPayments, .unknownLine, .unknownPayment, .paymentUnderWay, .belowReceived, .nothingDue,
            .notAwaitingIdentification, .paymentEnded, .notAVippsPayment, .stillDue, .nothingLeftToReturn:
            nil
        }
    }

    /// Why it is not possible as things are, and what to do; `nil` for wrong fields and unknown things.
    var conflict: Conflict? {
        switch self {
        case .ended: Conflict("sale-ended", "This sale has ended and cannot change any more. Start a new one.")
        case .parked: Conflict("sale-parked", "This sale is parked. Resume it first.")
        case .notParked: Conflict("sale-not-parked", "This sale is open already.")
        case .notCompleted: Conflict("sale-not-completed", "Only a sale that has ended can be returned or refunded.")
        case .notAReturn: Conflict("not-a-return", "This is an ordinary sale. Return lines of a completed sale first.")
        case .isAReturn: Conflict("is-a-return", "A return only gives goods and money back.")
        case .noLines: Conflict("no-lines", "The basket is empty. Add a product first.")
        case .tooManyLines(let max):
            Conflict("too-many-lines", "A sale has at most \(max) lines. Finish this one and start another.")
        case .tooManyPayments(let max):
            Conflict("too-many-payments", "A sale has at most \(max) payments. Abandon it and start another.")
        case .paymentUnderWay:
            Conflict(
                "payment-under-way", "A payment is under way. Wait for it, or abort it and try again when it has ended."
            )
        case .belowReceived(let received):
            Conflict("below-received", "\(received) has changed hands for this sale; it cannot become less than that.")
        case .nothingDue:
            Conflict("nothing-due", "Nothing is due: it is paid, or a payment for all of it is under way.")
        case .notAwaitingIdentification:
            Conflict("not-awaiting", "This payment does not wait for identification any more.")
        case .paymentEnded: Conflict("payment-ended", "This payment is decided already. Look at what became of it.")
        case .notAVippsPayment: Conflict("not-a-vipps-payment", "This was paid in cash.")
        case .stillDue(let due): Conflict("still-due", "\(due) is still to be paid.")
        case .nothingLeftToReturn: Conflict("nothing-to-return", "There is nothing left to return of this sale.")
        case .unknownLine, .unknownPayment, .wrongCurrency, .quantityOutOfRange, .priceOutOfRange, .discountOutOfRange,
            .amountNotPositive, .amountBeyondDue, .amountBeyondPaymentMax, .amountBeyondReceived,
            .amountBeyondRefundable, .amountBeyondReturn, .quantityBeyondReturnable, .linesDoubled:
            nil
        }
    }
}
