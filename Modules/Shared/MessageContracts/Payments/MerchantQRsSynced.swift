import Foundation
import Messaging
import SharedKernel

/// The merchant QRs of a sales unit as Vipps lists them; what is not in the list is gone.
package struct MerchantQRsSynced: MessageContract {
    package static let type = "payments.merchant-qrs-synced.v1"
    package static let stream = MessageStream.paymentsSetup
    package var subject: String { salesUnitID.text }

    package let salesUnitID: SalesUnitID
    package let msn: String
    package let codes: [MerchantQRListing]
    package let syncedAt: Date

    package init(salesUnitID: SalesUnitID, msn: String, codes: [MerchantQRListing], syncedAt: Date) {
        self.salesUnitID = salesUnitID
        self.msn = msn
        self.codes = codes
        self.syncedAt = syncedAt
    }
}
