import Foundation
import SharedKernel

/// The customers' tokens of check-ins, kept in the gateway alone.
package protocol CheckInTokens: Sendable {
    /// The token of a check-in of this tenant; `nil` when there is none (another tenant's is none).
    func token(for checkIn: CheckInID, of tenant: TenantID) async throws -> CheckInToken?
}

package struct CheckInToken: Sendable, Hashable {
    package let token: CustomerToken
    package let validUntil: Date

    package init(token: CustomerToken, validUntil: Date) {
        self.token = token
        self.validUntil = validUntil
    }
}
