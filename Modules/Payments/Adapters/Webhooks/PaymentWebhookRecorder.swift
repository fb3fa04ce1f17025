import Foundation
import GRDB
import Payments
import SharedKernel

/// What else is kept of a payment's webhook, together with it or not at all: for instance its line in the event log.
package protocol PaymentWebhookRecorder: Sendable {
    /// Called once per new webhook, inside the transaction that stores it. References nobody knows are passed over.
    ///
    /// - Throws: only when the database fails; Vipps is then told to send the webhook again.
    func record(_ webhook: PaymentWebhook, cause: Cause, at now: Date, in db: Database) throws
}
