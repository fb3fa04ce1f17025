import Foundation
import SharedKernel

/// News about the state of a payment at Vipps.
package enum PaymentFact: Sendable, Hashable {
    /// A line of the log arrived; it says nothing certain about the state.
    case logged(reference: String)
    case requested(reference: String, msn: String, amount: Money)
    case authorized(reference: String, amount: Money)
    case captured(reference: String, msn: String, amount: Money)
    case aborted(reference: String)
    case expired(reference: String)
    case terminated(reference: String)
    case released(reference: String)
    case failed(reference: String, code: String)
    case refunded(inAll: Money)
}

/// What stands above a payment's event log.
package struct PaymentSummary: Sendable, Hashable {
    package enum State: Sendable, Hashable, CaseIterable {
        /// Only lines of the log have been heard so far.
        case unknown
        case requested, authorized, captured, aborted, expired, terminated, released, failed

        /// A later state never gives way to an earlier one.
        fileprivate var rank: Int {
            switch self {
            case .unknown: 0
            case .requested: 1
            case .authorized: 2
            case .aborted, .expired, .terminated, .released, .failed: 3
            case .captured: 4
            }
        }
    }

    package let paymentID: PaymentID
    package let saleID: SaleID
    package var reference: String?
    package var msn: String?
    package var state: State
    package var asked: Money?
    package var captured: Money?
    package var refunded: Money?
    /// Why it failed.
    package var failureCode: String?
    package var changedAt: Date

    package init(paymentID: PaymentID, saleID: SaleID, changedAt: Date) {
        self.paymentID = paymentID
        self.saleID = saleID
        self.state = .unknown
        self.changedAt = changedAt
    }

    package func evolved(by fact: PaymentFact, at instant: Date) -> PaymentSummary {
        var next = self
        next.changedAt = Swift.max(changedAt, instant)
        switch fact {
        case .logged(let reference): next.reference = reference
        case .requested(let reference, let msn, let amount):
            next.move(to: .requested, reference)
            next.msn = msn
            next.asked = amount
        case .authorized(let reference, let amount):
            next.move(to: .authorized, reference)
            next.asked = next.asked ?? amount
        case .captured(let reference, let msn, let amount):
            next.move(to: .captured, reference)
            next.msn = msn
            next.captured = amount
        case .aborted(let reference): next.move(to: .aborted, reference)
        case .expired(let reference): next.move(to: .expired, reference)
        case .terminated(let reference): next.move(to: .terminated, reference)
        case .released(let reference): next.move(to: .released, reference)
        case .failed(let reference, let code):
            next.move(to: .failed, reference)
            next.failureCode = code
        case .refunded(let inAll): next.refunded = inAll
        }
        return next
    }

    private mutating func move(to state: State, _ reference: String) {
        self.reference = reference
        if state.rank > self.state.rank { self.state = state }
    }
}
