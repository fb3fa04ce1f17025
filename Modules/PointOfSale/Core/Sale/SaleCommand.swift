import Foundation
import SharedKernel

/// What a caller brings to a decision: the clock, the person, and new identifiers.
package struct Moment: Sendable {
    package let now: Date
    /// Absent when nobody did it: a message from Vipps.
    package let user: UserID?
    package let newUUID: @Sendable () -> UUID

    package init(now: Date, user: UserID?, newUUID: (@Sendable () -> UUID)? = nil) {
        self.now = now
        self.user = user
        self.newUUID = newUUID ?? { UUID.version7(at: now) }
    }

    func newID<Subject>() -> Identifier<Subject> { Identifier(newUUID()) }
}

/// A Vipps payment to be started.
package struct PaymentOrder: Sendable, Hashable {
    package let paymentID: PaymentID
    package let option: ChosenOption
    /// Absent: what is due.
    package let amount: Money?
    package let terms: VippsTerms
    /// Absent: the payment waits for it.
    package let identification: Identification?

    package init(
        paymentID: PaymentID, option: ChosenOption, amount: Money?, terms: VippsTerms, identification: Identification?
    ) {
        self.paymentID = paymentID
        self.option = option
        self.amount = amount
        self.terms = terms
        self.identification = identification
    }
}

package struct CashOrder: Sendable, Hashable {
    package let paymentID: PaymentID
    package let option: ChosenOption
    /// What counts towards the sale; absent: what is due, or what was received if that is less.
    package let amount: Money?
    /// What the customer handed over.
    package let received: Money

    package init(paymentID: PaymentID, option: ChosenOption, amount: Money?, received: Money) {
        self.paymentID = paymentID
        self.option = option
        self.amount = amount
        self.received = received
    }
}

/// What can be asked of a sale, everything looked up and sealed.
package enum SaleCommand: Sendable, Hashable {
    case addProduct(ProductOnSale, quantity: Int, lineID: SaleLineID)
    case changeQuantity(SaleLineID, Int)
    case changePrice(SaleLineID, Money)
    case changeDiscount(SaleLineID, Discount)
    case removeLine(SaleLineID)
    case setInvoiceEmail(EmailAddress?)
    case park
    case resume(at: AgentInstanceID?)
    case startPayment(PaymentOrder)
    case identify(PaymentID, Identification)
    /// The payment is given up and the order takes its place, for the same amount.
    case changeIdentification(PaymentID, PaymentOrder)
    case abortPayment(PaymentID)
    case payCash(CashOrder)
    case complete
    case abandon
    /// Money back along a payment of this sale.
    case refund(RefundID, PaymentID, Money, RefundCause)
    /// Once the sale has been over for long enough; before that it means nothing.
    case forgetCustomer
}

/// What Vipps, through the gateway, says about a payment or a refund.
package enum PaymentNews: Sendable, Hashable {
    case atVipps(expiresAt: Date, qrContent: String?)
    case authorized
    case captured(Money)
    case aborted
    case expired
    case terminated
    case failed(Refusal)
    case released(outside: Bool)
    /// `inAll` is what Vipps has refunded of the payment altogether, where that was told.
    case refunded(RefundID, Money, outside: Bool, inAll: Money? = nil)
    case refundFailed(RefundID, Refusal)
}

/// What has happened to a sale.
package enum SaleEvent: Sendable, Hashable {
    case started
    case lineAdded(SaleLine)
    case lineChanged(SaleLine)
    case lineRemoved(SaleLineID)
    case invoiceEmailSet(EmailAddress?)
    case parked
    case resumed(at: AgentInstanceID?)
    /// Waits for identification, or is about to be requested.
    case paymentStarted(Payment)
    case paymentRequested(PaymentID, Identification, at: Date)
    case paymentAbortAsked(PaymentID, GivingUpReason, at: Date, by: UserID?)
    case paymentMoved(PaymentID, PaymentState, at: Date)
    case cashTaken(Payment)
    case refundRequested(Refund)
    case cashPaidOut(Refund)
    case outsideRefundRecorded(Refund)
    case refundEnded(RefundID, RefundState, at: Date)
    /// A copy for the return: the money is asked back in the original sale.
    case refundCounted(Refund)
    case linesReturned(LineReturn)
    case returnEnded(SaleID, LineReturn.State)
    case completed(at: Date, by: UserID?)
    case abandoned(at: Date, by: UserID?)
    case invoiceMailEnded(Sale.InvoiceMail)
    case customerForgotten
}

/// Why a sale does not do what was asked.
package enum SaleRejection: Error, Sendable, Hashable {
    case ended
    case parked
    case notParked
    case notCompleted
    case notAReturn
    case isAReturn
    case noLines
    case tooManyLines(max: Int)
    case tooManyPayments(max: Int)
    case unknownLine
    case unknownPayment
    case quantityOutOfRange(max: Int)
    case priceOutOfRange(max: Int64)
    case discountOutOfRange
    case wrongCurrency(field: String, expected: Currency)
    /// Lines cannot change while money is on its way.
    case paymentUnderWay
    case belowReceived(received: Money)
    case amountNotPositive(field: String)
    case nothingDue
    case amountBeyondDue(due: Money)
    case amountBeyondPaymentMax(max: Money)
    case amountBeyondReceived
    case notAwaitingIdentification
    case paymentEnded
    case notAVippsPayment
    case stillDue(Money)
    case nothingLeftToReturn
    case quantityBeyondReturnable(lineID: SaleLineID, left: Int)
    case amountBeyondRefundable(left: Money)
    case amountBeyondReturn(left: Money)
    case linesDoubled
}
