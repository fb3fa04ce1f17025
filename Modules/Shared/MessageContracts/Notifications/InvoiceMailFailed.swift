import Foundation
import Messaging
import SharedKernel

/// The invoice of a sale could not be mailed; we have given up.
package struct InvoiceMailFailed: MessageContract {
    package static let type = "notifications.invoice-mail-failed.v1"
    package static let stream = MessageStream.notificationsMail
    package var subject: String { saleID.text }

    package let saleID: SaleID
    /// The mail server's words, without the address.
    package let reason: String
    package let failedAt: Date

    package init(saleID: SaleID, reason: String, failedAt: Date) {
        self.saleID = saleID
        self.reason = reason
        self.failedAt = failedAt
    }
}
