import Foundation
import Messaging
import SharedKernel

/// Make a merchant QR, or change its description (Vipps' PUT does both; the printed image stays the same).
package struct CreateMerchantQR: MessageContract {
    package static let type = "pos.create-merchant-qr.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { merchantQRID }

    package let salesUnitID: SalesUnitID
    /// Our own id of the code, unique with the MSN.
    package let merchantQRID: String
    /// At most 36 characters, shown in the app after the scan.
    package let locationDescription: String
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(
        salesUnitID: SalesUnitID,
        merchantQRID: String,
        locationDescription: String,
        requestedBy: UserID? = nil,
        requestedAt: Date
    ) {
        self.salesUnitID = salesUnitID
        self.merchantQRID = merchantQRID
        self.locationDescription = locationDescription
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
