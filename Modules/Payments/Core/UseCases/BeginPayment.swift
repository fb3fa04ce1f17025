import Foundation
import SharedKernel

/// The till asks for money.
package struct BeginPayment: Sendable {
    package init() {}

    /// Keeps the payment and plans its create. A payment that is already here stays as it is; an identifier or a reference
    /// that is taken by something else does nothing but leave a refusal.
    package func callAsFunction(
        _ terms: PaymentTerms, customer: CustomerReference, in books: any PaymentBooks, at moment: Moment
    ) throws {
        let payment = Payment(terms, customer: customer)
        let tenant = terms.address.tenantID
        if try books.payment(payment.name) != nil { return }
        if try books.isKnown(terms.paymentID) {
            try books.keep(
                RefusedCommand(
                    tenantID: tenant, command: "start", subject: terms.paymentID.text,
                    reason: "another tenant has a payment of this identifier", at: moment.now))
            return
        }
        if try books.payment(of: tenant, msn: terms.address.msn, reference: terms.address.reference) != nil {
            let refusal = Refusal(
                code: "4150",
                detail: "The reference is in use for another payment. Ask again with a new reference.")
            try books.tell(
                .payment(terms.paymentID, terms.saleID, reference: terms.address.reference, refusal), of: tenant,
                at: moment)
            return
        }
        _ = try books.take(.begin, for: payment, at: moment)
    }
}
