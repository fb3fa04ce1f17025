import Foundation
import SharedKernel

/// Sends every mail that is due, one after the other.
package struct SendDueInvoiceMails: Sendable {
    /// Names moments for tests that kill the process there.
    package typealias Moment = @Sendable (String) -> Void

    private struct NotHandedOver: Error {}

    private let queue: any InvoiceMailQueue
    private let transport: any MailTransport
    private let sender: MailAddress
    private let timeZone: TimeZone
    private let now: Now
    private let moment: Moment

    package init(
        queue: any InvoiceMailQueue, transport: any MailTransport, sender: MailAddress, timeZone: TimeZone,
        now: @escaping Now, moment: @escaping Moment
    ) {
        self.queue = queue
        self.transport = transport
        self.sender = sender
        self.timeZone = timeZone
        self.now = now
        self.moment = moment
    }

    /// - Parameter shouldStop: asked between two mails; the mail in hand is always finished.
    /// - Returns: what became of each mail.
    @discardableResult
    package func callAsFunction(shouldStop: @Sendable () -> Bool = { false }) async throws -> [MailOutcome] {
        var outcomes: [MailOutcome] = []
        while !shouldStop(), let letter = try await queue.nextDue(now: now()) {
            // Refused to begin: somebody else has it in hand. Going on would ask for the same mail for ever.
            guard let outcome = try await send(letter) else { break }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private func send(_ letter: InvoiceLetter) async throws -> MailOutcome? {
        let (sale, tenant) = (letter.mail.saleID, letter.mail.tenantID)
        guard case .success = try await queue.change(.begin, sale: sale, of: tenant, now: now()) else { return nil }
        moment("relay.mail.before-send")
        let message = MIMEMessage(
            letter.invoice.rendered(in: timeZone), sale: sale, from: sender, senderName: letter.invoice.tenantName,
            to: letter.recipient, at: now())
        let outcome = await transport.send(message, to: letter.recipient) { [queue, now, moment] in
            moment("relay.mail.before-hand-over")
            guard case .success = try queue.changeNow(.handOver, sale: sale, of: tenant, now: now()) else {
                throw NotHandedOver()
            }
            moment("relay.mail.handing-over")
        }
        moment("relay.mail.after-send")
        _ = try await queue.change(.conclude(outcome), sale: sale, of: tenant, now: now())
        moment("relay.mail.after-conclude")
        return outcome
    }
}
