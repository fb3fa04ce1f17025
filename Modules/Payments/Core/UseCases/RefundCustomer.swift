import Foundation
import SharedKernel

/// Pay money back along a payment.
package struct RefundCustomer: Sendable {
    package init() {}

    /// Plans the refund, or tells why there is none. A refund asked for again does nothing.
    package func callAsFunction(
        _ refund: RefundID, of amount: Money, from name: PaymentName, sale: SaleID, in books: any PaymentBooks,
        at moment: Moment
    ) throws {
        guard let payment = try books.payment(name) else {
            let refusal = Refusal(
                code: Refusal.OwnCode.unknownPayment, detail: "There is no payment of this identifier to refund.")
            try books.tell(.refund(refund, name.paymentID, sale, amount, refusal), of: name.tenantID, at: moment)
            try books.keep(
                RefusedCommand(
                    tenantID: name.tenantID, command: "refund", subject: name.paymentID.text,
                    reason: "the tenant has no payment of this identifier", at: moment.now))
            return
        }
        _ = try books.take(.refund(refund, amount, sale), for: payment, at: moment)
    }
}
