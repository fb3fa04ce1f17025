import Foundation
import Messaging
import SharedKernel

/// The invoice of a sale was handed to the mail server.
package struct InvoiceMailed: MessageContract {
    package static let type = "notifications.invoice-mailed.v1"
    package static let stream = MessageStream.notificationsMail
    package var subject: String { saleID.text }

    package let saleID: SaleID
    package let mailedAt: Date

    package init(saleID: SaleID, mailedAt: Date) {
        self.saleID = saleID
        self.mailedAt = mailedAt
    }
}
