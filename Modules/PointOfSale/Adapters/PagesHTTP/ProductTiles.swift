import PointOfSale
import SharedKernel
import WebUI

/// The products as large buttons, by category, or those that a search has found.
package struct ProductTiles: Sendable {
    /// More are found faster by their category or by searching.
    static let shownMax = 42

    let products: [Product]
    let search: String?
    let category: String?
    let hasMore: Bool

    package init(products: [Product], search: String?, category: String?, hasMore: Bool) {
        self.products = products
        self.search = search
        self.category = category
        self.hasMore = hasMore
    }

    /// In the order of their first product; none when there is only one.
    private var categories: [String] {
        var seen: [String] = []
        for name in products.compactMap(\.category) where !seen.contains(name) { seen.append(name) }
        return seen.count > 1 && search == nil ? seen : []
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let categories = categories.sorted()
        let chosen = category.flatMap { categories.contains($0) ? $0 : nil }
        let wanted = chosen.map { name in products.filter { $0.category == name } } ?? products
        let shown = wanted.prefix(Self.shownMax)
        return [
            "categories": .list(
                categories.isEmpty
                    ? []
                    : [Self.tab(reader.words.text("generic.all"), value: "", isCurrent: chosen == nil)]
                        + categories.map { Self.tab($0, value: $0, isCurrent: $0 == chosen) }),
            "hasCategories": .flag(!categories.isEmpty),
            "products": .list(
                shown.map { product in
                    [
                        "id": .text(product.id.text), "name": .text(product.name), "number": .text(product.number),
                        "price": reader.money(product.price),
                    ]
                }),
            "noHits": search.map { reader.text("sale.noHits", ["query": $0]) } ?? .nothing,
            "isEmpty": .flag(products.isEmpty && search == nil),
            "hasMore": .flag(hasMore || wanted.count > shown.count),
            "find": .optional(search), "category": .optional(chosen),
        ]
    }

    private static func tab(_ name: String, value: String, isCurrent: Bool) -> TemplateValue {
        ["tabName": .text(name), "tabValue": .text(value), "isCurrent": .flag(isCurrent)]
    }
}

/// Baskets that wait for their customers.
package struct ParkedSales: Sendable {
    let sales: [SaleSummary]

    package init(sales: [SaleSummary]) { self.sales = sales }

    var count: Int { sales.count }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "parked": .list(
                sales.map { sale in
                    [
                        "saleID": .text(sale.id.text), "number": .text(sale.identifier),
                        "total": reader.money(sale.total),
                        "when": .text(reader.formats.age(of: sale.startedAt, now: reader.now, words: reader.words)),
                        "who": .optional(sale.startedByName), "where": .optional(sale.agentInstanceName),
                    ]
                })
        ]
    }
}
