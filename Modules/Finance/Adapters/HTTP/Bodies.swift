import Finance
import Foundation
import MessageContracts
import SharedKernel

// The JSON of /financial/api. It may change on its own: the core and the messages do not know it.

struct PaymentOptionBody: Encodable {
    let paymentOptionID: PaymentOptionID
    let name: String
    let kind: PaymentKind
    let quickAccess: Bool
    let enabled: Bool
    let savedAt: Date

    init(_ option: PaymentOption) {
        paymentOptionID = option.id
        name = option.name.text
        kind = option.kind.contract
        quickAccess = option.quickAccess
        enabled = option.enabled
        savedAt = option.savedAt
    }
}

struct PaymentOptionsBody: Encodable { let paymentOptions: [PaymentOptionBody] }

struct NewPaymentOptionBody: Decodable {
    let commandID: PaymentOptionID?
    let name: String
    let kind: PaymentKind
    let quickAccess: Bool?
    let enabled: Bool?
}

struct ChangedPaymentOptionBody: Decodable {
    let name: String
    let kind: PaymentKind
    let quickAccess: Bool
}

struct LedgerEntryBody: Encodable {
    let entryID: LedgerEntryID
    let sequence: Int64
    let entry: String
    let kind: PaymentKind
    let paymentID: PaymentID
    let refundID: RefundID?
    let saleID: SaleID
    let reference: String?
    let amount: Money
    let outside: Bool?
    let day: String
    let occurredAt: Date
    let registeredAt: Date
    let hash: String

    init(_ entry: LedgerEntry) {
        let posting = entry.posting
        switch posting.movement {
        case .payment: (refundID, outside) = (nil, nil)
        case .refund(let id, let isOutside): (refundID, outside) = (id, isOutside)
        }
        entryID = entry.id
        sequence = entry.sequence
        self.entry = posting.movement.word
        kind = posting.kind.contract
        paymentID = posting.paymentID
        saleID = posting.saleID
        reference = posting.reference
        amount = posting.amount
        day = entry.day.text
        occurredAt = posting.occurredAt
        registeredAt = entry.registeredAt
        hash = entry.hash.hexadecimal
    }
}

struct LedgerBody: Encodable {
    let entries: [LedgerEntryBody]
    let next: Int64?
}

struct LedgerSumBody: Encodable {
    let day: String?
    let saleID: SaleID?
    let kind: PaymentKind
    let currency: Currency
    let paymentCount: Int
    let refundCount: Int
    let payments: Int64
    let refunds: Int64
    let net: Int64

    init(_ sum: LedgerSum) {
        day = sum.day?.text
        saleID = sum.saleID
        kind = sum.kind.contract
        currency = sum.payments.currency
        paymentCount = sum.paymentCount
        refundCount = sum.refundCount
        payments = sum.payments.minorUnits
        refunds = sum.refunds.minorUnits
        net = sum.net.minorUnits
    }
}

struct LedgerSumsBody: Encodable { let sums: [LedgerSumBody] }

struct SaleLedgerBody: Encodable {
    let entries: [LedgerEntryBody]
    let sums: [LedgerSumBody]
}

struct LedgerVerificationBody: Encodable {
    struct Break: Encodable {
        let sequence: Int64
        let reason: String
    }
    struct Difference: Encodable {
        let paymentID: PaymentID
        let currency: Currency
        let captured: Int64
        let registered: Int64
        let refundedAtVipps: Int64
        let refundsRegistered: Int64
    }

    let intact: Bool
    let entries: Int64
    let head: String?
    let broken: Break?
    let differences: [Difference]

    init(_ verification: LedgerVerification) {
        intact = verification.intact
        entries = verification.entries
        head = verification.head?.hexadecimal
        broken =
            switch verification.broken {
            case .missing(let sequence): Break(sequence: sequence, reason: "missing")
            case .changed(let sequence): Break(sequence: sequence, reason: "changed")
            case nil: nil
            }
        differences = verification.differences.map {
            Difference(
                paymentID: $0.paymentID, currency: $0.captured.currency, captured: $0.captured.minorUnits,
                registered: $0.registered.minorUnits, refundedAtVipps: $0.refundedAtVipps.minorUnits,
                refundsRegistered: $0.refundsRegistered.minorUnits)
        }
    }
}

struct PaymentHistoryBody: Encodable {
    struct Payment: Encodable {
        let paymentID: PaymentID
        let saleID: SaleID
        let reference: String?
        let msn: String?
        let state: String
        let asked: Money?
        let captured: Money?
        let refunded: Money?
        let failureCode: String?
        let changedAt: Date
    }
    struct Event: Encodable {
        let eventID: PaymentEventID
        let origin: String
        let name: String
        let occurredAt: Date
        let amount: Money?
        let success: Bool
        let idempotencyKey: String?
        let pspReference: String?
        let httpStatus: Int?
        let errorCode: String?
        let traceID: String?
        let detail: String?
    }

    let payment: Payment
    let events: [Event]

    init(_ summary: PaymentSummary, _ events: [PaymentEvent]) {
        payment = Payment(
            paymentID: summary.paymentID, saleID: summary.saleID, reference: summary.reference, msn: summary.msn,
            state: summary.state.word, asked: summary.asked, captured: summary.captured, refunded: summary.refunded,
            failureCode: summary.failureCode, changedAt: summary.changedAt)
        self.events = events.map {
            Event(
                eventID: $0.id, origin: $0.origin.word, name: $0.name, occurredAt: $0.occurredAt, amount: $0.amount,
                success: $0.success, idempotencyKey: $0.idempotencyKey, pspReference: $0.pspReference,
                httpStatus: $0.httpStatus, errorCode: $0.errorCode, traceID: $0.traceID, detail: $0.detail)
        }
    }
}

extension Data {
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
