import Foundation
import PointOfSale
import SharedKernel

/// A command to a sale: `type` says which, and which other fields it has.
struct SaleCommandBody: Decodable {
    let commandID: CommandID
    let request: SaleRequest

    private enum Kind: String, CaseIterable {
        case addProduct = "add-product"
        case changeQuantity = "change-quantity"
        case changePrice = "change-price"
        case changeDiscount = "change-discount"
        case removeLine = "remove-line"
        case setInvoiceEmail = "set-invoice-email"
        case park, resume
        case startPayment = "start-payment"
        case identify
        case changeIdentification = "change-identification"
        case abortPayment = "abort-payment"
        case payCash = "pay-cash"
        case complete, abandon
        case returnLines = "return-lines"
        case refundOriginalPayment = "refund-original-payment"
        case refundPayment = "refund-payment"
    }

    enum Key: String, CodingKey {
        case commandID, type, productID, code, quantity, lineID, unitPrice, discount, discountRate, email,
            paymentOptionID,
            amount, identification, invoiceEmail, paymentID, received, lines, all, reason
    }

    init(from decoder: any Decoder) throws {
        let body = try decoder.container(keyedBy: Key.self)
        commandID = try body.decode(CommandID.self, forKey: .commandID)
        let word = try body.decode(String.self, forKey: .type)
        guard let kind = Kind(rawValue: word) else {
            let words = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Invalid(field: "type", slug: "unknown", reason: "must be one of \(words)")
        }
        request = try Self.request(kind, body)
    }

    private static func request(_ kind: Kind, _ body: KeyedDecodingContainer<Key>) throws -> SaleRequest {
        switch kind {
        case .addProduct:
            return .addProduct(try choice(body), quantity: try body.decodeIfPresent(Int.self, forKey: .quantity) ?? 1)
        case .changeQuantity:
            return .changeQuantity(
                try body.decode(SaleLineID.self, forKey: .lineID), try body.decode(Int.self, forKey: .quantity))
        case .changePrice:
            return .changePrice(
                try body.decode(SaleLineID.self, forKey: .lineID), try body.decode(Money.self, forKey: .unitPrice))
        case .changeDiscount:
            return .changeDiscount(try body.decode(SaleLineID.self, forKey: .lineID), try discount(body))
        case .removeLine: return .removeLine(try body.decode(SaleLineID.self, forKey: .lineID))
        case .setInvoiceEmail: return .setInvoiceEmail(try email(body, .email))
        case .park: return .park
        case .resume: return .resume
        case .startPayment:
            return .startPayment(
                try body.decode(PaymentOptionID.self, forKey: .paymentOptionID),
                amount: try body.decodeIfPresent(Money.self, forKey: .amount),
                try body.decodeIfPresent(IdentificationBody.self, forKey: .identification)?.identifying,
                invoiceEmail: try email(body, .invoiceEmail))
        case .identify:
            return .identify(
                try body.decode(PaymentID.self, forKey: .paymentID),
                try body.decode(IdentificationBody.self, forKey: .identification).identifying)
        case .changeIdentification:
            return .changeIdentification(
                try body.decode(PaymentID.self, forKey: .paymentID),
                try body.decodeIfPresent(IdentificationBody.self, forKey: .identification)?.identifying)
        case .abortPayment: return .abortPayment(try body.decode(PaymentID.self, forKey: .paymentID))
        case .payCash:
            return .payCash(
                try body.decode(PaymentOptionID.self, forKey: .paymentOptionID),
                amount: try body.decodeIfPresent(Money.self, forKey: .amount),
                received: try body.decode(Money.self, forKey: .received), invoiceEmail: try email(body, .invoiceEmail))
        case .complete: return .complete
        case .abandon: return .abandon
        case .returnLines: return .returnLines(try lines(body))
        case .refundOriginalPayment:
            return .refundOriginalPayment(
                try body.decode(PaymentID.self, forKey: .paymentID), try body.decode(Money.self, forKey: .amount))
        case .refundPayment:
            return .refundPayment(
                try body.decode(PaymentID.self, forKey: .paymentID), try body.decode(Money.self, forKey: .amount),
                reason: try body.decode(String.self, forKey: .reason))
        }
    }

    private static func choice(_ body: KeyedDecodingContainer<Key>) throws -> SaleRequest.Choice {
        if let id = try body.decodeIfPresent(ProductID.self, forKey: .productID) { return .product(id) }
        guard let code = try body.decodeIfPresent(String.self, forKey: .code) else {
            throw Invalid(field: "productID", slug: "missing", reason: "or code must be given")
        }
        return .code(try words(code, field: "code", max: 64))
    }

    private static func discount(_ body: KeyedDecodingContainer<Key>) throws -> Discount {
        let amount = try body.decodeIfPresent(Money.self, forKey: .discount)
        let rate = try body.decodeIfPresent(Int.self, forKey: .discountRate)
        switch (amount, rate) {
        case (let amount?, nil): return amount.isZero ? .none : .amount(amount)
        case (nil, let rate?): return rate == 0 ? .none : .rate(rate)
        case (nil, nil): throw Invalid(field: "discount", slug: "missing", reason: "or discountRate must be given")
        case (_?, _?): throw Invalid(field: "discount", slug: "doubled", reason: "and discountRate exclude one another")
        }
    }

    private static func email(_ body: KeyedDecodingContainer<Key>, _ key: Key) throws -> EmailAddress? {
        guard let text = try body.decodeIfPresent(String.self, forKey: key), !text.isEmpty else { return nil }
        return try EmailAddress(text, field: key.rawValue)
    }

    private static func lines(_ body: KeyedDecodingContainer<Key>) throws -> SaleRequest.ReturnedLines {
        if try body.decodeIfPresent(Bool.self, forKey: .all) == true { return .all }
        let lines = try body.decode([LineQuantityBody].self, forKey: .lines)
        guard lines.count <= Sale.linesMax else {
            throw Invalid(field: "lines", slug: "too-many", reason: "must be at most \(Sale.linesMax)")
        }
        return .some(lines.map { LineQuantity(lineID: $0.lineID, quantity: $0.quantity) })
    }

    private struct LineQuantityBody: Decodable {
        let lineID: SaleLineID
        let quantity: Int
    }
}

/// How the customer is identified.
private struct IdentificationBody: Decodable {
    let identifying: SaleRequest.Identifying

    private enum Key: String, CodingKey { case type, phoneNumber, content, checkInID }

    init(from decoder: any Decoder) throws {
        let body = try decoder.container(keyedBy: Key.self)
        switch try body.decode(String.self, forKey: .type) {
        case "phone": identifying = .phone(try body.decode(String.self, forKey: .phoneNumber))
        case "personal-qr": identifying = .personalQR(try body.decode(String.self, forKey: .content))
        case "check-in": identifying = .checkIn(try body.decode(CheckInID.self, forKey: .checkInID))
        case "merchant-qr": identifying = .merchantQR
        case "one-time-qr": identifying = .oneTimeQR
        default:
            throw Invalid(
                field: "identification.type", slug: "unknown",
                reason: "must be one of phone, personal-qr, check-in, merchant-qr, one-time-qr")
        }
    }
}

struct CommandOnly: Decodable {
    let commandID: CommandID
}
