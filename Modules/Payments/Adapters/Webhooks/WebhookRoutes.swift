import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import Payments
import SharedKernel

/// Where Vipps' webhooks come in: `POST /vipps/webhooks/{token}`.
///
/// Verified over the raw bytes, kept on disk, answered; the work follows. Whatever is not certainly Vipps' is 401 and
/// leaves nothing behind.
package struct WebhookRoutes: Sendable {
    /// Bytes of a body at most.
    package static let bodyBytesMax = 64 * 1024

    private let store: SQLiteWebhookStore
    private let signals: any PaymentSignals
    private let logger: Logger

    package init(store: SQLiteWebhookStore, signals: any PaymentSignals, logger: Logger) {
        self.store = store
        self.signals = signals
        self.logger = logger
    }

    package func add(to router: Router<ServingContext>) {
        router.post("/vipps/webhooks/:token") { request, context in try await receive(request, context) }
    }

    private func receive(_ request: Request, _ context: ServingContext) async throws -> Response {
        guard let token = context.parameters.get("token"), WebhookToken.isToken(token),
            let date = request.headers[.xMsDate], let contentHash = request.headers[.xMsContentSHA256]
        else { throw refused("malformed") }
        let body = try await read(request)
        guard let registration = try await store.registration(token: token) else { throw refused("unknown") }
        if let webhookID = request.headers[.webhookID], let known = registration.webhookID, webhookID != known {
            throw refused("other-registration")
        }
        guard let secret = store.secret(of: registration) else {
            logger.error("the secret of a webhook registration does not open", metadata: ["msn": "\(registration.msn)"])
            throw refused("secret-unreadable")
        }
        let signature = WebhookSignature(
            date: date, contentHash: contentHash,
            authorizations: [request.headers[.authorization], request.headers[.xVippsAuthorization]].compactMap { $0 })
        guard signature.isValid(for: body, secret: secret, url: registration.url) else { throw refused("signature") }

        let content = WebhookContent(body: body, registration: registration, date: date)
        let isNew = try await store.keep(
            content, body: body, of: registration, cause: context.cause, at: context.now)
        // A repeat wakes too: perhaps the first one came before the payment was known here.
        if case .payment(let webhook) = content {
            signals.paymentMayHaveChanged(
                tenantID: webhook.tenantID, msn: webhook.msn, reference: webhook.reference)
        }
        count(outcome(of: content, isNew: isNew))
        return Response(status: .ok)
    }

    /// - Throws: 413 as soon as the body is larger than allowed.
    private func read(_ request: Request) async throws -> Data {
        if let text = request.headers[.contentLength], let length = Int(text), length > Self.bodyBytesMax {
            throw tooLarge
        }
        do {
            return try await collectBody(of: request, maxBytes: Self.bodyBytesMax)
        } catch let problem as Problem where problem.status == .contentTooLarge {
            throw tooLarge
        }
    }

    private var tooLarge: Problem {
        count("too-large")
        return Problem(
            .contentTooLarge, "too-large", title: "The webhook is too large",
            detail: "A webhook has at most \(Self.bodyBytesMax) bytes.")
    }

    /// One answer for every reason, so that a stranger learns nothing.
    private func refused(_ reason: String) -> Problem {
        count("refused-\(reason)")
        return Problem(
            .unauthorized, "not-signed", title: "Not accepted",
            detail: "Only webhooks that Vipps MobilePay signed for this address are accepted.")
    }

    private func outcome(of content: WebhookContent, isNew: Bool) -> String {
        switch content {
        case .payment: isNew ? "payment" : "repeat"
        case .checkIn: isNew ? "check-in" : "repeat"
        case .unreadable: "unreadable"
        }
    }

    private func count(_ outcome: String) {
        Counter(label: "vipps_webhooks_total", dimensions: [("outcome", outcome)]).increment()
    }
}

extension HTTPField.Name {
    fileprivate static let xMsDate = HTTPField.Name("X-Ms-Date")!
    fileprivate static let xMsContentSHA256 = HTTPField.Name("X-Ms-Content-Sha256")!
    fileprivate static let xVippsAuthorization = HTTPField.Name("X-Vipps-Authorization")!
    fileprivate static let webhookID = HTTPField.Name("Webhook-Id")!
}
