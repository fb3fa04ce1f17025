import Foundation
import GRDB
import Payments
import SharedKernel

/// A row that cannot be a payment any more: a mistake of ours, or a damaged file.
struct UnreadablePayment: Error, CustomStringConvertible {
    let description: String
    init(_ payment: String, _ column: String) { description = "payment \(payment): \(column) cannot be read" }
}

/// The columns of `payment`.
struct PaymentRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "payment"
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }
    static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy { .convertToSnakeCase }

    var paymentId, tenantId, saleId, saleIdentifier, agreementId, msn, reference, currency: String
    var amount: Int64
    var description, receipt: String
    var requestedAt: Double
    var correlation: String
    var causation: String?
    var traceparent: String
    var phase: String
    var phaseAt, expiresAt: Double?
    var capturedAmount: Int64?
    var failureCode: String?
    var failureStatus: Int?
    var failureDetail, failureTrace: String?
    var givenUpReason: String?
    var givenUpAt: Double?
    var givenUpCorrelation, givenUpCausation, givenUpTraceparent: String?
    var seenAuthorized, seenCaptured, seenRefunded, seenCancelled: Int64?
    var refundedTold: Int64
    var lookAt: Double?
    var lookFailures: Int
    var lookIsRoutine: Bool
    var logAt: Double?
    var logFailures: Int
    var attentionSince, webhookAt: Double?
    var calls: String
    var dueAt, routineAt: Double?
    var isOpen, isCalling: Bool
}

// MARK: From the payment

extension PaymentRow {
    init(_ payment: Payment) throws {
        let terms = payment.terms
        let phase = PhaseColumns(payment.phase)
        paymentId = terms.paymentID.text
        tenantId = terms.address.tenantID.text
        saleId = terms.saleID.text
        saleIdentifier = terms.saleIdentifier
        agreementId = terms.address.agreementID.text
        msn = terms.address.msn
        reference = terms.address.reference
        currency = terms.amount.currency.rawValue
        amount = terms.amount.minorUnits
        description = terms.description
        receipt = try ReceiptColumn.write(terms.receipt)
        requestedAt = terms.requestedAt.timeIntervalSince1970
        correlation = terms.cause.correlationID
        causation = terms.cause.causationID
        traceparent = terms.cause.trace.traceparent
        self.phase = payment.phase.word
        phaseAt = phase.at?.timeIntervalSince1970
        expiresAt = phase.expiresAt?.timeIntervalSince1970
        capturedAmount = phase.amount?.minorUnits
        failureCode = phase.refusal?.code
        failureStatus = phase.refusal?.httpStatus
        failureDetail = phase.refusal?.detail
        failureTrace = phase.refusal?.traceID
        givenUpReason = payment.givenUp?.reason.rawValue
        givenUpAt = payment.givenUp?.at.timeIntervalSince1970
        givenUpCorrelation = payment.givenUp?.cause.correlationID
        givenUpCausation = payment.givenUp?.cause.causationID
        givenUpTraceparent = payment.givenUp?.cause.trace.traceparent
        seenAuthorized = payment.aggregate?.authorized.minorUnits
        seenCaptured = payment.aggregate?.captured.minorUnits
        seenRefunded = payment.aggregate?.refunded.minorUnits
        seenCancelled = payment.aggregate?.cancelled.minorUnits
        refundedTold = payment.refundedTold.minorUnits
        lookAt = payment.look.at?.timeIntervalSince1970
        lookFailures = payment.look.failures
        lookIsRoutine = payment.look.isRoutine
        logAt = payment.logReading.at?.timeIntervalSince1970
        logFailures = payment.logReading.failures
        attentionSince = payment.attentionSince?.timeIntervalSince1970
        webhookAt = payment.webhookAt?.timeIntervalSince1970
        calls = try CallsColumn.write(payment.callWindows)
        dueAt = payment.dueAt(.urgent)?.timeIntervalSince1970
        routineAt = payment.dueAt(.routine)?.timeIntervalSince1970
        isOpen = !payment.phase.isEnd || payment.currentOperation != nil
        isCalling = payment.isCalling
    }
}

/// What the phases carry, flattened.
private struct PhaseColumns {
    var at, expiresAt: Date?
    var amount: Money?
    var refusal: Refusal?

    init(_ phase: Payment.Phase) {
        switch phase {
        case .requested: break
        case .created(let at, let expiresAt):
            self.at = at
            self.expiresAt = expiresAt
        case .captured(let at, let amount):
            self.at = at
            self.amount = amount
        case .failed(let refusal, let at):
            self.at = at
            self.refusal = refusal
        case .authorized(let at), .aborted(let at), .expired(let at), .terminated(let at), .released(let at):
            self.at = at
        }
    }
}

// MARK: Back to the payment

extension PaymentRow {
    func payment(customer: CustomerReference?, operations: [PaymentOperation]) throws -> Payment {
        let currency = try require(Currency(rawValue: currency), "currency")
        func money(_ units: Int64) -> Money { Money(minorUnits: units, currency: currency) }
        var aggregate: Aggregate?
        if let seenAuthorized, let seenCaptured, let seenRefunded, let seenCancelled {
            aggregate = Aggregate(
                authorized: money(seenAuthorized), captured: money(seenCaptured), refunded: money(seenRefunded),
                cancelled: money(seenCancelled))
        }
        return Payment(
            terms: try terms(money(amount)), customer: customer, phase: try phase(money), givenUp: try givenUp(),
            aggregate: aggregate, refundedTold: money(refundedTold), operations: operations,
            look: Payment.Look(
                at: lookAt.map(Date.init(timeIntervalSince1970:)), failures: lookFailures, isRoutine: lookIsRoutine),
            logReading: Payment.Look(at: logAt.map(Date.init(timeIntervalSince1970:)), failures: logFailures),
            attentionSince: attentionSince.map(Date.init(timeIntervalSince1970:)),
            webhookAt: webhookAt.map(Date.init(timeIntervalSince1970:)), callWindows: try CallsColumn.read(calls))
    }

    private func require<Value>(_ value: Value?, _ column: String) throws -> Value {
        guard let value else { throw UnreadablePayment(paymentId, column) }
        return value
    }

    private func terms(_ amount: Money) throws -> PaymentTerms {
        let address = PaymentAddress(
            tenantID: try require(TenantID(tenantId), "tenant_id"),
            agreementID: try require(AgreementID(agreementId), "agreement_id"), msn: msn, reference: reference)
        return try PaymentTerms(
            paymentID: try require(PaymentID(paymentId), "payment_id"), saleID: try require(SaleID(saleId), "sale_id"),
            saleIdentifier: saleIdentifier, address: address, amount: amount, description: description,
            receipt: try ReceiptColumn.read(receipt), requestedAt: Date(timeIntervalSince1970: requestedAt),
            cause: .kept(correlation, causation, traceparent))
    }

    private func phase(_ money: (Int64) -> Money) throws -> Payment.Phase {
        if phase == "requested" { return .requested }
        let at = Date(timeIntervalSince1970: try require(phaseAt, "phase_at"))
        switch phase {
        case "created":
            return .created(at: at, expiresAt: Date(timeIntervalSince1970: try require(expiresAt, "expires_at")))
        case "authorized": return .authorized(at: at)
        case "captured": return .captured(at: at, amount: money(try require(capturedAmount, "captured_amount")))
        case "aborted": return .aborted(at: at)
        case "expired": return .expired(at: at)
        case "terminated": return .terminated(at: at)
        case "released": return .released(at: at)
        case "failed":
            let refusal = Refusal(
                code: try require(failureCode, "failure_code"), httpStatus: failureStatus,
                detail: failureDetail ?? "", traceID: failureTrace)
            return .failed(refusal, at: at)
        default: throw UnreadablePayment(paymentId, "phase")
        }
    }

    private func givenUp() throws -> Payment.GivenUp? {
        guard let givenUpReason else { return nil }
        return Payment.GivenUp(
            reason: try require(GiveUpReason(rawValue: givenUpReason), "given_up_reason"),
            at: Date(timeIntervalSince1970: try require(givenUpAt, "given_up_at")),
            cause: .kept(givenUpCorrelation ?? "", givenUpCausation, givenUpTraceparent ?? ""))
    }
}

extension Cause {
    static func kept(_ correlation: String, _ causation: String?, _ traceparent: String) -> Cause {
        Cause(
            correlationID: correlation, causationID: causation, trace: TraceContext(traceparent: traceparent) ?? .new())
    }
}

/// The order lines, as JSON in one column: they are only ever read together.
private enum ReceiptColumn {
    private struct Item: Codable {
        let id, name: String
        let quantity: Int
        let unitPrice, discount, total, totalExcludingTax: Money
        let taxRate: Int
    }

    static func write(_ receipt: [ReceiptItem]) throws -> String {
        let items = receipt.map {
            Item(
                id: $0.id, name: $0.name, quantity: $0.quantity, unitPrice: $0.unitPrice, discount: $0.discount,
                total: $0.total, totalExcludingTax: $0.totalExcludingTax, taxRate: $0.taxRate)
        }
        return String(decoding: try JSONEncoder.house.encode(items), as: UTF8.self)
    }

    static func read(_ text: String) throws -> [ReceiptItem] {
        try JSONDecoder.house.decode([Item].self, from: Data(text.utf8)).map {
            ReceiptItem(
                id: $0.id, name: $0.name, quantity: $0.quantity, unitPrice: $0.unitPrice, discount: $0.discount,
                total: $0.total, totalExcludingTax: $0.totalExcludingTax, taxRate: $0.taxRate)
        }
    }
}

/// The calls of the last minute, as JSON: seconds since 1970 by endpoint.
private enum CallsColumn {
    static func write(_ windows: CallWindows) throws -> String {
        let calls = windows.all.map { ($0.key.rawValue, $0.value.map(\.timeIntervalSince1970)) }
        return String(decoding: try JSONEncoder.house.encode(Dictionary(uniqueKeysWithValues: calls)), as: UTF8.self)
    }

    static func read(_ text: String) throws -> CallWindows {
        let calls = try JSONDecoder.house.decode([String: [Double]].self, from: Data(text.utf8))
        var windows: [CallKind: [Date]] = [:]
        for (kind, instants) in calls {
            guard let kind = CallKind(rawValue: kind) else { continue }
            windows[kind] = instants.map(Date.init(timeIntervalSince1970:))
        }
        return CallWindows(windows)
    }
}
