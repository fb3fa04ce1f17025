import SharedKernel

/// A reduction of a whole line.
package enum Discount: Sendable, Hashable {
    case none
    /// Not negative, and not more than the line costs.
    case amount(Money)
    /// Hundredths of a per cent, 0 to 10000.
    case rate(Int)
}

/// One line of a sale: so many of one thing at one price, tax included.
package struct SaleLine: Sendable, Hashable {
    package enum Origin: Sendable, Hashable {
        case sold
        /// Goes back: quantity and total are negative. The part of the original line's discount and tax is fixed when the
        /// line is returned, so that several returns of one line add up to exactly the line.
        case returned(of: SaleLineID, discount: Money, tax: Money)
    }

    package static let quantityMax = 9_999

    package let id: SaleLineID
    package let productID: ProductID?
    /// The product's number, as it was when the line was added.
    package let number: String?
    package let name: String
    /// 1 to 9999; negative in a return.
    package let quantity: Int
    package let unitPrice: Money
    package let discountRule: Discount
    package let vatRate: VATRate
    package let origin: Origin

    package init(
        id: SaleLineID, productID: ProductID?, number: String?, name: String, quantity: Int, unitPrice: Money,
        discount: Discount = .none, vatRate: VATRate, origin: Origin = .sold
    ) {
        self.id = id
        self.productID = productID
        self.number = number
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discountRule = discount
        self.vatRate = vatRate
        self.origin = origin
    }

    /// Before discount. At most 9 999 × 65 000 000: far inside 64 bits.
    package var gross: Money {
        Money(minorUnits: unitPrice.minorUnits * Int64(quantity), currency: unitPrice.currency)
    }

    /// What the discount takes off; negative in a return, as the total is.
    package var discount: Money {
        switch origin {
        case .returned(_, let discount, _): discount
        case .sold:
            switch discountRule {
            case .none: .zero(unitPrice.currency)
            case .amount(let amount): amount
            case .rate(let rate):
                Money(minorUnits: divided(gross.minorUnits * Int64(rate), by: 10_000), currency: unitPrice.currency)
            }
        }
    }

    /// What the customer pays for the line, tax included.
    package var total: Money { gross - discount }

    package var tax: Money {
        switch origin {
        case .returned(_, _, let tax): tax
        case .sold: vatRate.tax(inside: total)
        }
    }

    func with(quantity: Int? = nil, unitPrice: Money? = nil, discount: Discount? = nil) -> SaleLine {
        SaleLine(
            id: id, productID: productID, number: number, name: name, quantity: quantity ?? self.quantity,
            unitPrice: unitPrice ?? self.unitPrice, discount: discount ?? discountRule, vatRate: vatRate, origin: origin
        )
    }

    /// Whether one more of the same can simply be counted on this line.
    func isPlain(_ product: ProductOnSale) -> Bool {
        productID == product.id && unitPrice == product.price && vatRate == product.vatRate && discountRule == .none
            && origin == .sold
    }
}

/// A product as a line needs it, copied when it is added: later changes of the product do not reach the sale.
package struct ProductOnSale: Sendable, Hashable {
    package let id: ProductID
    package let number: String
    package let name: String
    package let price: Money
    package let vatRate: VATRate

    package init(id: ProductID, number: String, name: String, price: Money, vatRate: VATRate) {
        self.id = id
        self.number = number
        self.name = name
        self.price = price
        self.vatRate = vatRate
    }
}
