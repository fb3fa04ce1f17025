import Foundation
import MessageContracts
import PointOfSale
import SharedKernel

// What the other services hear of a sale, and what the till makes of what it hears.

extension Told {
    init?(_ event: SaleEvent, of sale: Sale, _ tenant: Tenant?, _ unit: OrganizationalUnit?) {
        switch event {
        case .started:
            self = .saleStarted(
                SaleStarted(
                    saleID: sale.id, saleIdentifier: sale.identifier.text,
                    organizationalUnitID: sale.organizationalUnitID, agentInstanceID: sale.agentInstanceID,
                    startedBy: sale.startedBy, startedAt: sale.startedAt))
        case .paymentRequested(let id, let identification, let at):
            guard let request = Self.request(id, identification, at: at, of: sale, tenant) else { return nil }
            self = .startPayment(request)
        case .paymentAbortAsked(let id, let reason, let at, _):
            self = .abortPayment(AbortPayment(paymentID: id, reason: AbortReason(reason), requestedAt: at))
        case .refundRequested(let refund):
            self = .refundPayment(
                RefundPayment(
                    refundID: refund.id, paymentID: refund.paymentID, amount: refund.amount,
                    saleID: sale.place(of: refund), requestedBy: refund.requestedBy, requestedAt: refund.requestedAt))
        case .cashTaken(let payment):
            self = .cashReceived(
                CashReceived(
                    paymentID: payment.id, saleID: sale.id, saleIdentifier: sale.identifier.text,
                    paymentOptionID: payment.option.id, amount: payment.amount,
                    receivedBy: payment.startedBy ?? sale.startedBy, receivedAt: payment.startedAt))
        case .cashPaidOut(let refund):
            self = .cashPaidOut(
                CashPaidOut(
                    refundID: refund.id, paymentID: refund.paymentID, saleID: sale.place(of: refund),
                    saleIdentifier: sale.identifier.text, amount: refund.amount,
                    paidBy: refund.requestedBy ?? sale.startedBy, paidAt: refund.requestedAt))
        case .completed(let at, let user): self = Self.completion(of: sale, at: at, by: user, tenant, unit)
        default: return nil
        }
    }

    private static func request(
        _ id: PaymentID, _ identification: Identification, at: Date, of sale: Sale, _ tenant: Tenant?
    ) -> StartPayment? {
        guard let payment = sale.payment(id), let terms = payment.terms, let reference = payment.reference else {
            return nil
        }
        return StartPayment(
            paymentID: id, saleID: sale.id, saleIdentifier: sale.identifier.text, reference: reference,
            agreementID: terms.agreementID, msn: terms.msn, amount: payment.amount,
            description: sale.identifier.description(tenantName: tenant?.name ?? ""),
            identification: CustomerIdentification(identification), receipt: [],
            organizationalUnitID: sale.organizationalUnitID, agentInstanceID: terms.agentInstanceID,
            requestedBy: payment.startedBy, requestedAt: at)
    }

    private static func completion(
        of sale: Sale, at: Date, by user: UserID?, _ tenant: Tenant?, _ unit: OrganizationalUnit?
    ) -> Told {
        if case .returning(let original, let identifier) = sale.kind {
            return .saleReturned(
                SaleReturned(
                    returnID: sale.id, returnIdentifier: sale.identifier.text, originalSaleID: original,
                    originalSaleIdentifier: identifier.text, lines: [], total: .zero(sale.currency) - sale.total,
                    refunds: [], returnedBy: user ?? sale.startedBy, returnedAt: at))
        }
        return .saleCompleted(
            SaleCompleted(
                saleID: sale.id, saleIdentifier: sale.identifier.text, tenantName: tenant?.name ?? "",
                organizationalUnitID: sale.organizationalUnitID, organizationalUnitName: unit?.name ?? "", lines: [],
                total: sale.total, valueAddedTax: sale.tax, payments: [], invoiceEmail: sale.invoiceEmail?.text,
                language: "nb", completedBy: user, completedAt: at))
    }
}

extension Sale {
    fileprivate func place(of refund: Refund) -> SaleID {
        if case .returned(let id) = refund.cause { id } else { id }
    }
}

extension CustomerIdentification {
    fileprivate init(_ identification: Identification) {
        switch identification {
        case .phoneNumber(let envelope, _): self = .phoneNumber(envelope: envelope)
        case .personalQR(let envelope): self = .personalQR(envelope: envelope)
        case .checkIn(let id): self = .checkIn(id)
        case .oneTimeQR: self = .oneTimeQR
        }
    }
}

extension AbortReason {
    fileprivate init(_ reason: GivingUpReason) {
        switch reason {
        case .cashier: self = .cashier
        case .saleAbandoned: self = .saleAbandoned
        case .otherIdentification: self = .otherIdentification
        }
    }
}

extension Told {
    /// What pos-service does about a message, with the real use cases.
    func hear(in tenant: TenantID, _ open: TillTransaction) throws {
        if let (news, payment) = paymentNews {
            try HearPayment()(news, of: payment, in: tenant, open)
            return
        }
        switch self {
        case .checkedIn(let message):
            let heard = HearCheckIn.Heard(
                id: message.checkInID, msn: message.msn, merchantQRID: message.merchantQRID,
                initiatedAt: message.initiatedAt, validUntil: message.validUntil)
            try HearCheckIn()(heard, in: tenant, open)
        case .mailed(let message): try HearInvoiceMail()(.mailed, of: message.saleID, in: tenant, open)
        case .mailFailed(let message): try HearInvoiceMail()(.failed, of: message.saleID, in: tenant, open)
        default: break
        }
    }

    private var paymentNews: (PaymentNews, PaymentID)? {
        switch self {
        case .requestedAtVipps(let message):
            (.atVipps(expiresAt: message.expiresAt, qrContent: message.qrContent), message.paymentID)
        case .authorized(let message): (.authorized, message.paymentID)
        case .captured(let message): (.captured(message.amount), message.paymentID)
        case .aborted(let message): (.aborted, message.paymentID)
        case .expired(let message): (.expired, message.paymentID)
        case .terminated(let message): (.terminated, message.paymentID)
        case .released(let message): (.released(outside: message.outside), message.paymentID)
        case .failed(let message): (.failed(Refusal(message.failure)), message.paymentID)
        case .refunded(let message):
            (
                .refunded(
                    message.refundID, message.amount, outside: message.outside, inAll: message.refundedInAll),
                message.paymentID
            )
        case .refundFailed(let message):
            (.refundFailed(message.refundID, Refusal(message.failure)), message.paymentID)
        default: nil
        }
    }
}

extension Refusal {
    fileprivate init(_ failure: PaymentFailure) { self.init(code: failure.code, detail: failure.detail) }
}
