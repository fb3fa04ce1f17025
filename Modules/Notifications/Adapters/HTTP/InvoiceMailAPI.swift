import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import Messaging
import Notifications
import SharedKernel

/// `/notifications/api/mails`: what became of the invoice mails of the tenant, and a second try by hand. Addresses are
/// masked.
package struct InvoiceMailAPI: Sendable {
    static let limitMax = 500
    static let limitDefault = 100

    private let queue: any InvoiceMailQueue
    /// Raised when a mail is queued again.
    private let mailQueued: WakeSignal

    package init(queue: any InvoiceMailQueue, mailQueued: WakeSignal) {
        self.queue = queue
        self.mailQueued = mailQueued
    }

    package var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/notifications/api/mails", answer: list),
            Endpoint(.post, "/notifications/api/mails/{saleID}/resend", answer: resend),
        ]
    }

    private struct MailBody: Encodable {
        let saleID: SaleID
        let saleIdentifier: String
        let to: String
        let state: String
        let attempts: Int
        let reason: String?
        let queuedAt: Date
        let nextTryAt: Date?
        let endedAt: Date?
        let mayBeResent: Bool

        init(_ mail: InvoiceMail) {
            saleID = mail.saleID
            saleIdentifier = mail.saleIdentifier
            to = mail.maskedAddress
            state = mail.state.name.rawValue
            attempts = mail.attempts
            queuedAt = mail.queuedAt
            switch mail.state {
            case .waiting(let notBefore): (reason, nextTryAt, endedAt) = (nil, max(notBefore, mail.queuedAt), nil)
            case .sending, .handedOver: (reason, nextTryAt, endedAt) = (nil, nil, nil)
            case .mailed(let at): (reason, nextTryAt, endedAt) = (nil, nil, at)
            case .failed(let words, let at), .inDoubt(let words, let at):
                (reason, nextTryAt, endedAt) = (words, nil, at)
            }
            mayBeResent = reason != nil && !mail.isErased
        }
    }

    private struct MailsBody: Encodable {
        let mails: [MailBody]
        /// As `before` for the mails that follow.
        let next: Date?
    }

    private func list(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.operator, .administrator)
        var problems: [FieldProblem] = []
        func read<Value>(_ name: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
            guard let text = request.uri.queryParameters.get(name) else { return nil }
            if let value = parse(text) { return value }
            problems.append(FieldProblem(field: name, slug: "not-valid", reason: "must be \(expected)"))
            return nil
        }
        let names = InvoiceMailStateName.allCases.map(\.rawValue).joined(separator: ", ")
        let state = read("state", "one of \(names)", InvoiceMailStateName.init(rawValue:))
        let before = read("before", "an instant like 2026-11-23T09:15:20.031Z", InstantText.read)
        let limit =
            read("limit", "a whole number from 1 to \(Self.limitMax)") { text in
                Int(text).flatMap { (1...Self.limitMax).contains($0) ? $0 : nil }
            } ?? Self.limitDefault
        guard problems.isEmpty else { throw Problem.invalid(problems) }
        let found = try await queue.mails(
            of: session.tenantID, in: state, queuedBefore: before, limit: limit + 1)
        let shown = found.prefix(limit)
        return try jsonResponse(
            MailsBody(mails: shown.map(MailBody.init), next: found.count > shown.count ? shown.last?.queuedAt : nil))
    }

    private func resend(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.operator, .administrator)
        let sale: SaleID = try context.identifier("saleID", of: "invoice mail")
        let outcome = try await queue.change(.resend, sale: sale, of: session.tenantID, now: context.now)
        switch outcome {
        case .success(let mail):
            mailQueued.wake()
            return try jsonResponse(MailBody(mail), status: .accepted)
        case .failure(let refusal): throw Problem(refusal)
        }
    }
}

extension Problem {
    init(_ refusal: InvoiceMailRefusal) {
        switch refusal {
        case .notFound: self = .notFound("invoice mail")
        case .alreadyMailed:
            self = .conflict("already-mailed", "This invoice has been mailed. It is never mailed twice.")
        case .erased:
            self = .conflict(
                "address-erased", "The address of this mail has been erased, so it cannot be sent again.")
        case .notDue, .notInHand:
            self = .conflict("under-way", "This mail is being sent. Look again in a minute.")
        }
    }
}
