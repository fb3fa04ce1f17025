import Foundation
import Messaging
import SharedKernel

/// Read the merchant QRs of a sales unit from Vipps.
package struct SyncMerchantQRs: MessageContract {
    package static let type = "pos.sync-merchant-qrs.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { salesUnitID.text }

    package let salesUnitID: SalesUnitID
    package let requestedBy: UserID?
    package let requestedAt: Date

    package init(salesUnitID: SalesUnitID, requestedBy: UserID? = nil, requestedAt: Date) {
        self.salesUnitID = salesUnitID
        self.requestedBy = requestedBy
        self.requestedAt = requestedAt
    }
}
