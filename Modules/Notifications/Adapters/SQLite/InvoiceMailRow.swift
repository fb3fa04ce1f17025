import Foundation
import GRDB
import MessageContracts
import Notifications
import SharedKernel

/// A row of `invoice_mail`, to and fro.
enum InvoiceMailRow {
    /// A row that no version of this program has written.
    struct Unreadable: Error, CustomStringConvertible {
        let column: String
        var description: String { "invoice_mail.\(column) holds what this program never wrote" }
    }

    static func mail(_ row: Row) throws -> InvoiceMail {
        InvoiceMail(
            saleID: try identifier(row, "sale_id"), tenantID: try identifier(row, "tenant_id"),
            saleIdentifier: row["sale_identifier"], maskedAddress: row["masked_address"], state: try state(row),
            attempts: row["attempts"], queuedAt: Date(timeIntervalSinceReferenceDate: row["queued_at"]),
            isErased: (row["sale"] as Data?) == nil)
    }

    static func letter(_ row: Row) throws -> InvoiceLetter {
        guard let data = row["sale"] as Data? else { throw Unreadable(column: "sale") }
        let sale = try JSONDecoder.house.decode(SaleCompleted.self, from: data)
        guard let text = sale.invoiceEmail, let recipient = try? MailAddress(text) else {
            throw Unreadable(column: "sale")
        }
        return InvoiceLetter(mail: try mail(row), invoice: Invoice(sale), recipient: recipient)
    }

    static func cause(_ row: Row) throws -> Cause {
        guard let trace = TraceContext(traceparent: row["traceparent"]) else { throw Unreadable(column: "traceparent") }
        return Cause(
            correlationID: row["correlation_id"], causationID: row["causation_id"], trace: trace.child())
    }

    static func update(_ mail: InvoiceMail, in db: Database) throws {
        let (word, notBefore, reason, endedAt): (String, Date?, String?, Date?) =
            switch mail.state {
            case .waiting(let notBefore): ("waiting", notBefore, nil, nil)
            case .sending: ("sending", nil, nil, nil)
            case .handedOver: ("handed-over", nil, nil, nil)
            case .mailed(let at): ("mailed", nil, nil, at)
            case .failed(let reason, let at): ("failed", nil, reason, at)
            case .inDoubt(let reason, let at): ("in-doubt", nil, reason, at)
            }
        try db.execute(
            sql: """
                UPDATE invoice_mail SET state = ?, not_before = ?, reason = ?, ended_at = ?, attempts = ?,
                    sale = iif(?, NULL, sale)
                WHERE tenant_id = ? AND sale_id = ?
                """,
            arguments: [
                word, notBefore?.timeIntervalSinceReferenceDate, reason, endedAt?.timeIntervalSinceReferenceDate,
                mail.attempts,
                mail.isErased, mail.tenantID.text, mail.saleID.text,
            ])
    }

    private static func state(_ row: Row) throws -> InvoiceMail.State {
        func instant(_ column: String) throws -> Date {
            guard let seconds = row[column] as Double? else { throw Unreadable(column: column) }
            return Date(timeIntervalSinceReferenceDate: seconds)
        }
        switch row["state"] as String {
        case "waiting": return .waiting(notBefore: try instant("not_before"))
        case "sending": return .sending
        case "handed-over": return .handedOver
        case "mailed": return .mailed(at: try instant("ended_at"))
        case "failed": return .failed(reason: row["reason"] ?? "", at: try instant("ended_at"))
        case "in-doubt": return .inDoubt(reason: row["reason"] ?? "", at: try instant("ended_at"))
        default: throw Unreadable(column: "state")
        }
    }

    private static func identifier<Subject>(_ row: Row, _ column: String) throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(row[column] as String) else { throw Unreadable(column: column) }
        return identifier
    }
}
