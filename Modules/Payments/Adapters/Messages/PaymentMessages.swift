import Foundation
import MessageContracts
import Messaging
import Payments
import SharedKernel

/// What of a payment's life the other services are told, in their words.
enum PaymentMessages {
    /// - Returns: `nil` for what stays in the gateway.
    static func message(_ event: PaymentEvent, of payment: Payment) -> (any MessageContract)? {
        let terms = payment.terms
        let (id, sale, reference) = (terms.paymentID, terms.saleID, terms.address.reference)
        switch event {
        case .created(let at, let expiresAt, let qrContent):
            return PaymentRequestedAtVipps(
                paymentID: id, saleID: sale, reference: reference, msn: terms.address.msn, amount: terms.amount,
                qrContent: payment.isOneTimeQR ? qrContent : nil, requestedAt: at, expiresAt: expiresAt)
        case .authorized(let at):
            return PaymentAuthorized(
                paymentID: id, saleID: sale, reference: reference, amount: terms.amount, authorizedAt: at)
        case .captured(let amount, let at):
            return PaymentCaptured(
                paymentID: id, saleID: sale, reference: reference, msn: terms.address.msn, amount: amount,
                capturedAt: at)
        case .aborted(let at):
            return PaymentAborted(paymentID: id, saleID: sale, reference: reference, endedAt: at)
        case .expired(let at):
            return PaymentExpired(paymentID: id, saleID: sale, reference: reference, endedAt: at)
        case .terminated(let at):
            return PaymentTerminated(paymentID: id, saleID: sale, reference: reference, endedAt: at)
        case .released(let amount, let outside, let at):
            return PaymentReleased(
                paymentID: id, saleID: sale, reference: reference, amount: amount, outside: outside, releasedAt: at)
        case .failed(let refusal, let at):
            return PaymentFailed(
                paymentID: id, saleID: sale, reference: reference, failure: failure(refusal), failedAt: at)
        case .refunded(let refund, let amount, let sale, let inAll, let outside, let at):
            return PaymentRefunded(
                paymentID: id, saleID: sale, refundID: refund, amount: amount, refundedInAll: inAll, outside: outside,
                refundedAt: at)
        case .refundFailed(let refund, let amount, let sale, let refusal, let at):
            return RefundFailed(
                refundID: refund, paymentID: id, saleID: sale, amount: amount, failure: failure(refusal), failedAt: at)
        case .requested, .givenUp, .foundAlive, .planned, .attempted, .postponed, .repeatable, .doubted, .done,
            .refused, .dropped, .aggregateSeen, .lookPlanned, .logReadingPlanned, .read, .signalHeard,
            .clockSetBack, .attentionNeeded, .attentionOver, .customerErased, .logged:
            return nil
        }
    }

    static func message(_ line: LogLine, id: PaymentEventID, of payment: Payment) -> PaymentEventRecorded {
        let origin: PaymentEventOrigin =
            switch line.origin {
            case .vipps: .vipps
            case .gateway: .gateway
            case .webhook: .webhook
            }
        return PaymentEventRecorded(
            eventID: id, paymentID: payment.terms.paymentID, saleID: payment.terms.saleID,
            reference: payment.terms.address.reference, origin: origin, name: line.name, occurredAt: line.occurredAt,
            amount: line.amount, success: line.success, idempotencyKey: line.idempotencyKey,
            pspReference: line.pspReference, httpStatus: line.httpStatus, errorCode: line.errorCode,
            traceID: line.traceID, detail: line.detail)
    }

    static func message(_ refusal: UnkeptRefusal, at now: Date) -> any MessageContract {
        switch refusal {
        case .payment(let payment, let sale, let reference, let refusal):
            PaymentFailed(
                paymentID: payment, saleID: sale, reference: reference, failure: failure(refusal), failedAt: now)
        case .refund(let refund, let payment, let sale, let amount, let refusal):
            RefundFailed(
                refundID: refund, paymentID: payment, saleID: sale, amount: amount, failure: failure(refusal),
                failedAt: now)
        }
    }

    private static func failure(_ refusal: Refusal) -> PaymentFailure {
        PaymentFailure(
            code: refusal.code, httpStatus: refusal.httpStatus, detail: refusal.detail, traceID: refusal.traceID)
    }
}

extension Payment {
    /// The code of a push payment's answer is for nobody's screen.
    var isOneTimeQR: Bool { customer == .oneTimeQR }
}
