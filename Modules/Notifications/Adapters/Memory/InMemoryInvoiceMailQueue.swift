import Foundation
import Messaging
import Notifications
import SharedKernel
import Synchronization

package final class InMemoryInvoiceMailQueue: InvoiceMailQueue {
    private struct Key: Hashable {
        let tenant: TenantID
        let sale: SaleID
    }
    private struct Kept {
        var mail: InvoiceMail
        var content: (invoice: Invoice, recipient: MailAddress)?
    }
    private struct State {
        var mails: [Key: Kept] = [:]
        var published: [any MessageContract] = []
    }

    private let state = Mutex(State())

    package init() {}

    package var published: [any MessageContract] { state.withLock(\.published) }

    /// - Returns: whether it was queued now; a sale has one mail.
    @discardableResult
    package func enqueue(_ invoice: Invoice, to recipient: MailAddress, of tenant: TenantID, now: Date) -> Bool {
        state.withLock { state in
            let key = Key(tenant: tenant, sale: invoice.saleID)
            guard state.mails[key] == nil else { return false }
            let mail = InvoiceMail(
                saleID: invoice.saleID, tenantID: tenant, saleIdentifier: invoice.saleIdentifier,
                maskedAddress: recipient.masked, state: .waiting(notBefore: now), attempts: 0, queuedAt: now,
                isErased: false)
            state.mails[key] = Kept(mail: mail, content: (invoice, recipient))
            return true
        }
    }

    package func change(
        _ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date
    ) async throws -> Result<InvoiceMail, InvoiceMailRefusal> {
        try changeNow(command, sale: sale, of: tenant, now: now)
    }

    package func changeNow(
        _ command: InvoiceMailCommand, sale: SaleID, of tenant: TenantID, now: Date
    ) throws -> Result<InvoiceMail, InvoiceMailRefusal> {
        state.withLock { state in
            let key = Key(tenant: tenant, sale: sale)
            guard var kept = state.mails[key] else { return .failure(.notFound) }
            do throws(InvoiceMailRefusal) {
                let events = try kept.mail.decide(command, now: now)
                kept.mail = events.reduce(kept.mail) { $0.evolved(by: $1) }
                if kept.mail.isErased { kept.content = nil }
                state.published += events.compactMap { InvoiceMailNews.message(for: $0, of: kept.mail) }
            } catch {
                return .failure(error)
            }
            state.mails[key] = kept
            return .success(kept.mail)
        }
    }

    package func recover(now: Date) async throws {
        for key in state.withLock({ Array($0.mails.keys) }) {
            _ = try changeNow(.recover, sale: key.sale, of: key.tenant, now: now)
        }
    }

    package func erase(endedBefore instant: Date) async throws {
        state.withLock { state in
            for (key, kept) in state.mails {
                switch kept.mail.state {
                case .failed(_, let at), .inDoubt(_, let at):
                    guard at < instant else { continue }
                    state.mails[key]?.content = nil
                    state.mails[key]?.mail.isErased = true
                case .waiting, .sending, .handedOver, .mailed: continue
                }
            }
        }
    }

    package func nextDue(now: Date) async throws -> InvoiceLetter? {
        waiting.filter { InvoiceMailPolicy.isDue($0.notBefore, at: now) }.min { $0.notBefore < $1.notBefore }?.letter
    }

    package func nextDueAt() async throws -> Date? { waiting.map(\.notBefore).min() }

    package func mails(
        of tenant: TenantID, in wanted: InvoiceMailStateName?, queuedBefore: Date?, limit: Int
    ) async throws -> [InvoiceMail] {
        let own = state.withLock { $0.mails.values.map(\.mail) }.filter { mail in
            mail.tenantID == tenant && (wanted.map { mail.state.name == $0 } ?? true)
                && (queuedBefore.map { mail.queuedAt < $0 } ?? true)
        }
        return Array(own.sorted { ($0.queuedAt, $0.saleID.text) > ($1.queuedAt, $1.saleID.text) }.prefix(limit))
    }

    private var waiting: [(notBefore: Date, letter: InvoiceLetter)] {
        state.withLock { $0.mails.values.map { $0 } }.compactMap { kept in
            guard case .waiting(let notBefore) = kept.mail.state, let content = kept.content else { return nil }
            return (
                notBefore, InvoiceLetter(mail: kept.mail, invoice: content.invoice, recipient: content.recipient)
            )
        }
    }
}
