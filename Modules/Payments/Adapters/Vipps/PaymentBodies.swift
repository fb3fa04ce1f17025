import Foundation
import Payments
import SharedKernel

/// The JSON of the ePayment API. Nothing outside this file knows its field names.
enum PaymentBodies {
    enum Customer: Sendable {
        case phoneNumber(String)
        case personalQR(String)
        case token(String)
    }

    /// Unknown fields are refused by Vipps, so the body holds these and no others; absent ones are left out.
    static func create(_ request: CreateRequest, customer: Customer?) -> [UInt8] {
        encode(
            CreateBody(
                amount: Amount(request.amount),
                customer: customer.map(CreateBody.CustomerPart.init),
                paymentDescription: description(request.description),
                qrFormat: customer == nil ? CreateBody.QRFormat() : nil,
                receipt: request.receipt.isEmpty ? nil : CreateBody.Receipt(request),
                reference: request.address.reference,
                userFlow: customer == nil ? "QR" : "PUSH_MESSAGE"))
    }

    static func modification(_ amount: Money) -> [UInt8] {
        encode(Modification(modificationAmount: Amount(amount)))
    }

    static func cancel(transactionOnly: Bool) -> [UInt8] {
        encode(Cancellation(cancelTransactionOnly: transactionOnly))
    }

    /// `nil` when the answer is about another payment or not what the API promises.
    static func createAnswer(_ body: [UInt8], reference: String) -> CreateAnswer? {
        guard let answer = decode(CreatedBody.self, body), answer.reference == reference else { return nil }
        return CreateAnswer(redirectURL: answer.redirectUrl)
    }

    /// `nil` when the answer is about another payment, not what the API promises, or its sums cannot be.
    static func snapshot(_ body: [UInt8], reference: String) -> PaymentSnapshot? {
        guard let answer = decode(PaymentBody.self, body), answer.reference == reference,
            let state = PaymentSnapshot.State(rawValue: answer.state), let amount = answer.amount.money,
            let authorized = answer.aggregate.authorizedAmount.money,
            let captured = answer.aggregate.capturedAmount.money,
            let refunded = answer.aggregate.refundedAmount.money,
            let cancelled = answer.aggregate.cancelledAmount.money
        else { return nil }
        let all = [authorized, captured, refunded, cancelled]
        guard all.allSatisfy({ $0.currency == amount.currency && !$0.isNegative && $0 <= amount }),
            refunded <= captured, captured <= amount - cancelled
        else { return nil }
        return PaymentSnapshot(
            state: state, amount: amount,
            aggregate: Aggregate(
                authorized: authorized, captured: captured, refunded: refunded, cancelled: cancelled),
            pspReference: answer.pspReference)
    }

    static func events(_ body: [UInt8]) -> [ProviderEvent]? {
        guard let entries = decode([EventBody].self, body) else { return nil }
        var events: [ProviderEvent] = []
        for entry in entries {
            guard let occurredAt = InstantText.read(entry.timestamp) else { return nil }
            events.append(
                ProviderEvent(
                    pspReference: entry.pspReference, name: entry.name, amount: entry.amount?.money,
                    occurredAt: occurredAt, idempotencyKey: entry.idempotencyKey, success: entry.success))
        }
        return events
    }

    /// 3 to 100 characters, as Vipps wants it.
    static func description(_ text: String) -> String {
        let cut = String(text.unicodeScalars.prefix(100).map(Character.init))
        let missing = 3 - cut.unicodeScalars.count
        return missing > 0 ? cut + String(repeating: ".", count: missing) : cut
    }

    private static func encode(_ body: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(body)) } catch { preconditionFailure("a body of strings and integers") }
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, _ bytes: [UInt8]) -> Body? {
        try? JSONDecoder().decode(foreign: bytes, as: type)
    }
}

struct Amount: Codable {
    let currency: String
    let value: Int64

    init(_ money: Money) {
        currency = money.currency.rawValue
        value = money.minorUnits
    }

    /// `nil` for a currency that the API does not have.
    var money: Money? { Currency(rawValue: currency).map { Money(minorUnits: value, currency: $0) } }
}

private struct CreateBody: Encodable {
    let amount: Amount
    let customer: CustomerPart?
    /// The customer stands at the till: a compliance rule.
    let customerInteraction = "CUSTOMER_PRESENT"
    let paymentDescription: String
    let paymentMethod = Method()
    let qrFormat: QRFormat?
    let receipt: Receipt?
    let reference: String
    let userFlow: String

    struct Method: Encodable { let type = "WALLET" }
    struct QRFormat: Encodable { let format = "TEXT/TARGETURL" }

    /// Exactly one of the three.
    struct CustomerPart: Encodable {
        var customerToken: String?
        var personalQr: String?
        var phoneNumber: String?

        init(_ customer: PaymentBodies.Customer) {
            switch customer {
            case .phoneNumber(let number): phoneNumber = number
            case .personalQR(let content): personalQr = content
            case .token(let token): customerToken = token
            }
        }
    }

    struct Receipt: Encodable {
        let orderLines: [Line]
        let bottomLine: BottomLine

        init(_ request: CreateRequest) {
            orderLines = request.receipt.map(Line.init)
            bottomLine = BottomLine(
                currency: request.amount.currency.rawValue, receiptNumber: request.saleIdentifier)
        }
    }

    struct BottomLine: Encodable {
        let currency: String
        let receiptNumber: String
    }

    struct Line: Encodable {
        let id: String
        let name: String
        let totalAmount: Int64
        let totalAmountExcludingTax: Int64
        let totalTaxAmount: Int64
        let taxRate: Int
        let unitInfo: Unit
        let discount: Int64

        init(_ item: ReceiptItem) {
            id = item.id
            name = item.name
            totalAmount = item.total.minorUnits
            totalAmountExcludingTax = item.totalExcludingTax.minorUnits
            totalTaxAmount = (item.total - item.totalExcludingTax).minorUnits
            taxRate = item.taxRate
            unitInfo = Unit(unitPrice: item.unitPrice.minorUnits, quantity: String(item.quantity))
            discount = item.discount.minorUnits
        }
    }

    struct Unit: Encodable {
        let unitPrice: Int64
        /// A string in this API.
        let quantity: String
        let quantityUnit = "PCS"
    }
}

private struct Modification: Encodable { let modificationAmount: Amount }
private struct Cancellation: Encodable { let cancelTransactionOnly: Bool }

private struct CreatedBody: Decodable {
    let reference: String
    let redirectUrl: String?
}

private struct PaymentBody: Decodable {
    let reference: String
    let state: String
    let amount: Amount
    let aggregate: Aggregate
    let pspReference: String?

    struct Aggregate: Decodable {
        let authorizedAmount: Amount
        let capturedAmount: Amount
        let refundedAmount: Amount
        let cancelledAmount: Amount
    }
}

private struct EventBody: Decodable {
    let pspReference: String
    let name: String
    let amount: Amount?
    let timestamp: String
    let idempotencyKey: String?
    let success: Bool
}
