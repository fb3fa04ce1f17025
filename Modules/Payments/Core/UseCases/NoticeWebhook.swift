import Foundation
import SharedKernel

/// A verified webhook spoke of a payment: look at once.
package struct NoticeWebhook: Sendable {
    package init() {}

    /// - Returns: whether the payment is one of ours. Payments of other systems on the same sales unit are not.
    @discardableResult
    package func callAsFunction(
        _ signal: WebhookSignal, tenant: TenantID, msn: String, reference: String, in books: any PaymentBooks,
        at moment: Moment
    ) throws -> Bool {
        guard let payment = try books.payment(of: tenant, msn: msn, reference: reference) else { return false }
        _ = try books.take(.signalled(signal), for: payment, at: moment)
        return true
    }
}
