import Foundation
import Messaging
import SharedKernel

/// Fetch the image of a merchant QR afresh (Vipps' image links expire).
package struct ShowMerchantQR: MessageContract {
    package static let type = "pos.show-merchant-qr.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { merchantQRID }

    package let salesUnitID: SalesUnitID
    package let merchantQRID: String
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(salesUnitID: SalesUnitID, merchantQRID: String, requestedBy: UserID? = nil, requestedAt: Date) {
        self.salesUnitID = salesUnitID
        self.merchantQRID = merchantQRID
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
