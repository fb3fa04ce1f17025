import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import SharedKernel

/// The till's commands about payments.
package struct PaymentHandlers: Sendable {
    private let store: SQLitePaymentStore
    private let now: Now

    package init(store: SQLitePaymentStore, now: @escaping Now) {
        self.store = store
        self.now = now
    }

    package func register(in router: inout MessageRouter<Database>) {
        router.on(StartPayment.self) { message, envelope, db in
            try start(message, envelope, store.books(in: db))
        }
        router.on(AbortPayment.self) { message, envelope, db in
            let name = PaymentName(tenantID: envelope.tenantID, paymentID: message.paymentID)
            try GiveUpPayment()(
                name, reason: Self.reason(message.reason), in: store.books(in: db), at: moment(envelope))
        }
        router.on(RefundPayment.self) { message, envelope, db in
            let name = PaymentName(tenantID: envelope.tenantID, paymentID: message.paymentID)
            try RefundCustomer()(
                message.refundID, of: message.amount, from: name, sale: message.saleID, in: store.books(in: db),
                at: moment(envelope))
        }
    }

    private func start(_ message: StartPayment, _ envelope: Envelope, _ books: SQLitePaymentBooks) throws {
        let moment = moment(envelope)
        let terms: PaymentTerms
        do throws(Invalid) {
            terms = try Self.terms(message, envelope)
        } catch {
            let refusal = Refusal(
                code: Refusal.OwnCode.invalidRequest, detail: "\(error.field): \(error.reason)")
            try books.tell(
                .payment(message.paymentID, message.saleID, reference: message.reference, refusal),
                of: envelope.tenantID, at: moment)
            return
        }
        try BeginPayment()(terms, customer: Self.customer(message.identification), in: books, at: moment)
    }

    private func moment(_ envelope: Envelope) -> Moment {
        let now = now()
        return Moment(
            now: now, cause: envelope.asCause, spareRefundID: .new(at: now), restoredAt: store.restoredAt)
    }

    private static func terms(_ message: StartPayment, _ envelope: Envelope) throws(Invalid) -> PaymentTerms {
        try PaymentTerms(
            paymentID: message.paymentID, saleID: message.saleID, saleIdentifier: message.saleIdentifier,
            address: PaymentAddress(
                tenantID: envelope.tenantID, agreementID: message.agreementID, msn: message.msn,
                reference: message.reference),
            amount: message.amount, description: message.description, receipt: message.receipt.map(item),
            requestedAt: message.requestedAt, cause: envelope.asCause)
    }

    private static func item(_ line: ReceiptLine) -> ReceiptItem {
        ReceiptItem(
            id: line.id, name: line.name, quantity: line.quantity, unitPrice: line.unitPrice, discount: line.discount,
            total: line.total, totalExcludingTax: line.totalExcludingTax, taxRate: line.taxRate)
    }

    private static func customer(_ identification: CustomerIdentification) -> CustomerReference {
        switch identification {
        case .phoneNumber(let envelope): .phoneNumber(Sealed(envelope: envelope))
        case .personalQR(let envelope): .personalQR(Sealed(envelope: envelope))
        case .checkIn(let checkIn): .checkIn(checkIn)
        case .oneTimeQR: .oneTimeQR
        }
    }

    private static func reason(_ reason: AbortReason) -> GiveUpReason {
        switch reason {
        case .cashier: .cashier
        case .saleAbandoned: .saleAbandoned
        case .otherIdentification: .otherIdentification
        }
    }
}

/// Webhooks about payments, in the transaction that keeps them: the line in the event log, and a GET due at once.
package struct PaymentWebhooks: PaymentWebhookRecorder {
    private let store: SQLitePaymentStore

    package init(store: SQLitePaymentStore) { self.store = store }

    package func record(_ webhook: PaymentWebhook, cause: Cause, at now: Date, in db: Database) throws {
        let signal = WebhookSignal(
            name: webhook.name, pspReference: webhook.pspReference, amount: webhook.amount,
            occurredAt: webhook.occurredAt, idempotencyKey: webhook.idempotencyKey, success: webhook.success)
        try NoticeWebhook()(
            signal, tenant: webhook.tenantID, msn: webhook.msn, reference: webhook.reference,
            in: store.books(in: db),
            at: Moment(now: now, cause: cause, spareRefundID: .new(at: now), restoredAt: store.restoredAt))
    }
}
