import Foundation
import SharedKernel

/// A customer scanned the printed code of a till.
package struct CheckIn: Sendable, Hashable {
    /// How long Vipps takes the customer's token after the scan.
    package static let life: TimeInterval = 15 * 60
    /// How much longer we keep the token ourselves: a payment whose answer was lost is asked for again with the same body.
    package static let tokenKeptAfterwards: TimeInterval = 15 * 60

    package let checkInID: CheckInID
    package let tenantID: TenantID
    package let msn: String
    package let merchantQRID: String
    package let initiatedAt: Date
    /// By our own clock.
    package let validUntil: Date

    package init(
        checkInID: CheckInID, tenantID: TenantID, msn: String, merchantQRID: String, initiatedAt: Date, validUntil: Date
    ) {
        self.checkInID = checkInID
        self.tenantID = tenantID
        self.msn = msn
        self.merchantQRID = merchantQRID
        self.initiatedAt = initiatedAt
        self.validUntil = validUntil
    }

    /// Until when the token of a scan can be used, by our clock.
    ///
    /// The age of the scan is taken between two instants of Vipps' clock, so that a clock of ours that is minutes off
    /// neither shortens nor prolongs it. Without the second instant our own clock has to do.
    ///
    /// - Parameters:
    ///   - initiatedAt: the scan, by Vipps' clock.
    ///   - sentAt: the delivery, by Vipps' clock.
    ///   - receivedAt: the delivery, by ours.
    package static func validUntil(initiatedAt: Date, sentAt: Date?, receivedAt: Date) -> Date {
        let age = max(0, (sentAt ?? receivedAt).timeIntervalSince(initiatedAt))
        return receivedAt.addingTimeInterval(life - age)
    }
}
