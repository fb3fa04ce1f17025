import Foundation
import PointOfSale
import SharedKernel

/// A sale as the interface shows it.
struct SaleBody: Encodable {
    let id: SaleID
    let identifier: String
    let kind: String
    let state: String
    let organizationalUnitID: OrganizationalUnitID
    let agentInstanceID: AgentInstanceID?
    let startedAt: Date
    let startedBy: UserID
    let endedAt: Date?
    let lines: [LineBody]
    let linesLocked: Bool
    let total: Money
    let valueAddedTax: Money
    let taxes: [TaxBody]
    let received: Money
    let pending: Money
    let due: Money
    let payments: [PaymentBody]
    let refunds: [RefundBody]
    let invoiceEmail: String?
    let invoiceMail: String?
    let returnOf: ReferenceBody?
    let returns: [ReturnBody]

    init(_ sale: Sale) {
        id = sale.id
        identifier = sale.identifier.text
        kind = sale.isReturn ? "return" : "sale"
        state = SaleQuery.State(sale.state).rawValue
        organizationalUnitID = sale.organizationalUnitID
        agentInstanceID = sale.agentInstanceID
        startedAt = sale.startedAt
        startedBy = sale.startedBy
        endedAt = sale.endedAt
        lines = sale.lines.map { LineBody($0, of: sale) }
        linesLocked = sale.linesAreLocked
        total = sale.total
        valueAddedTax = sale.tax
        taxes = sale.taxes.map(TaxBody.init)
        received = sale.received
        pending = sale.pending
        due = sale.due
        payments = sale.payments.map { PaymentBody($0, of: sale) }
        refunds = sale.refunds.map(RefundBody.init)
        invoiceEmail = sale.invoiceEmail?.text
        invoiceMail = sale.invoiceMail?.rawValue
        switch sale.kind {
        case .sale: returnOf = nil
        case .returning(let original, let identifier):
            returnOf = ReferenceBody(saleID: original, identifier: identifier.text)
        }
        returns = sale.returns.map {
            ReturnBody(saleID: $0.returnID, identifier: $0.identifier.text, state: $0.state.rawValue)
        }
    }
}

struct ReferenceBody: Encodable {
    let saleID: SaleID
    let identifier: String
}

struct ReturnBody: Encodable {
    let saleID: SaleID
    let identifier: String
    let state: String
}

struct LineBody: Encodable {
    let id: SaleLineID
    let productID: ProductID?
    let number: String?
    let name: String
    let quantity: Int
    let unitPrice: Money
    let discount: Money
    let vatRate: Int
    let total: Money
    let vat: Money
    let returnable: Int

    init(_ line: SaleLine, of sale: Sale) {
        id = line.id
        productID = line.productID
        number = line.number
        name = line.name
        quantity = line.quantity
        unitPrice = line.unitPrice
        discount = line.discount
        vatRate = line.vatRate.basisPoints
        total = line.total
        vat = line.tax
        returnable = sale.returnable(of: line)
    }
}

struct TaxBody: Encodable {
    let vatRate: Int
    let net: Money
    let vat: Money
    let gross: Money

    init(_ total: TaxTotal) {
        vatRate = total.rate.basisPoints
        net = total.net
        vat = total.tax
        gross = total.gross
    }
}

struct FailureBody: Encodable {
    let code: String
    let detail: String

    init(_ refusal: Refusal) {
        code = refusal.code
        detail = refusal.detail
    }
}

struct PaymentBody: Encodable {
    struct IdentificationBody: Encodable {
        let type: String
        let mask: String?
    }

    let id: PaymentID
    let number: Int
    let kind: String
    let paymentOptionID: PaymentOptionID
    let optionName: String
    let amount: Money
    let state: String
    let waitingFor: String?
    let since: Date
    let startedAt: Date
    let expiresAt: Date?
    let qrContent: String?
    let reference: String?
    let msn: String?
    let identification: IdentificationBody?
    let failure: FailureBody?
    let fallbackFor: PaymentID?
    let received: Money?
    let change: Money?
    let refunded: Money
    let refundPending: Money
    let refundable: Money

    init(_ payment: Payment, of sale: Sale) {
        id = payment.id
        number = payment.number
        kind = payment.option.method.rawValue
        paymentOptionID = payment.option.id
        optionName = payment.option.name
        amount = payment.amount
        state = PaymentStateName(payment.state).rawValue
        waitingFor = payment.waitingFor?.rawValue
        since = payment.since
        startedAt = payment.startedAt
        if case .atVipps(let until, let content) = payment.state {
            expiresAt = until
            qrContent = content
        } else {
            expiresAt = nil
            qrContent = nil
        }
        reference = payment.reference
        msn = payment.terms?.msn
        identification = payment.identification.map(Self.body)
        failure = if case .failed(let refusal) = payment.state { FailureBody(refusal) } else { nil }
        fallbackFor = payment.fallbackFor
        if case .cash(let received, let change) = payment.means {
            self.received = received
            self.change = change
        } else {
            received = nil
            change = nil
        }
        refunded = sale.refunded(of: payment.id)
        refundPending = sale.refundPending(of: payment.id)
        refundable = sale.refundable(of: payment)
    }

    private static func body(_ identification: Identification) -> IdentificationBody {
        switch identification {
        case .phoneNumber(_, let mask): IdentificationBody(type: "phone", mask: mask)
        case .personalQR: IdentificationBody(type: "personal-qr", mask: nil)
        case .checkIn: IdentificationBody(type: "check-in", mask: nil)
        case .oneTimeQR: IdentificationBody(type: "one-time-qr", mask: nil)
        }
    }
}

struct RefundBody: Encodable {
    let id: RefundID
    let paymentID: PaymentID
    let kind: String
    let amount: Money
    let state: String
    let cause: String
    let reason: String?
    let returnID: SaleID?
    let requestedAt: Date
    let endedAt: Date?
    let failure: FailureBody?

    init(_ refund: Refund) {
        id = refund.id
        paymentID = refund.paymentID
        kind = refund.method.rawValue
        amount = refund.amount
        switch refund.state {
        case .requested:
            state = "requested"
            failure = nil
        case .refunded:
            state = "refunded"
            failure = nil
        case .failed(let refusal):
            state = "failed"
            failure = FailureBody(refusal)
        }
        cause = RefundCauseName(refund.cause).rawValue
        reason = if case .reason(let words) = refund.cause { words } else { nil }
        returnID = if case .returned(let id) = refund.cause { id } else { nil }
        requestedAt = refund.requestedAt
        endedAt = refund.endedAt
    }
}

struct SalePageBody: Encodable {
    let sales: [SaleSummaryBody]
    let next: String?

    init(_ page: SalePage) {
        sales = page.sales.map(SaleSummaryBody.init)
        next = page.next
    }
}

struct SaleSummaryBody: Encodable {
    let id: SaleID
    let identifier: String
    let kind: String
    let state: String
    let total: Money
    let startedAt: Date
    let endedAt: Date?
    let organizationalUnitID: OrganizationalUnitID
    let agentInstanceID: AgentInstanceID?
    let agentInstanceName: String?
    let startedByName: String?
    let paymentKinds: [String]
    let needsAttention: Bool

    init(_ sale: SaleSummary) {
        id = sale.id
        identifier = sale.identifier
        kind = sale.kind.rawValue
        state = sale.state.rawValue
        total = sale.total
        startedAt = sale.startedAt
        endedAt = sale.endedAt
        organizationalUnitID = sale.organizationalUnitID
        agentInstanceID = sale.agentInstanceID
        agentInstanceName = sale.agentInstanceName
        startedByName = sale.startedByName
        paymentKinds = sale.methods.map(\.rawValue).sorted()
        needsAttention = sale.needsAttention
    }
}
