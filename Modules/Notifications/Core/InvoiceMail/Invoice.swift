import Foundation
import SharedKernel

/// The languages of the product.
package enum Language: String, Sendable, Hashable, CaseIterable {
    case en, nb, da, fi, sv
}

/// What the customer is told about a completed sale.
package struct Invoice: Sendable, Hashable {
    package struct Line: Sendable, Hashable {
        package let name: String
        package let quantity: Int
        /// Including tax, before discount.
        package let unitPrice: Money
        package let discount: Money
        /// Hundredths of a per cent.
        package let taxRate: Int
        /// Including tax, after discount.
        package let total: Money
        /// Of `total`.
        package let tax: Money

        package init(
            name: String, quantity: Int, unitPrice: Money, discount: Money, taxRate: Int, total: Money, tax: Money
        ) {
            self.name = name
            self.quantity = quantity
            self.unitPrice = unitPrice
            self.discount = discount
            self.taxRate = taxRate
            self.total = total
            self.tax = tax
        }
    }

    package struct Payment: Sendable, Hashable {
        package let name: String
        package let amount: Money

        package init(name: String, amount: Money) {
            self.name = name
            self.amount = amount
        }
    }

    /// What is taxed at one rate.
    package struct TaxGroup: Sendable, Hashable {
        package let rate: Int
        package let base: Money
        package let tax: Money
    }

    package let saleID: SaleID
    /// `OSL-1000123`
    package let saleIdentifier: String
    package let tenantName: String
    package let shopName: String
    package let language: Language
    package let lines: [Line]
    package let total: Money
    package let tax: Money
    package let payments: [Payment]
    /// Cash given back.
    package let change: Money?
    package let completedAt: Date

    package init(
        saleID: SaleID, saleIdentifier: String, tenantName: String, shopName: String, language: Language, lines: [Line],
        total: Money, tax: Money, payments: [Payment], change: Money?, completedAt: Date
    ) {
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.tenantName = tenantName
        self.shopName = shopName
        self.language = language
        self.lines = lines
        self.total = total
        self.tax = tax
        self.payments = payments
        self.change = change
        self.completedAt = completedAt
    }

    /// The sale's tax by rate, the highest first.
    package var taxGroups: [TaxGroup] {
        Dictionary(grouping: lines, by: \.taxRate).map { rate, lines in
            let tax = lines.map(\.tax).sum(in: total.currency)
            return TaxGroup(rate: rate, base: lines.map(\.total).sum(in: total.currency) - tax, tax: tax)
        }.sorted { $0.rate > $1.rate }
    }
}
