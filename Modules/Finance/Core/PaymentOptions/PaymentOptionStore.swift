import Foundation
import SharedKernel

/// Keeps each tenant's payment options.
package protocol PaymentOptionStore: Sendable {
    /// Everything the tenant has, by name. A tenant never sees another's.
    func catalogue(of tenant: TenantID) async throws -> PaymentOptionCatalogue

    /// Lets `command` be decided about, and keeps the outcome and its outgoing messages together or not at all. Changes
    /// of one tenant happen one after the other.
    ///
    /// - Returns: the option as it is afterwards, or why nothing was changed.
    func change(
        _ command: PaymentOptionCommand, of tenant: TenantID, cause: Cause, now: Date
    ) async throws -> Result<PaymentOption, PaymentOptionRefusal>
}
