import Foundation
import Messaging
import SharedKernel

/// The image of a merchant QR.
package struct MerchantQRImageFetched: MessageContract {
    package static let type = "payments.merchant-qr-image-fetched.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { merchantQRID }

    package let salesUnitID: SalesUnitID
    package let merchantQRID: String
    /// The image as Vipps drew it, quiet zone untouched.
    package let svg: String
    package let fetchedAt: Date

    package init(salesUnitID: SalesUnitID, merchantQRID: String, svg: String, fetchedAt: Date) {
        self.salesUnitID = salesUnitID
        self.merchantQRID = merchantQRID
        self.svg = svg
        self.fetchedAt = fetchedAt
    }
}
