import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel

/// The one mapping from the refusals of this context to HTTP.
package struct PointOfSaleProblems: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as SignInRefusal {
            let problem = Problem(refusal)
            guard case .tooManyAttempts(let wait) = refusal else { throw problem }
            var response = try problem.response(from: request, context: context)
            response.headers[.retryAfter] = "\(wait.components.seconds)"
            return response
        } catch {
            throw Problem.pointOfSale(error) ?? error
        }
    }
}

extension Problem {
    /// `nil` for errors that are not refusals of this context.
    package static func pointOfSale(_ error: any Error) -> (any Error)? {
        switch error {
        case let rejection as SaleRejection: Problem(rejection)
        case let unknown as Unknown: Problem.notFound(unknown.what)
        case let conflict as Conflict: Problem.conflict(conflict.slug, conflict.reason)
        case let refusal as SignInRefusal: Problem(refusal)
        default: nil
        }
    }

    package init(_ refusal: SignInRefusal) {
        switch refusal {
        case .wrongCredentials:
            self.init(
                .unauthorized, "wrong-credentials", title: "Not signed in",
                detail: "User name and password do not belong together. Check both and try again.")
        case .tooManyAttempts(let wait):
            self.init(
                .tooManyRequests, "too-many-attempts", title: "Too many attempts",
                detail: "Wait \(max(1, wait.components.seconds / 60)) minutes before the next attempt.")
        case .tenantNeeded:
            self = .invalid(
                Invalid(field: "tenant", slug: "missing", reason: "must be given: several tenants have this user name"))
        }
    }

    package init(_ rejection: SaleRejection) {
        switch rejection {
        case .wrongCurrency, .quantityOutOfRange, .priceOutOfRange, .discountOutOfRange, .amountNotPositive,
            .amountBeyondDue, .amountBeyondPaymentMax, .amountBeyondReceived, .amountBeyondRefundable,
            .amountBeyondReturn,
            .quantityBeyondReturnable, .linesDoubled:
            self = .invalid(Self.field(of: rejection))
        case .unknownLine: self = .notFound("line of this sale")
        case .unknownPayment: self = .notFound("payment of this sale")
        case .ended, .parked, .notParked, .notCompleted, .notAReturn, .isAReturn, .noLines, .tooManyLines,
            .tooManyPayments, .paymentUnderWay, .belowReceived, .nothingDue, .notAwaitingIdentification, .paymentEnded,
            .notAVippsPayment, .stillDue, .nothingLeftToReturn:
            let (slug, detail) = Self.conflict(of: rejection)
            self = .conflict(slug, detail)
        }
    }

    /// The field that is wrong.
    private static func field(of rejection: SaleRejection) -> Invalid {
        switch rejection {
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
            Invalid(
                field: "lines", slug: "beyond-returnable", reason: "of line \(line) only \(left) can still be returned")
        case .linesDoubled:
            Invalid(field: "lines", slug: "doubled", reason: "must name each line once")
        default:
            preconditionFailure("\(rejection) has no field")
        }
    }

    private static func conflict(of rejection: SaleRejection) -> (String, String) {
        switch rejection {
        case .ended: ("sale-ended", "This sale has ended and cannot change any more. Start a new one.")
        case .parked: ("sale-parked", "This sale is parked. Resume it first.")
        case .notParked: ("sale-not-parked", "This sale is open already.")
        case .notCompleted: ("sale-not-completed", "Only a sale that has ended can be returned or refunded.")
        case .notAReturn: ("not-a-return", "This is an ordinary sale. Return lines of a completed sale first.")
        case .isAReturn: ("is-a-return", "A return only gives goods and money back.")
        case .noLines: ("no-lines", "The basket is empty. Add a product first.")
        case .tooManyLines(let max):
            ("too-many-lines", "A sale has at most \(max) lines. Finish this one and start another.")
        case .tooManyPayments(let max):
            ("too-many-payments", "A sale has at most \(max) payments. Abandon it and start another.")
        case .paymentUnderWay:
            ("payment-under-way", "A payment is under way. Wait for it or abort it, and try again when it has ended.")
        case .belowReceived(let received):
            ("below-received", "\(received) has already changed hands for this sale; it cannot become less than that.")
        case .nothingDue: ("nothing-due", "Nothing is due: it is paid, or a payment for all of it is under way.")
        case .notAwaitingIdentification: ("not-awaiting", "This payment does not wait for identification any more.")
        case .paymentEnded: ("payment-ended", "This payment is decided already. Look at what became of it.")
        case .notAVippsPayment: ("not-a-vipps-payment", "This was paid in cash.")
        case .stillDue(let due): ("still-due", "\(due) is still to be paid.")
        case .nothingLeftToReturn: ("nothing-to-return", "Every line of this sale has been returned already.")
        default: preconditionFailure("\(rejection) is not a conflict")
        }
    }
}
