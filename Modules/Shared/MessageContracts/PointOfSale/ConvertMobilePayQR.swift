import Foundation
import Messaging
import SharedKernel

/// Tie an existing printed MobilePay code (beacon) to the sales unit.
package struct ConvertMobilePayQR: MessageContract {
    package static let type = "pos.convert-mobilepay-qr.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { beaconID }

    package let salesUnitID: SalesUnitID
    /// 15 digits or a GUID.
    package let beaconID: String
    package let locationDescription: String
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(
        salesUnitID: SalesUnitID,
        beaconID: String,
        locationDescription: String,
        requestedBy: UserID? = nil,
        requestedAt: Date
    ) {
        self.salesUnitID = salesUnitID
        self.beaconID = beaconID
        self.locationDescription = locationDescription
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
