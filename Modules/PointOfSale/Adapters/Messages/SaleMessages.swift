import Foundation
import MessageContracts
import Messaging
import PointOfSale
import SQLiteStorage
import SharedKernel

/// What other services hear of a sale: one domain event at a time becomes the message it promises, or none.
extension SQLitePointOfSaleTransaction {
    func publish(_ event: SaleEvent, of sale: Sale) throws {
        switch event {
        case .started:
            try send(
                SaleStarted(
                    saleID: sale.id, saleIdentifier: sale.identifier.text,
                    organizationalUnitID: sale.organizationalUnitID, agentInstanceID: sale.agentInstanceID,
                    startedBy: sale.startedBy, startedAt: sale.startedAt), in: sale.tenantID)
        case .paymentRequested(let id, let identification, let at):
            try publishRequest(id, identification, at: at, of: sale)
        case .paymentAbortAsked(let id, let reason, let at, let user):
            try send(
                AbortPayment(paymentID: id, requestedBy: user, reason: AbortReason(reason), requestedAt: at),
                in: sale.tenantID)
        case .cashTaken(let payment):
            try send(
                CashReceived(
                    paymentID: payment.id, saleID: sale.id, saleIdentifier: sale.identifier.text,
                    paymentOptionID: payment.option.id, amount: payment.amount,
                    receivedBy: payment.startedBy ?? sale.startedBy, receivedAt: payment.startedAt), in: sale.tenantID)
        case .refundRequested(let refund):
            try send(
                RefundPayment(
                    refundID: refund.id, paymentID: refund.paymentID, amount: refund.amount,
                    saleID: sale.place(of: refund).id, requestedBy: refund.requestedBy, requestedAt: refund.requestedAt),
                in: sale.tenantID)
        case .cashPaidOut(let refund):
            let place = sale.place(of: refund)
            try send(
                CashPaidOut(
                    refundID: refund.id, paymentID: refund.paymentID, saleID: place.id,
                    saleIdentifier: place.identifier.text, amount: refund.amount,
                    paidBy: refund.requestedBy ?? sale.startedBy, paidAt: refund.requestedAt), in: sale.tenantID)
        case .completed(let at, let user):
            switch sale.kind {
            case .sale: try publishCompletion(of: sale, at: at, by: user)
            case .returning(let original, let identifier):
                try send(sale.asReturned(from: original, identifier, at: at), in: sale.tenantID)
            }
        case .lineAdded, .lineChanged, .lineRemoved, .invoiceEmailSet, .parked, .resumed, .paymentStarted,
            .paymentMoved,
            .outsideRefundRecorded, .refundEnded, .refundCounted, .linesReturned, .returnEnded, .abandoned,
            .invoiceMailEnded, .customerForgotten:
            break
        }
    }

    private func publishRequest(
        _ id: PaymentID, _ identification: Identification, at: Date, of sale: Sale
    ) throws {
        guard let payment = sale.payment(id), case .vipps(let terms, let reference, _) = payment.means,
            let tenant = try tenant(sale.tenantID)
        else { return }
        try send(
            StartPayment(
                paymentID: id, saleID: sale.id, saleIdentifier: sale.identifier.text, reference: reference,
                agreementID: terms.agreementID, msn: terms.msn, amount: payment.amount,
                description: sale.identifier.description(tenantName: tenant.name),
                identification: CustomerIdentification(identification),
                receipt: payment.amount == sale.total ? sale.lines.map(ReceiptLine.init) : [],
                organizationalUnitID: sale.organizationalUnitID, agentInstanceID: terms.agentInstanceID,
                requestedBy: payment.startedBy, requestedAt: at), in: sale.tenantID)
    }

    private func publishCompletion(of sale: Sale, at: Date, by user: UserID?) throws {
        guard let tenant = try tenant(sale.tenantID),
            let unit = try organizationalUnit(sale.organizationalUnitID, in: sale.tenantID)
        else { return }
        try send(
            SaleCompleted(
                saleID: sale.id, saleIdentifier: sale.identifier.text, tenantName: tenant.name,
                organizationalUnitID: unit.id, organizationalUnitName: unit.name, agentInstanceID: sale.agentInstanceID,
                lines: sale.lines.map(SoldLine.init), total: sale.total, valueAddedTax: sale.tax,
                payments: sale.payments.filter(\.captured.isPositive).map { payment in
                    SalePayment(
                        paymentID: payment.id, kind: PaymentKind(payment.option.method),
                        paymentOptionID: payment.option.id, optionName: payment.option.name, amount: payment.captured)
                },
                change: sale.change.isPositive ? sale.change : nil, invoiceEmail: sale.invoiceEmail?.text,
                language: tenant.market.language.rawValue, completedBy: user, startedAt: sale.startedAt,
                completedAt: at), in: sale.tenantID)
    }

    func send(_ message: some MessageContract, in tenant: TenantID) throws {
        try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
    }

    func publishChanged(_ views: [ChangedView], in tenant: TenantID) throws {
        try send(PointOfSaleViewChanged(views: views.map(\.name)), in: tenant)
    }
}

extension Sale {
    /// The sale that a refund belongs to: the return, or this one.
    fileprivate func place(of refund: Refund) -> (id: SaleID, identifier: SaleIdentifier) {
        guard case .returned(let id) = refund.cause, let item = returns.first(where: { $0.returnID == id }) else {
            return (self.id, identifier)
        }
        return (item.returnID, item.identifier)
    }

    fileprivate func asReturned(from original: SaleID, _ identifier: SaleIdentifier, at: Date) -> SaleReturned {
        SaleReturned(
            returnID: id, returnIdentifier: self.identifier.text, originalSaleID: original,
            originalSaleIdentifier: identifier.text, lines: lines.map(SoldLine.init), total: zero - total,
            refunds: refunds.filter(\.counts).map {
                SaleRefund(
                    refundID: $0.id, paymentID: $0.paymentID, kind: PaymentKind($0.method), amount: $0.amount)
            }, returnedBy: startedBy, returnedAt: at)
    }
}

extension Market {
    /// Of the invoice, which the customer reads.
    var language: Language {
        switch self {
        case .norway: .norwegian
        case .denmark: .danish
        case .finland: .finnish
        case .sweden: .swedish
        }
    }
}

extension PaymentKind {
    init(_ method: PaymentMethod) {
        switch method {
        case .vippsEPayment: self = .vippsEPayment
        case .cash: self = .cash
        }
    }
}

extension PaymentMethod {
    init(_ kind: PaymentKind) {
        switch kind {
        case .vippsEPayment: self = .vippsEPayment
        case .cash: self = .cash
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

extension ReceiptLine {
    fileprivate init(_ line: SaleLine) {
        self.init(
            id: line.number ?? line.id.text, name: line.name, quantity: line.quantity, unitPrice: line.unitPrice,
            discount: line.discount, total: line.total, totalExcludingTax: line.total - line.tax,
            taxRate: line.vatRate.basisPoints)
    }
}

extension SoldLine {
    fileprivate init(_ line: SaleLine) {
        self.init(
            lineID: line.id, productID: line.productID, name: line.name, quantity: line.quantity,
            unitPrice: line.unitPrice, discount: line.discount, taxRate: line.vatRate.basisPoints, total: line.total,
            tax: line.tax)
    }
}
