import Foundation
import PointOfSale
import SharedKernel

/// A sale as JSON in its row. Amounts are minor units of the sale's currency. Fields may be added, never changed.
struct SaleDocument: Codable {
    var id: SaleID
    var tenantID: TenantID
    var unitCode: String
    var number: Int64
    var returnOf: Reference?
    var organizationalUnitID: OrganizationalUnitID
    var agentInstanceID: AgentInstanceID?
    var currency: Currency
    var startedAt: Date
    var startedBy: UserID
    var state: String
    var endedAt: Date?
    var endedBy: UserID?
    var lines: [Line]
    var payments: [PaymentDocument]
    var refunds: [RefundDocument]
    var returns: [Return]
    var invoiceEmail: String?
    var invoiceMail: String?

    struct Reference: Codable {
        var saleID: SaleID
        var unitCode: String
        var number: Int64

        init(_ id: SaleID, _ identifier: SaleIdentifier) {
            saleID = id
            unitCode = identifier.unitCode
            number = identifier.number
        }

        var identifier: SaleIdentifier { SaleIdentifier(unitCode: unitCode, number: number) }
    }

    struct Line: Codable {
        var id: SaleLineID
        var productID: ProductID?
        var number: String?
        var name: String
        var quantity: Int
        var unitPrice: Int64
        var discountAmount: Int64?
        var discountRate: Int?
        var vatRate: Int
        var returnedLine: SaleLineID?
        var returnedDiscount: Int64?
        var returnedTax: Int64?
    }

    struct Return: Codable {
        var sale: Reference
        var state: String
        var parts: [Part]
    }

    struct Part: Codable {
        var lineID: SaleLineID
        var quantity: Int
        var total: Int64
        var tax: Int64
    }
}

extension SaleDocument {
    init(_ sale: Sale) {
        id = sale.id
        tenantID = sale.tenantID
        unitCode = sale.identifier.unitCode
        number = sale.identifier.number
        switch sale.kind {
        case .sale: returnOf = nil
        case .returning(let original, let identifier): returnOf = Reference(original, identifier)
        }
        organizationalUnitID = sale.organizationalUnitID
        agentInstanceID = sale.agentInstanceID
        currency = sale.currency
        startedAt = sale.startedAt
        startedBy = sale.startedBy
        state = SaleQuery.State(sale.state).rawValue
        switch sale.state {
        case .open, .parked: break
        case .completed(let at, let user), .abandoned(let at, let user):
            endedAt = at
            endedBy = user
        }
        lines = sale.lines.map(Line.init)
        payments = sale.payments.map(PaymentDocument.init)
        refunds = sale.refunds.map(RefundDocument.init)
        returns = sale.returns.map { item in
            Return(
                sale: Reference(item.returnID, item.identifier), state: item.state.rawValue,
                parts: item.parts.map {
                    Part(lineID: $0.lineID, quantity: $0.quantity, total: $0.total.minorUnits, tax: $0.tax.minorUnits)
                })
        }
        invoiceEmail = sale.invoiceEmail?.text
        invoiceMail = sale.invoiceMail?.rawValue
    }

    func sale() throws -> Sale {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
        let beginning = Sale(
            id: id, tenantID: tenantID, identifier: SaleIdentifier(unitCode: unitCode, number: number),
            kind: returnOf.map { .returning(of: $0.saleID, identifier: $0.identifier) } ?? .sale,
            organizationalUnitID: organizationalUnitID, agentInstanceID: agentInstanceID, currency: currency,
            startedAt: startedAt, startedBy: startedBy)
        return Sale(
            beginning, state: try saleState(), lines: try lines.map { try $0.line(money) },
            payments: try payments.map { try $0.payment(money) }, refunds: try refunds.map { try $0.refund(money) },
            returns: try returns.map { item in
                guard let state = LineReturn.State(rawValue: item.state) else {
                    throw UnreadableRow(column: "returns.state")
                }
                return LineReturn(
                    returnID: item.sale.saleID, identifier: item.sale.identifier,
                    parts: item.parts.map {
                        LineReturn.Part(
                            lineID: $0.lineID, quantity: $0.quantity, total: money($0.total), tax: money($0.tax))
                    }, state: state)
            },
            invoiceEmail: try invoiceEmail.map { try EmailAddress($0) },
            invoiceMail: invoiceMail.flatMap(Sale.InvoiceMail.init(rawValue:)))
    }

    private func saleState() throws -> Sale.State {
        switch SaleQuery.State(rawValue: state) {
        case .open: return .open
        case .parked: return .parked
        case .completed: return .completed(at: endedAt ?? startedAt, by: endedBy)
        case .abandoned: return .abandoned(at: endedAt ?? startedAt, by: endedBy)
        case nil: throw UnreadableRow(column: "state")
        }
    }
}

extension SaleDocument.Line {
    init(_ line: SaleLine) {
        id = line.id
        productID = line.productID
        number = line.number
        name = line.name
        quantity = line.quantity
        unitPrice = line.unitPrice.minorUnits
        switch line.discountRule {
        case .none: break
        case .amount(let amount): discountAmount = amount.minorUnits
        case .rate(let rate): discountRate = rate
        }
        vatRate = line.vatRate.basisPoints
        switch line.origin {
        case .sold: break
        case .returned(let original, let discount, let tax):
            returnedLine = original
            returnedDiscount = discount.minorUnits
            returnedTax = tax.minorUnits
        }
    }

    func line(_ money: (Int64) -> Money) throws -> SaleLine {
        let origin: SaleLine.Origin =
            if let returnedLine {
                .returned(of: returnedLine, discount: money(returnedDiscount ?? 0), tax: money(returnedTax ?? 0))
            } else {
                .sold
            }
        let discount: Discount =
            if let discountAmount { .amount(money(discountAmount)) } else if let discountRate {
                .rate(discountRate)
            } else {
                .none
            }
        return SaleLine(
            id: id, productID: productID, number: number, name: name, quantity: quantity, unitPrice: money(unitPrice),
            discount: discount, vatRate: try VATRate(basisPoints: vatRate), origin: origin)
    }
}

extension SaleQuery.State {
    init(_ state: Sale.State) {
        switch state {
        case .open: self = .open
        case .parked: self = .parked
        case .completed: self = .completed
        case .abandoned: self = .abandoned
        }
    }
}
