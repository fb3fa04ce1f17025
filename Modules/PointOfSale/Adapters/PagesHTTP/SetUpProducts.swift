import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Products: search, add, change, remove. Fifteen at a time.

extension PointOfSalePages {
    func addProductPages(to routes: PageRoutes) {
        routes.get("products", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/products", ["list": .text(try await productList(visit))])
        }
        routes.get("products/list", for: PageRoutes.administrators) { visit in .page(try await productList(visit)) }
        routes.get("products/new", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/product", productEditor(visit, .new(at: visit.now), nil))
        }
        routes.get("products/{productID}", for: PageRoutes.administrators) { visit in
            let product = try await product(visit)
            return visit.fragment("set-up/product", productEditor(visit, product.id, product))
        }
        routes.post("products/{productID}", for: PageRoutes.administrators) { visit in
            let id: ProductID = try visit.identifier("productID", of: "product")
            // One that somebody has removed in the meantime does not come back by being saved.
            if visit.form.isChecked("isKnown") { _ = try await product(visit) }
            try await save(try read(visit, id), visit)
            return .done(.saved(visit.words))
        }
        routes.get("products/{productID}/remove", for: PageRoutes.administrators) { visit in
            let product = try await product(visit)
            return visit.question(
                title: visit.words.text("products.remove"),
                text: visit.words.text("products.removeSure", ["name": product.name]),
                address: "/pos/pages/products/\(product.id)/remove", action: visit.words.text("generic.delete"))
        }
        routes.post("products/{productID}/remove", for: PageRoutes.administrators) { visit in
            try await useCases.products.remove(
                try visit.identifier("productID", of: "product"), by: visit.person)
            return .done(.deleted(visit.words))
        }
    }

    private func product(_ visit: PageVisit) async throws -> Product {
        try await useCases.products.product(try visit.identifier("productID", of: "product"), in: visit.tenant)
    }

    private func read(_ visit: PageVisit, _ id: ProductID) throws -> Product {
        guard let price = try visit.amount("price") else {
            throw FormMistake("price", visit.words.text("invalid.amount-empty"))
        }
        // A rate is read like an amount: 25,5 per cent is 2550 hundredths.
        let typed = (visit.form["vatRate"] ?? "").replacingOccurrences(of: "%", with: "")
        guard let rate = try? visit.formats.amount(typed: typed, currency: visit.currency, max: 10_000).minorUnits
        else { throw FormMistake("vatRate", visit.words.text("invalid.percent")) }
        return try Product(
            id: id, number: visit.form["number"] ?? "", barcode: visit.form["barcode"], name: visit.form["name"] ?? "",
            price: price, vatRate: try VATRate(basisPoints: Int(rate)), category: visit.form["category"],
            currency: visit.currency)
    }

    private func save(_ product: Product, _ visit: PageVisit) async throws {
        func owner(_ code: String?) async throws -> [String: String] {
            guard let code else { return [:] }
            let found = try await useCases.products.find(ProductQuery(code: code, limit: 2), in: visit.tenant).products
            return ["name": found.first { $0.id != product.id }?.name ?? ""]
        }
        let texts = [
            "number.taken": visit.words.text("products.numberTaken", try await owner(product.number)),
            "barcode.taken": visit.words.text("products.barcodeTaken", try await owner(product.barcode)),
        ]
        try await visit.telling(texts) { try await useCases.products.save(product, by: visit.person) }
    }

    private func productList(_ visit: PageVisit) async throws -> String {
        let search = visit.query("search").map { String($0.prefix(64)) }
        let cursor = visit.query("cursor")
        let page = try await useCases.products.find(
            ProductQuery(search: search, limit: 15, cursor: cursor), in: visit.tenant)
        let rows: [TemplateValue] = page.products.map { product in
            [
                "productID": .text(product.id.text), "number": .text(product.number), "name": .text(product.name),
                "barcode": .optional(product.barcode), "category": .optional(product.category),
                "price": visit.reader.money(product.price),
                "vatRate": .text(visit.reader.percent(product.vatRate.basisPoints)),
            ]
        }
        return visit.html(
            cursor == nil ? "set-up/products-list" : "set-up/products-rows",
            [
                "products": .list(rows), "next": .optional(page.next), "isEmpty": .flag(rows.isEmpty),
                "noHits": search.map { visit.reader.text("sale.noHits", ["query": $0]) } ?? .nothing,
            ])
    }

    private func productEditor(_ visit: PageVisit, _ id: ProductID, _ product: Product?) -> TemplateValue {
        let rate = product.map { Money(minorUnits: Int64($0.vatRate.basisPoints), currency: visit.currency) }
        return [
            "productID": .text(id.text), "isKnown": .flag(product != nil),
            "title": visit.reader.text(product == nil ? "products.create" : "products.edit"),
            "number": .optional(product?.number), "barcode": .optional(product?.barcode),
            "name": .optional(product?.name), "category": .optional(product?.category),
            "price": .optional(product.map { visit.formats.input($0.price) }),
            "vatRate": .optional(rate.map(visit.formats.input)),
            "symbol": .text(visit.formats.symbol(of: visit.currency)),
        ]
    }
}
