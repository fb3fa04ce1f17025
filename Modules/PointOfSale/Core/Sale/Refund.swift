import Foundation
import SharedKernel

/// Why money goes back along a payment.
package enum RefundCause: Sendable, Hashable {
    /// Lines came back; the return is a sale of its own.
    case returned(in: SaleID)
    /// Somebody decided so and said why.
    case reason(String)
    /// The sale was abandoned.
    case tooLate
    /// More came in than the sale costs.
    case tooMuch
    /// Done in Vipps' portal, not by us.
    case outside
}

package enum RefundState: Sendable, Hashable {
    case requested
    case refunded
    /// Everything is as it was before.
    case failed(Refusal)
}

/// Money on its way back along one payment. Kept with the sale that took the payment; a return has a copy of its own.
package struct Refund: Sendable, Hashable {
    package let id: RefundID
    package let paymentID: PaymentID
    package let method: PaymentMethod
    package let amount: Money
    package let cause: RefundCause
    package internal(set) var state: RefundState
    package let requestedAt: Date
    package let requestedBy: UserID?
    package internal(set) var endedAt: Date?

    package init(
        id: RefundID, paymentID: PaymentID, method: PaymentMethod, amount: Money, cause: RefundCause,
        state: RefundState,
        requestedAt: Date, requestedBy: UserID?, endedAt: Date?
    ) {
        self.id = id
        self.paymentID = paymentID
        self.method = method
        self.amount = amount
        self.cause = cause
        self.state = state
        self.requestedAt = requestedAt
        self.requestedBy = requestedBy
        self.endedAt = endedAt
    }

    /// Back, or on its way back.
    package var counts: Bool {
        switch state {
        case .requested, .refunded: true
        case .failed: false
        }
    }

    /// Money that does not belong to the shop could not go back.
    var isStuck: Bool {
        guard case .failed = state else { return false }
        return cause == .tooLate || cause == .tooMuch
    }

    /// Takes the money out of what the sale has received (a refund of sold goods does not: the sale stays paid).
    var undoesReceipt: Bool {
        switch cause {
        case .tooLate, .tooMuch, .outside: counts
        case .returned, .reason: false
        }
    }
}

/// Lines of a sale that came back, or are on their way back in an open basket.
package struct LineReturn: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable { case open, completed, abandoned }

    package struct Part: Sendable, Hashable {
        package let lineID: SaleLineID
        /// All three positive.
        package let quantity: Int
        package let total: Money
        package let tax: Money

        package init(lineID: SaleLineID, quantity: Int, total: Money, tax: Money) {
            self.lineID = lineID
            self.quantity = quantity
            self.total = total
            self.tax = tax
        }
    }

    package let returnID: SaleID
    package let identifier: SaleIdentifier
    package let parts: [Part]
    package internal(set) var state: State

    package init(returnID: SaleID, identifier: SaleIdentifier, parts: [Part], state: State) {
        self.returnID = returnID
        self.identifier = identifier
        self.parts = parts
        self.state = state
    }
}
