import Cryptography
import Foundation
import Payments
import SharedKernel

/// What a verified webhook says.
package enum WebhookContent: Sendable, Hashable {
    case payment(PaymentWebhook)
    case checkIn(Scan)
    /// Signed by Vipps and not understood. Kept and answered all the same: a refusal would block what comes after it.
    case unreadable

    /// A customer's scan of a printed code.
    package struct Scan: Sendable, Hashable {
        package let token: CustomerToken
        package let merchantQRID: String
        package let initiatedAt: Date
        /// The delivery, by Vipps' clock.
        package let sentAt: Date?
    }

    /// Reads a body that came through `registration`. Tenant and sales unit are the registration's; an event of another
    /// sales unit is not understood.
    package init(body: Data, registration: WebhookRegistration, date: String) {
        guard let content: Body = try? JSONDecoder().decode(foreign: body), content.msn == registration.msn else {
            self = .unreadable
            return
        }
        switch registration.topic {
        case .checkIns: self = Self.scan(content, date: date).map(Self.checkIn) ?? .unreadable
        case .payments: self = Self.payment(content, tenant: registration.tenantID).map(Self.payment) ?? .unreadable
        }
    }

    /// One text for one event, however often and through however many registrations it comes.
    func eventKey(of body: Data) -> String {
        switch self {
        case .payment(let webhook):
            "\(webhook.msn)/\(webhook.reference)/\(webhook.pspReference)/\(webhook.name)/\(webhook.success)"
        case .checkIn(let scan): "check-in/\(SHA256Digest.of(Data(scan.token.text.utf8)).base64EncodedString())"
        case .unreadable: "unreadable/\(SHA256Digest.of(body).base64EncodedString())"
        }
    }

    /// A body that may hold a token or data of a person is not kept; what is needed of it is.
    var mayBeKept: Bool {
        switch self {
        case .payment: true
        case .checkIn, .unreadable: false
        }
    }

    private static func payment(_ body: Body, tenant: TenantID) -> PaymentWebhook? {
        guard let reference = body.reference, isReference(reference), let pspReference = body.pspReference,
            let name = body.name, (1...40).contains(name.utf8.count), (1...100).contains(pspReference.utf8.count),
            let occurredAt = body.timestamp.flatMap(InstantText.read)
        else { return nil }
        return PaymentWebhook(
            tenantID: tenant, msn: body.msn, reference: reference, pspReference: pspReference, name: name,
            amount: body.amount?.money, occurredAt: occurredAt,
            idempotencyKey: body.idempotencyKey.map { String($0.prefix(100)) }, success: body.success ?? true)
    }

    private static func scan(_ body: Body, date: String) -> Scan? {
        guard let token = body.customerToken, (1...4096).contains(token.utf8.count),
            let merchantQRID = body.merchantQrId, (1...128).contains(merchantQRID.utf8.count),
            let initiatedAt = body.initiatedAt.flatMap(InstantText.read)
        else { return nil }
        return Scan(
            token: CustomerToken(token), merchantQRID: merchantQRID, initiatedAt: initiatedAt,
            sentAt: HTTPDate.read(date))
    }

    private static func isReference(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"): true
                default: false
                }
            }
    }

    private struct Body: Decodable {
        let msn: String
        let reference: String?
        let pspReference: String?
        let name: String?
        let amount: Amount?
        let timestamp: String?
        let idempotencyKey: String?
        let success: Bool?
        let customerToken: String?
        let merchantQrId: String?
        let initiatedAt: String?
    }
}

/// `Mon, 23 Nov 2026 09:15:02 GMT`
enum HTTPDate {
    static func read(_ text: String) -> Date? {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter.date(from: text)
    }
}
