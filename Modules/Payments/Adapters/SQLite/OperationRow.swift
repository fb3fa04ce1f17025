import Foundation
import GRDB
import Payments
import SharedKernel

/// The columns of `payment_operation`.
struct OperationRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "payment_operation"
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }
    static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy { .convertToSnakeCase }

    var paymentId: String
    var ordinal: Int
    var kind: String
    var amount: Int64?
    var transactionOnly: Bool?
    var refundId, saleId: String?
    var idempotencyKey: String
    var plannedAt: Double
    var correlation: String
    var causation: String?
    var traceparent: String
    var progress: String
    var progressAt: Double?
    var unknownReason: String?
    var refusalCode: String?
    var refusalStatus: Int?
    var refusalDetail, refusalTrace: String?
    var attempts, refusals: Int
    var mayHaveActed: Bool
    var lastAttemptAt: Double?
}

extension OperationRow {
    init(_ operation: PaymentOperation, of payment: PaymentID) {
        paymentId = payment.text
        ordinal = operation.ordinal
        kind = operation.act.kind.rawValue
        amount = operation.amount?.minorUnits
        idempotencyKey = operation.key.text
        plannedAt = operation.plannedAt.timeIntervalSince1970
        correlation = operation.cause.correlationID
        causation = operation.cause.causationID
        traceparent = operation.cause.trace.traceparent
        progress = ""
        attempts = operation.attempts
        refusals = operation.refusals
        mayHaveActed = operation.mayHaveActed
        lastAttemptAt = operation.lastAttemptAt?.timeIntervalSince1970
        switch operation.act {
        case .create, .capture: break
        case .cancel(let transactionOnly): self.transactionOnly = transactionOnly
        case .refund(let refund, _, let sale):
            refundId = refund.text
            saleId = sale.text
        }
        write(operation.progress)
    }

    private mutating func write(_ state: PaymentOperation.Progress) {
        switch state {
        case .waiting(let until): set("waiting", until)
        case .calling(let since): set("calling", since)
        case .inDoubt(.unknown(let reason)):
            set("in-doubt", nil)
            unknownReason = reason.rawValue
        case .inDoubt(.refusal(let refusal)): set("in-doubt", nil, refusal)
        case .done(let at): set("done", at)
        case .refused(let refusal, let at): set("refused", at, refusal)
        case .dropped(let at): set("dropped", at)
        }
    }

    private mutating func set(_ word: String, _ at: Date?, _ refusal: Refusal? = nil) {
        progress = word
        progressAt = at?.timeIntervalSince1970
        refusalCode = refusal?.code
        refusalStatus = refusal?.httpStatus
        refusalDetail = refusal?.detail
        refusalTrace = refusal?.traceID
    }

    func operation(_ currency: Currency) throws -> PaymentOperation {
        PaymentOperation(
            ordinal: ordinal, act: try act(currency), key: IdempotencyKey(idempotencyKey),
            plannedAt: Date(timeIntervalSince1970: plannedAt), cause: .kept(correlation, causation, traceparent),
            progress: try readProgress(), attempts: attempts, refusals: refusals, mayHaveActed: mayHaveActed,
            lastAttemptAt: lastAttemptAt.map(Date.init(timeIntervalSince1970:)))
    }

    private func act(_ currency: Currency) throws -> PaymentOperation.Act {
        let money = amount.map { Money(minorUnits: $0, currency: currency) }
        switch (kind, money, transactionOnly, refundId.flatMap({ RefundID($0) }), saleId.flatMap({ SaleID($0) })) {
        case ("create", _, _, _, _): return .create
        case ("capture", let money?, _, _, _): return .capture(money)
        case ("cancel", _, let transactionOnly?, _, _): return .cancel(transactionOnly: transactionOnly)
        case ("refund", let money?, _, let refund?, let sale?): return .refund(refund, money, sale)
        default: throw UnreadablePayment(paymentId, "kind of operation \(ordinal)")
        }
    }

    private func readProgress() throws -> PaymentOperation.Progress {
        let refusal = refusalCode.map {
            Refusal(code: $0, httpStatus: refusalStatus, detail: refusalDetail ?? "", traceID: refusalTrace)
        }
        let unknown = unknownReason.flatMap { UnknownReason(rawValue: $0) }
        switch (progress, progressAt.map(Date.init(timeIntervalSince1970:)), refusal, unknown) {
        case ("waiting", let at?, _, _): return .waiting(until: at)
        case ("calling", let at?, _, _): return .calling(since: at)
        case ("in-doubt", _, let refusal?, _): return .inDoubt(.refusal(refusal))
        case ("in-doubt", _, nil, let reason?): return .inDoubt(.unknown(reason))
        case ("done", let at?, _, _): return .done(at: at)
        case ("refused", let at?, let refusal?, _): return .refused(refusal, at: at)
        case ("dropped", let at?, _, _): return .dropped(at: at)
        default: throw UnreadablePayment(paymentId, "progress of operation \(ordinal)")
        }
    }
}
