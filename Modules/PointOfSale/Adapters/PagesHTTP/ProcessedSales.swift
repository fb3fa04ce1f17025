import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Processed sales: the list with its filters. Twenty-five at a time, the next ones are asked for by where the last one stood.

extension PointOfSalePages {
    func addProcessedSales(to routes: PageRoutes) {
        routes.get("processed-sales") { visit in
            let filter = try saleFilter(visit)
            let page = try await useCases.saleList.page(filter.query, in: visit.tenant)
            let tills = try await useCases.tills.all(in: visit.tenant)
            let rows = SaleRows(page: page, filter: filter)
            return visit.fragment(
                "processed/page",
                filter.values(visit.reader, tills: tills).merging([
                    "rows": .text(visit.html("processed/rows", rows.values(visit.reader).keyed))
                ]))
        }
        routes.get("processed-sales/rows") { visit in
            let filter = try saleFilter(visit)
            let page = try await useCases.saleList.page(filter.query, in: visit.tenant)
            let template = filter.query.cursor == nil ? "processed/rows" : "processed/more"
            return visit.live(template, SaleRows(page: page, filter: filter).values(visit.reader))
        }
    }

    private func saleFilter(_ visit: PageVisit) throws -> SaleFilter {
        var query = SaleQuery(limit: 16)  // A row is 600 bytes; all of the page stays under 120 kB.
        query.search = visit.query("search").map { String($0.prefix(64)) }
        query.state = visit.query("state").flatMap(SaleQuery.State.init)
        query.method = visit.query("kind").flatMap(PaymentMethod.init)
        query.agentInstanceID = visit.query("till").flatMap { AgentInstanceID($0) }
        query.needsAttention = visit.query("attention") == nil ? nil : true
        query.cursor = visit.query("cursor")
        let day = visit.query("day")
        if let day {
            do {
                try query.setDay(day, in: visit.current.tenant.market)
            } catch {
                throw FormMistake("day", visit.words.text("invalid.date"))
            }
        }
        return SaleFilter(query: query, day: day)
    }
}

/// What the list is narrowed to.
package struct SaleFilter: Sendable {
    package let query: SaleQuery
    /// As the date field wrote it.
    package let day: String?

    package init(query: SaleQuery, day: String?) {
        self.query = query
        self.day = day
    }

    package var isNarrowed: Bool {
        query.search != nil || query.state != nil || query.method != nil || query.agentInstanceID != nil || day != nil
            || query.needsAttention != nil
    }

    package func values(_ reader: PageReader, tills: [AgentInstance]) -> TemplateValue {
        func choice(_ value: String, _ name: String, isChosen: Bool) -> TemplateValue {
            ["value": .text(value), "name": .text(name), "isChosen": .flag(isChosen)]
        }
        return [
            "search": .optional(query.search), "day": .optional(day),
            "today": .text(reader.formats.dayAttribute(reader.now)),
            "attention": .flag(query.needsAttention == true),
            "states": .list(
                SaleQuery.State.allCases.map {
                    choice($0.rawValue, reader.words.text("saleState.\($0.word)"), isChosen: $0 == query.state)
                }),
            "kinds": .list(
                PaymentMethod.allCases.map {
                    choice($0.rawValue, reader.words.text("paymentKind.\($0.word)"), isChosen: $0 == query.method)
                }),
            "tills": .list(tills.map { choice($0.id.text, $0.name, isChosen: $0.id == query.agentInstanceID) }),
        ]
    }
}

/// One page of the list.
package struct SaleRows: Sendable {
    let page: SalePage
    let filter: SaleFilter

    package init(page: SalePage, filter: SaleFilter) {
        self.page = page
        self.filter = filter
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "sales": .list(page.sales.map { row($0, reader) }), "next": .optional(page.next),
            "isEmpty": .flag(page.sales.isEmpty && filter.query.cursor == nil),
            "isNarrowed": .flag(filter.isNarrowed),
        ]
    }

    private func row(_ sale: SaleSummary, _ reader: PageReader) -> TemplateValue {
        let kinds = PaymentMethod.allCases.filter(sale.methods.contains)
        return [
            "saleID": .text(sale.id.text), "number": .text(sale.identifier), "isReturn": .flag(sale.kind == .return),
            "when": .text(reader.formats.timeOrDate(sale.startedAt, now: reader.now)),
            "instant": .text(reader.formats.attribute(sale.startedAt)), "total": reader.money(sale.total),
            "state": reader.text("saleState.\(sale.state.word)"), "tone": .text(sale.state.tone),
            "till": .optional(sale.agentInstanceName), "cashier": .optional(sale.startedByName),
            "kinds": .text(kinds.map { reader.words.text("paymentKind.\($0.word)") }.joined(separator: ", ")),
            "needsAttention": .flag(sale.needsAttention),
        ]
    }
}

extension SaleQuery.State {
    /// The key of its words under `saleState`.
    var word: String {
        switch self {
        case .open: "open"
        case .parked: "parked"
        case .completed: "completed"
        case .abandoned: "aborted"
        }
    }

    var tone: String {
        switch self {
        case .open: "info"
        case .parked: "warn"
        case .completed: "good"
        case .abandoned: ""
        }
    }
}

extension PaymentMethod {
    /// The key of its words under `paymentKind`.
    var word: String {
        switch self {
        case .vippsEPayment: "vipps"
        case .cash: "cash"
        }
    }
}
