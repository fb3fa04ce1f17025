import Foundation
import SharedKernel

/// Where a webhook wakes the work on a payment.
package protocol PaymentSignals: Sendable {
    /// Vipps says that something happened to this payment. A signal only: money moves after a GET, never because of this.
    ///
    /// Called after the webhook is on disk. Returns at once, never fails, may be called any number of times and for
    /// references nobody knows.
    func paymentMayHaveChanged(tenantID: TenantID, msn: String, reference: String)
}

/// A webhook about a payment: signed by Vipps, new, and not yet believed.
package struct PaymentWebhook: Sendable, Hashable {
    /// From the registration, never from the body.
    package let tenantID: TenantID
    package let msn: String
    package let reference: String
    /// The event's own.
    package let pspReference: String
    /// `CREATED`, `AUTHORIZED`, `CAPTURED`, ...
    package let name: String
    package let amount: Money?
    package let occurredAt: Date
    package let idempotencyKey: String?
    /// `false`: somebody tried and failed; nothing changed.
    package let success: Bool

    package init(
        tenantID: TenantID, msn: String, reference: String, pspReference: String, name: String, amount: Money?,
        occurredAt: Date, idempotencyKey: String?, success: Bool
    ) {
        self.tenantID = tenantID
        self.msn = msn
        self.reference = reference
        self.pspReference = pspReference
        self.name = name
        self.amount = amount
        self.occurredAt = occurredAt
        self.idempotencyKey = idempotencyKey
        self.success = success
    }
}
