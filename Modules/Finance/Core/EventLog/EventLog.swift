import Foundation
import SharedKernel

/// The history of every payment, as support reads it.
package protocol EventLog: Sendable {
    /// Keeps a line. The same line again changes nothing.
    func record(_ event: PaymentEvent, of tenant: TenantID, cause: Cause, now: Date) async throws

    /// Keeps what is known of the payment's state. `at` is when it happened.
    func note(
        _ fact: PaymentFact, about payment: PaymentID, sale: SaleID, at: Date, of tenant: TenantID, cause: Cause,
        now: Date
    ) async throws

    /// The payment and its log in the order of time, at most `limit` lines; `nil` for a payment of which nothing was
    /// heard.
    func history(
        of payment: PaymentID, of tenant: TenantID, limit: Int
    ) async throws -> (summary: PaymentSummary, events: [PaymentEvent])?
}
