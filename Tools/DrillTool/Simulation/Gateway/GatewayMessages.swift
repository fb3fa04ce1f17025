import Foundation
import MessageContracts
import Payments
import SharedKernel

// What the other services hear of a payment, and what the gateway makes of the till's commands.

extension Told {
    init?(_ event: PaymentEvent, of payment: Payment) {
        let terms = payment.terms
        let (id, sale, reference, msn) = (terms.paymentID, terms.saleID, terms.address.reference, terms.address.msn)
        switch event {
        case .created(let at, let expiresAt, let qrContent):
            self = .requestedAtVipps(
                PaymentRequestedAtVipps(
                    paymentID: id, saleID: sale, reference: reference, msn: msn, amount: terms.amount,
                    qrContent: qrContent, requestedAt: at, expiresAt: expiresAt))
        case .authorized(let at):
            self = .authorized(
                PaymentAuthorized(
                    paymentID: id, saleID: sale, reference: reference, amount: terms.amount, authorizedAt: at))
        case .captured(let amount, let at):
            self = .captured(
                PaymentCaptured(
                    paymentID: id, saleID: sale, reference: reference, msn: msn, amount: amount, capturedAt: at))
        case .aborted(let at):
            self = .aborted(PaymentAborted(paymentID: id, saleID: sale, reference: reference, endedAt: at))
        case .expired(let at):
            self = .expired(PaymentExpired(paymentID: id, saleID: sale, reference: reference, endedAt: at))
        case .terminated(let at):
            self = .terminated(PaymentTerminated(paymentID: id, saleID: sale, reference: reference, endedAt: at))
        case .released(let amount, let outside, let at):
            self = .released(
                PaymentReleased(
                    paymentID: id, saleID: sale, reference: reference, amount: amount, outside: outside,
                    releasedAt: at))
        case .failed(let refusal, let at):
            self = .failed(
                PaymentFailed(
                    paymentID: id, saleID: sale, reference: reference, failure: PaymentFailure(refusal), failedAt: at))
        case .refunded(let refund, let amount, let sale, let inAll, let outside, let at):
            self = .refunded(
                PaymentRefunded(
                    paymentID: id, saleID: sale, refundID: refund, amount: amount, refundedInAll: inAll,
                    outside: outside, refundedAt: at))
        case .refundFailed(let refund, let amount, let sale, let refusal, let at):
            self = .refundFailed(
                RefundFailed(
                    refundID: refund, paymentID: id, saleID: sale, amount: amount, failure: PaymentFailure(refusal),
                    failedAt: at))
        default: return nil
        }
    }

    init(_ line: LogLine, of payment: Payment, id: PaymentEventID) {
        let origin: PaymentEventOrigin =
            switch line.origin {
            case .vipps: .vipps
            case .gateway: .gateway
            case .webhook: .webhook
            }
        self = .eventRecorded(
            PaymentEventRecorded(
                eventID: id, paymentID: payment.terms.paymentID, saleID: payment.terms.saleID,
                reference: payment.terms.address.reference, origin: origin, name: line.name,
                occurredAt: line.occurredAt, amount: line.amount, success: line.success,
                idempotencyKey: line.idempotencyKey, pspReference: line.pspReference, httpStatus: line.httpStatus,
                errorCode: line.errorCode, detail: line.detail))
    }

    init(_ refusal: UnkeptRefusal, at now: Date) {
        switch refusal {
        case .payment(let payment, let sale, let reference, let refusal):
            self = .failed(
                PaymentFailed(
                    paymentID: payment, saleID: sale, reference: reference, failure: PaymentFailure(refusal),
                    failedAt: now))
        case .refund(let refund, let payment, let sale, let amount, let refusal):
            self = .refundFailed(
                RefundFailed(
                    refundID: refund, paymentID: payment, saleID: sale, amount: amount,
                    failure: PaymentFailure(refusal), failedAt: now))
        }
    }
}

extension PaymentFailure {
    fileprivate init(_ refusal: Refusal) {
        self.init(code: refusal.code, httpStatus: refusal.httpStatus, detail: refusal.detail, traceID: refusal.traceID)
    }
}

extension Told {
    /// What vipps-gateway does about a command, with the real use cases.
    func take(in tenant: TenantID, _ books: GatewayBooks, at moment: Moment) throws {
        switch self {
        case .startPayment(let message): try Self.start(message, tenant, books, moment)
        case .abortPayment(let message):
            let name = PaymentName(tenantID: tenant, paymentID: message.paymentID)
            try GiveUpPayment()(name, reason: GiveUpReason(message.reason), in: books, at: moment)
        case .refundPayment(let message):
            let name = PaymentName(tenantID: tenant, paymentID: message.paymentID)
            try RefundCustomer()(
                message.refundID, of: message.amount, from: name, sale: message.saleID, in: books, at: moment)
        default: break
        }
    }

    private static func start(
        _ message: StartPayment, _ tenant: TenantID, _ books: GatewayBooks, _ moment: Moment
    ) throws {
        let terms = try PaymentTerms(
            paymentID: message.paymentID, saleID: message.saleID, saleIdentifier: message.saleIdentifier,
            address: PaymentAddress(
                tenantID: tenant, agreementID: message.agreementID, msn: message.msn, reference: message.reference),
            amount: message.amount, description: message.description, receipt: [], requestedAt: message.requestedAt,
            cause: moment.cause)
        let customer: CustomerReference =
            switch message.identification {
            case .phoneNumber(let envelope): .phoneNumber(Sealed(envelope: envelope))
            case .personalQR(let envelope): .personalQR(Sealed(envelope: envelope))
            case .checkIn(let checkIn): .checkIn(checkIn)
            case .oneTimeQR: .oneTimeQR
            }
        try BeginPayment()(terms, customer: customer, in: books, at: moment)
    }
}

extension GiveUpReason {
    fileprivate init(_ reason: AbortReason) {
        switch reason {
        case .cashier: self = .cashier
        case .saleAbandoned: self = .saleAbandoned
        case .otherIdentification: self = .otherIdentification
        }
    }
}
