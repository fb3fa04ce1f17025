import Foundation
import SharedKernel

/// The house that moves the money: Vipps MobilePay in use, a scripted one in tests.
///
/// What every implementation promises:
/// - One call is at most one HTTP request to the payment's endpoint, apart from fetching an access token and one repeat of
///   the same request, with the same key, after an unexpected 401. It never makes an idempotency key.
/// - It does not wait out rate limits and does not retry: the worker does both.
/// - It never throws and never guesses: whatever is not certainly an answer or a refusal is `unknown`.
/// - It reads the trace from `TraceContext.current`, and lets no key, token or phone number into a text it returns.
/// - Cancelling the task ends the call as `unknown`.
package protocol PaymentProvider: Sendable {
    /// Asks the customer for the money.
    func create(_ request: CreateRequest, key: IdempotencyKey) async -> ProviderReply<CreateAnswer>

    /// The payment as it stands. A reference Vipps does not know is the refusal `5090`.
    func get(_ address: PaymentAddress) async -> ProviderReply<PaymentSnapshot>

    /// The payment's event log, oldest first.
    func events(of address: PaymentAddress) async -> ProviderReply<[ProviderEvent]>

    /// Takes `amount` of what is reserved.
    func capture(_ amount: Money, of address: PaymentAddress, key: IdempotencyKey) async -> ProviderReply<
        PaymentSnapshot
    >

    /// Cancels what is not captured. With `transactionOnly` only what the customer has not yet approved, otherwise `6060`.
    func cancel(
        _ address: PaymentAddress, transactionOnly: Bool, key: IdempotencyKey
    ) async -> ProviderReply<PaymentSnapshot>

    /// Pays `amount` of what is captured back to the customer.
    func refund(_ amount: Money, of address: PaymentAddress, key: IdempotencyKey) async -> ProviderReply<
        PaymentSnapshot
    >
}

/// Where a payment is found: whose keys, which sales unit, which reference.
package struct PaymentAddress: Sendable, Hashable {
    package let tenantID: TenantID
    /// The agreement whose keys are used; the provider looks them up at each call, so replaced keys count at once.
    package let agreementID: AgreementID
    /// Merchant Serial Number.
    package let msn: String
    package let reference: String

    package init(tenantID: TenantID, agreementID: AgreementID, msn: String, reference: String) {
        self.tenantID = tenantID
        self.agreementID = agreementID
        self.msn = msn
        self.reference = reference
    }
}

/// The name under which Vipps remembers what it did for us: 1 to 50 characters.
package struct IdempotencyKey: Sendable, Hashable {
    package static let lengthMax = 50
    package let text: String

    package init(_ text: String) {
        precondition((1...Self.lengthMax).contains(text.utf8.count), "an idempotency key has 1 to 50 characters")
        self.text = text
    }

    /// Says which refund it is, so that a refund we have forgotten is known by it in Vipps' log, and is never made again
    /// under another key.
    package init(refund: RefundID) { self.init(Self.refundPrefix + refund.text) }

    /// The refund a key of ours was made for; `nil` for any other key.
    package static func refund(in text: String) -> RefundID? {
        text.hasPrefix(refundPrefix) ? RefundID(String(text.dropFirst(refundPrefix.count))) : nil
    }

    private static let refundPrefix = "refund-"
}

/// Bytes only the provider can open (a CMS envelope). Its description says nothing, so that it may meet a log.
package struct Sealed: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let envelope: Data
    package init(envelope: Data) { self.envelope = envelope }
    package var description: String { "<sealed>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The token of a check-in, good for one payment. Its description says nothing.
package struct CustomerToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let text: String
    package init(_ text: String) { self.text = text }
    package var description: String { "<token>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A payment as Vipps is asked for it.
package struct CreateRequest: Sendable, Hashable {
    package let address: PaymentAddress
    package let amount: Money
    /// Shown to the customer, 3 to 100 characters.
    package let description: String
    package let customer: Customer
    /// Empty: no receipt goes along.
    package let receipt: [ReceiptItem]
    /// The human number of the sale, on the receipt.
    package let saleIdentifier: String

    /// Whom Vipps asks.
    package enum Customer: Sendable, Hashable {
        case phoneNumber(Sealed)
        case personalQR(Sealed)
        case token(CustomerToken)
        /// Nobody: user flow `QR` with the code as text (`TEXT/TARGETURL`). All others are `PUSH_MESSAGE`.
        case oneTimeQR
    }

    package init(
        address: PaymentAddress, amount: Money, description: String, customer: Customer, receipt: [ReceiptItem],
        saleIdentifier: String
    ) {
        self.address = address
        self.amount = amount
        self.description = description
        self.customer = customer
        self.receipt = receipt
        self.saleIdentifier = saleIdentifier
    }
}

/// One order line of the receipt in the customer's app.
package struct ReceiptItem: Sendable, Hashable {
    package let id: String
    package let name: String
    package let quantity: Int
    /// Including tax, before discount.
    package let unitPrice: Money
    package let discount: Money
    /// Including tax, after discount.
    package let total: Money
    package let totalExcludingTax: Money
    /// Hundredths of a per cent: 2500 is 25 %.
    package let taxRate: Int

    package init(
        id: String, name: String, quantity: Int, unitPrice: Money, discount: Money, total: Money,
        totalExcludingTax: Money, taxRate: Int
    ) {
        self.id = id
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discount = discount
        self.total = total
        self.totalExcludingTax = totalExcludingTax
        self.taxRate = taxRate
    }
}

package struct CreateAnswer: Sendable, Hashable {
    /// `redirectUrl`: for a one-time QR the text to draw; absent for a push message.
    package let redirectURL: String?
    package init(redirectURL: String?) { self.redirectURL = redirectURL }
}

/// A payment as GET and the answers to capture, cancel and refund show it.
package struct PaymentSnapshot: Sendable, Hashable {
    package let state: State
    /// What was asked for.
    package let amount: Money
    package let aggregate: Aggregate
    /// Vipps' name for the payment (that of the CREATED event).
    package let pspReference: String?

    /// The five states; none of them says anything about captured money.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case created = "CREATED"
        case authorized = "AUTHORIZED"
        case aborted = "ABORTED"
        case expired = "EXPIRED"
        case terminated = "TERMINATED"
    }

    package init(state: State, amount: Money, aggregate: Aggregate, pspReference: String?) {
        self.state = state
        self.amount = amount
        self.aggregate = aggregate
        self.pspReference = pspReference
    }
}

/// The only truth about money.
package struct Aggregate: Sendable, Hashable {
    package let authorized: Money
    package let captured: Money
    package let refunded: Money
    package let cancelled: Money

    package init(authorized: Money, captured: Money, refunded: Money, cancelled: Money) {
        self.authorized = authorized
        self.captured = captured
        self.refunded = refunded
        self.cancelled = cancelled
    }
}

/// One line of Vipps' own event log.
package struct ProviderEvent: Sendable, Hashable {
    /// The event's own.
    package let pspReference: String
    /// `CREATED`, `AUTHORIZED`, `CAPTURED`, `REFUNDED`, `CANCELLED`, `ABORTED`, `EXPIRED`, `TERMINATED`, or what comes later.
    package let name: String
    package let amount: Money?
    package let occurredAt: Date
    package let idempotencyKey: String?
    package let success: Bool

    package init(
        pspReference: String, name: String, amount: Money?, occurredAt: Date, idempotencyKey: String?, success: Bool
    ) {
        self.pspReference = pspReference
        self.name = name
        self.amount = amount
        self.occurredAt = occurredAt
        self.idempotencyKey = idempotencyKey
        self.success = success
    }
}

/// What came of a call, and the facts about the call for the event log.
package struct ProviderReply<Value: Sendable & Hashable>: Sendable, Hashable {
    package let outcome: ProviderOutcome<Value>
    package let record: CallRecord

    package init(_ outcome: ProviderOutcome<Value>, record: CallRecord) {
        self.outcome = outcome
        self.record = record
    }
}

package enum ProviderOutcome<Value: Sendable & Hashable>: Sendable, Hashable {
    case answered(Value)
    /// Vipps (or we, before calling) said no: nothing was done by this call.
    case refused(Refusal)
    /// Nobody knows whether it was done.
    case unknown(UnknownReason)
    /// 429; `retryAfter` when Vipps said it. Nothing was done.
    case rateLimited(retryAfter: Duration?)
    /// The keys of the agreement are refused, also after a new token. Nothing was done.
    case keysRefused(Refusal)
}

package enum UnknownReason: String, Sendable, Hashable, CaseIterable {
    case timeout
    /// Could not connect, or the connection was lost.
    case connection
    /// 5xx.
    case serverError = "server-error"
    /// A success whose body is not what the API promises.
    case unreadableAnswer = "unreadable-answer"
    /// Our own process was stopping, or died, during the call.
    case interrupted
}

/// A clear no, told by code.
package struct Refusal: Error, Sendable, Hashable {
    /// Vipps' code (`7010`), or one of our own: see `OwnCode`.
    package let code: String
    package let httpStatus: Int?
    /// For support, without personal data; reworded at any time.
    package let detail: String
    package let traceID: String?

    package init(code: String, httpStatus: Int? = nil, detail: String, traceID: String? = nil) {
        self.code = code
        self.httpStatus = httpStatus
        self.detail = detail
        self.traceID = traceID
    }

    /// Codes that are ours, not Vipps'.
    package enum OwnCode {
        /// No keys are stored for the agreement.
        package static let keysMissing = "keys-missing"
        package static let keysRefused = "keys-refused"
        package static let checkInExpired = "check-in-expired"
        package static let checkInUnknown = "check-in-unknown"
        /// The sealed phone number or QR does not open, or holds nothing usable.
        package static let customerDataUnreadable = "customer-data-unreadable"
        /// 403: the sales unit may not do this.
        package static let notAllowed = "not-allowed"
        package static let unknownPayment = "unknown-payment"
        package static let tooMuch = "too-much"
        /// 400 with field errors and no code.
        package static let invalidRequest = "invalid-request"
        /// Any other refusal without a code.
        package static let unexpectedAnswer = "unexpected-answer"
    }
}

/// The facts about one HTTP request, for the event log.
package struct CallRecord: Sendable, Hashable {
    package let startedAt: Date
    package let duration: Duration
    /// `nil` when no answer came.
    package let httpStatus: Int?
    /// Vipps' trace id, or ours.
    package let traceID: String?

    package init(startedAt: Date, duration: Duration, httpStatus: Int?, traceID: String?) {
        self.startedAt = startedAt
        self.duration = duration
        self.httpStatus = httpStatus
        self.traceID = traceID
    }
}
