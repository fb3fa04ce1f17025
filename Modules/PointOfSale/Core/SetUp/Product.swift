import SharedKernel

/// Something that is sold.
package struct Product: Sendable, Hashable {
    package let id: ProductID
    package let number: String
    package let barcode: String?
    package let name: String
    /// Tax included.
    package let price: Money
    package let vatRate: VATRate
    package let category: String?

    package init(
        id: ProductID, number: String, barcode: String?, name: String, price: Money, vatRate: VATRate,
        category: String?,
        currency: Currency
    ) throws(Invalid) {
        self.id = id
        self.number = try words(number, field: "number", max: 32)
        if let barcode, !barcode.trimmingWhiteSpace().isEmpty {
            let text = try words(barcode, field: "barcode", max: 48)
            guard text.count >= 4 else {
                throw Invalid(field: "barcode", slug: "too-short", reason: "must have 4 to 48 characters")
            }
            self.barcode = text
        } else {
            self.barcode = nil
        }
        self.name = try words(name, field: "name", max: 120)
        guard price.currency == currency else {
            throw Invalid(field: "price", slug: "wrong-currency", reason: "must be in \(currency.rawValue)")
        }
        guard !price.isNegative, price.minorUnits <= Money.amountMax else {
            throw Invalid(
                field: "price", slug: "out-of-range", reason: "must be between 0 and \(Money.amountMax) minor units")
        }
        self.price = price
        self.vatRate = vatRate
        if let category, !category.trimmingWhiteSpace().isEmpty {
            self.category = try words(category, field: "category", max: 60)
        } else {
            self.category = nil
        }
    }

    package var onSale: ProductOnSale {
        ProductOnSale(id: id, number: number, name: name, price: price, vatRate: vatRate)
    }
}

/// A copy of an incoming payment option; financial-service owns it.
package struct PaymentOption: Sendable, Hashable {
    package let id: PaymentOptionID
    package let name: String
    package let method: PaymentMethod
    package let quickAccess: Bool
    package let enabled: Bool

    package init(id: PaymentOptionID, name: String, method: PaymentMethod, quickAccess: Bool, enabled: Bool) {
        self.id = id
        self.name = name
        self.method = method
        self.quickAccess = quickAccess
        self.enabled = enabled
    }
}
