import Foundation
import Messaging
import SharedKernel

/// A customer scanned the printed code of a till. The customer's token stays in the gateway.
package struct CustomerCheckedIn: MessageContract {
    package static let type = "payments.customer-checked-in.v1"
    package static let stream = MessageStream.paymentsCheckIns
    package var subject: String { checkInID.text }

    package let checkInID: CheckInID
    package let msn: String
    package let merchantQRID: String
    package let initiatedAt: Date
    package let validUntil: Date

    package init(checkInID: CheckInID, msn: String, merchantQRID: String, initiatedAt: Date, validUntil: Date) {
        self.checkInID = checkInID
        self.msn = msn
        self.merchantQRID = merchantQRID
        self.initiatedAt = initiatedAt
        self.validUntil = validUntil
    }
}
