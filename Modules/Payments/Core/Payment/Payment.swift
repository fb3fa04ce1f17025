import Foundation
import SharedKernel

/// One attempt to take one amount from one customer, from the till's wish to the last refund.
///
/// A value without clock or I/O. `decide` says what follows from a command or from something heard of Vipps,
/// `evolved(by:)` applies it, `nextCall` says what to ask of Vipps and when. The worker only obeys.
///
/// Kept up by construction and walked through at random by the tests:
/// - at most one of create, capture and cancel is open, and only the oldest open refund is worked on;
/// - a payment that has not ended, or owes a refund, always has a next call (unless one is under way);
/// - money is believed only from `aggregate`: `captured` is never concluded from a success status.
package struct Payment: Sendable, Hashable {
    package let terms: PaymentTerms
    /// Whom Vipps asks; `nil` once the payment has ended (erased).
    package internal(set) var customer: CustomerReference?
    package internal(set) var phase: Phase
    /// Somebody gave the payment up.
    package internal(set) var givenUp: GivenUp?
    /// The aggregate as last seen; `nil` before Vipps has shown one.
    package internal(set) var aggregate: Aggregate?
    /// What of `aggregate.refunded` is already told, ours and from outside.
    package internal(set) var refundedTold: Money
    /// Everything ever asked of Vipps that acts, in the order of planning.
    package internal(set) var operations: [PaymentOperation]
    /// The next GET.
    package internal(set) var look: Look
    /// The next reading of Vipps' event log.
    package internal(set) var logReading: Look
    /// Set while something has been unresolved for too long; it is still being worked on.
    package internal(set) var attentionSince: Date?
    /// When a webhook first woke us while the customer was deciding; for the measure from webhook to captured.
    package internal(set) var webhookAt: Date?
    /// When each endpoint was called in the last minute.
    package internal(set) var callWindows: CallWindows

    package enum Phase: Sendable, Hashable {
        /// Not yet known to be at Vipps.
        case requested
        /// The customer is asked, until `expiresAt`.
        case created(at: Date, expiresAt: Date)
        /// The money is reserved.
        case authorized(at: Date)
        /// The money is taken.
        case captured(at: Date, amount: Money)
        /// The customer declined.
        case aborted(at: Date)
        case expired(at: Date)
        /// Cancelled before the customer approved, or never asked for.
        case terminated(at: Date)
        /// The reservation was let go.
        case released(at: Date)
        /// Vipps refused to ask the customer.
        case failed(Refusal, at: Date)
    }

    package struct GivenUp: Sendable, Hashable {
        package let reason: GiveUpReason
        package let at: Date
        package let cause: Cause

        package init(reason: GiveUpReason, at: Date, cause: Cause) {
            self.reason = reason
            self.at = at
            self.cause = cause
        }
    }

    /// When to read something again, and how often in a row that has not worked.
    package struct Look: Sendable, Hashable {
        package let at: Date?
        package let failures: Int
        /// Nothing speaks for a change but the time that has passed. Others come first.
        package let isRoutine: Bool

        package static let none = Look(at: nil, failures: 0)

        package init(at: Date?, failures: Int, isRoutine: Bool = false) {
            self.at = at
            self.failures = failures
            self.isRoutine = isRoutine
        }
    }

    /// A payment the till has just asked for. Nothing is planned yet: `decide(.begin)` does that.
    package init(_ terms: PaymentTerms, customer: CustomerReference) {
        self.init(
            terms: terms, customer: customer, phase: .requested, givenUp: nil, aggregate: nil,
            refundedTold: .zero(terms.amount.currency), operations: [], look: .none, logReading: .none,
            attentionSince: nil, webhookAt: nil, callWindows: CallWindows())
    }

    /// As a store has kept it.
    package init(
        terms: PaymentTerms, customer: CustomerReference?, phase: Phase, givenUp: GivenUp?, aggregate: Aggregate?,
        refundedTold: Money, operations: [PaymentOperation], look: Look, logReading: Look, attentionSince: Date?,
        webhookAt: Date?, callWindows: CallWindows
    ) {
        self.terms = terms
        self.customer = customer
        self.phase = phase
        self.givenUp = givenUp
        self.aggregate = aggregate
        self.refundedTold = refundedTold
        self.operations = operations
        self.look = look
        self.logReading = logReading
        self.attentionSince = attentionSince
        self.webhookAt = webhookAt
        self.callWindows = callWindows
    }
}

extension Payment.Phase {
    /// No more will happen to the payment itself; refunds may still follow a captured one.
    package var isEnd: Bool {
        switch self {
        case .requested, .created, .authorized: false
        case .captured, .aborted, .expired, .terminated, .released, .failed: true
        }
    }

    /// One word, for rows and metrics.
    package var word: String {
        switch self {
        case .requested: "requested"
        case .created: "created"
        case .authorized: "authorized"
        case .captured: "captured"
        case .aborted: "aborted"
        case .expired: "expired"
        case .terminated: "terminated"
        case .released: "released"
        case .failed: "failed"
        }
    }

    package static let words = [
        "requested", "created", "authorized", "captured", "aborted", "expired", "terminated", "released", "failed",
    ]
}

/// What the till asked for; never changes.
package struct PaymentTerms: Sendable, Hashable {
    package let paymentID: PaymentID
    package let saleID: SaleID
    /// The human number of the sale.
    package let saleIdentifier: String
    package let address: PaymentAddress
    package let amount: Money
    /// Shown to the customer.
    package let description: String
    package let receipt: [ReceiptItem]
    package let requestedAt: Date
    /// The till's wish, from which every later message and call descends.
    package let cause: Cause

    package static let referenceLengths = 8...64
    package static let descriptionLengths = 3...100
    package static let receiptItemsMax = 1_000

    /// - Throws: `Invalid` naming the field, for what Vipps would refuse anyhow or could not be repeated safely.
    package init(
        paymentID: PaymentID, saleID: SaleID, saleIdentifier: String, address: PaymentAddress, amount: Money,
        description: String, receipt: [ReceiptItem], requestedAt: Date, cause: Cause
    ) throws(Invalid) {
        guard (1...Money.amountMax).contains(amount.minorUnits) else {
            throw Invalid(
                field: "amount", slug: "amount-out-of-range", reason: "must be 1 to \(Money.amountMax) minor units")
        }
        guard Self.referenceLengths.contains(address.reference.utf8.count),
            address.reference.utf8.allSatisfy({ Self.isReferenceCharacter($0) })
        else {
            throw Invalid(
                field: "reference", slug: "reference-malformed",
                reason: "must be 8 to 64 letters, digits and hyphens")
        }
        guard Self.descriptionLengths.contains(description.count) else {
            throw Invalid(field: "description", slug: "description-length", reason: "must be 3 to 100 characters")
        }
        guard (4...10).contains(address.msn.utf8.count), address.msn.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw Invalid(field: "msn", slug: "msn-malformed", reason: "must be 4 to 10 digits")
        }
        guard receipt.count <= Self.receiptItemsMax else {
            throw Invalid(
                field: "receipt", slug: "receipt-too-long", reason: "must be at most \(Self.receiptItemsMax) lines")
        }
        self.paymentID = paymentID
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.address = address
        self.amount = amount
        self.description = description
        self.receipt = receipt
        self.requestedAt = requestedAt
        self.cause = cause
    }

    private static func isReferenceCharacter(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
    }
}

/// Whom Vipps asks. Whatever names a person is sealed.
package enum CustomerReference: Sendable, Hashable {
    case phoneNumber(Sealed)
    case personalQR(Sealed)
    case checkIn(CheckInID)
    /// The customer scans a code on a screen.
    case oneTimeQR
}

/// Why a payment is given up.
package enum GiveUpReason: String, Sendable, Hashable, CaseIterable {
    case cashier
    /// The cashier asks in another way; a new payment follows.
    case otherIdentification = "other-identification"
    /// Nobody waits for the money any more.
    case saleAbandoned = "sale-abandoned"

    /// A customer who approves before we could stop it has paid, and the sale completes.
    package var keepsApproved: Bool {
        switch self {
        case .cashier, .otherIdentification: true
        case .saleAbandoned: false
        }
    }
}
