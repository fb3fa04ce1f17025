import Foundation
import SharedKernel

/// A mail with what is needed to send it.
package struct InvoiceLetter: Sendable {
    package let mail: InvoiceMail
    package let invoice: Invoice
    package let recipient: MailAddress

    package init(mail: InvoiceMail, invoice: Invoice, recipient: MailAddress) {
        self.mail = mail
        self.invoice = invoice
        self.recipient = recipient
    }
}

package enum InvoiceMailStateName: String, Sendable, Hashable, CaseIterable {
    case waiting, sending, mailed, failed
    case inDoubt = "in-doubt"
}

extension InvoiceMail.State {
    package var name: InvoiceMailStateName {
        switch self {
        case .waiting: .waiting
        case .sending, .handedOver: .sending
        case .mailed: .mailed
        case .failed: .failed
        case .inDoubt: .inDoubt
        }
    }
}

/// The invoice mails of all tenants, kept until they are sent and (without address) after. They are queued where a
/// completed sale is heard, in the transaction of that message, and never twice for one sale.
package protocol InvoiceMailQueue: Sendable {
    /// The mail that has been due for the longest time; `nil` when none is. Mails that a clock which was set back has put off
    /// are due, too.
    func nextDue(now: Date) async throws -> InvoiceLetter?

    /// When the next mail is due; `nil` when none waits.
    func nextDueAt() async throws -> Date?

    /// Lets `command` be decided about, and keeps the outcome and the news of it together or not at all. A mail that is
    /// sent loses its address and content in the same moment.
    func change(_ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date) async throws
        -> Result<InvoiceMail, InvoiceMailRefusal>

    /// The same, for the mail server's own thread, in the middle of a transfer.
    func changeNow(_ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date) throws
        -> Result<InvoiceMail, InvoiceMailRefusal>

    /// Puts right whatever the last run left behind.
    func recover(now: Date) async throws

    /// Erases addresses and contents of mails that failed or fell in doubt before `instant`.
    func erase(endedBefore instant: Date) async throws

    /// Newest first, at most `limit`, only those queued before `queuedBefore`.
    func mails(of tenant: TenantID, in state: InvoiceMailStateName?, queuedBefore: Date?, limit: Int) async throws
        -> [InvoiceMail]
}

/// The way to the mail server.
package protocol MailTransport: Sendable {
    /// Gives one mail to the server.
    ///
    /// - Parameter handOver: called once, at the last moment at which the server surely does not have the mail; when it
    ///   throws, the mail is not completed.
    func send(_ message: MIMEMessage, to recipient: MailAddress, handOver: @Sendable @escaping () throws -> Void) async
        -> MailOutcome
}
