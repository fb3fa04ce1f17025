import Foundation
import SharedKernel

/// The till gives a payment up. What became of it is told when Vipps has answered.
package struct GiveUpPayment: Sendable {
    package init() {}

    package func callAsFunction(
        _ name: PaymentName, reason: GiveUpReason, in books: any PaymentBooks, at moment: Moment
    ) throws {
        guard let payment = try books.payment(name) else {
            try books.keep(
                RefusedCommand(
                    tenantID: name.tenantID, command: "abort", subject: name.paymentID.text,
                    reason: "the tenant has no payment of this identifier", at: moment.now))
            return
        }
        _ = try books.take(.giveUp(reason), for: payment, at: moment)
    }
}
