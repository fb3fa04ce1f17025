import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// New sale: products on one side, the basket on the other. Every act answers with the basket as it is afterwards.

extension PointOfSalePages {
    func addSaleScreen(to routes: PageRoutes) {
        routes.get("new-sale") { visit in try await saleScreen(visit, sale: try await openSale(visit)) }
        routes.get("new-sale/{saleID}") { visit in try await saleScreen(visit, sale: try await sale(visit)) }
        routes.get("sale/panel") { visit in
            let id = visit.query("sale").flatMap { SaleID($0) }
            let sale: Sale? =
                if let id { try await useCases.viewSale(id, in: visit.tenant) } else { try await openSale(visit) }
            let drawn = try await panelValues(visit, sale)
            return visit.live(drawn.template, drawn.values)
        }
        routes.get("sale/products") { visit in
            visit.live("sale/products", try await productTiles(visit).values(visit.reader))
        }
        routes.get("sale/parked") { visit in
            visit.fragment("sale/parked", try await parkedSales(visit).values(visit.reader))
        }
        addBasketActs(to: routes)
        addLineActs(to: routes)
    }

    private func addBasketActs(to routes: PageRoutes) {
        routes.post("sale/start") { visit in
            let sale = try await useCases.startSale(command: try visit.command(), by: visit.person)
            if visit.form["then"] == "go" { return .done(.go("new-sale/\(sale.id)")) }
            return .page(try await panel(visit, sale))
        }
        routes.post("sale/add") { visit in try await add(visit) }
        routes.post("sale/{saleID}/park") { visit in
            let sale = try await act(visit, .park)
            let note = visit.words.text("park.parked", ["number": sale.identifier.text])
            return .page(try await panel(visit, try await openSale(visit)), events: .toast(note))
        }
        routes.post("sale/{saleID}/resume") { visit in
            let sale = try await act(visit, .resume)
            return .done(ClientEvents.closeDialog.go("new-sale/\(sale.id)"))
        }
        routes.get("sale/{saleID}/abandon") { visit in
            let sale = try await sale(visit)
            return visit.fragment(
                "sale/abandon",
                [
                    "saleID": .text(sale.id.text),
                    "question": visit.reader.text("sale.abortSure", ["number": sale.identifier.text]),
                ])
        }
        routes.post("sale/{saleID}/abandon") { visit in
            _ = try await act(visit, .abandon)
            let note = visit.words.text("sale.aborted")
            return .page(try await panel(visit, try await openSale(visit)), events: .toast(note).closeDialog)
        }
        routes.post("sale/{saleID}/complete") { visit in
            .page(try await panel(visit, try await act(visit, .complete)))
        }
        routes.post("check-ins/{checkInID}/discard") { visit in
            try await useCases.checkIns.discard(
                try visit.identifier("checkInID", of: "check-in"), by: visit.person)
            return .done(.toast(visit.words.text("identify.checkInDiscarded"), .plain))
        }
    }

    // MARK: What is shown

    private func saleScreen(_ visit: PageVisit, sale: Sale?) async throws -> Response {
        let values: TemplateValue = [
            "panel": .text(try await panel(visit, sale)),
            "tiles": .text(visit.html("sale/products", try await productTiles(visit).values(visit.reader).keyed)),
        ]
        return visit.fragment("sale/screen", values)
    }

    /// The basket, or the place where the next one begins. `said` is read out by screen readers.
    func panel(_ visit: PageVisit, _ sale: Sale?, said: String? = nil) async throws -> String {
        let drawn = try await panelValues(visit, sale)
        return visit.html(drawn.template, drawn.values.keyed.merging(["said": .optional(said)]))
    }

    private func panelValues(
        _ visit: PageVisit, _ sale: Sale?
    ) async throws -> (template: String, values: TemplateValue) {
        let options = try await useCases.paymentOptions(in: visit.tenant).filter(\.enabled)
        let checkIn = try await useCases.checkIns(of: visit.person)
        guard let sale else {
            let ready = ReadyPanel(
                current: visit.current, tills: try await useCases.tills.all(in: visit.tenant),
                units: try await useCases.organizationalUnits.all(in: visit.tenant), last: try await lastSale(visit),
                parked: try await parkedSales(visit).count, checkIn: checkIn)
            return ("sale/ready", ready.values(visit.reader))
        }
        let original: Sale? =
            if case .returning(let id, _) = sale.kind { try await useCases.viewSale(id, in: visit.tenant) } else { nil }
        let panel = SalePanel(
            sale: sale, options: options, hasElectronicPayments: visit.current.tenant.hasElectronicPayments,
            original: original, checkIn: checkIn, parked: try await parkedSales(visit).count)
        return (panel.template, panel.values(visit.reader))
    }

    private func productTiles(_ visit: PageVisit) async throws -> ProductTiles {
        let search = visit.query("find")?.trimmingCharacters(in: .whitespaces)
        let query = ProductQuery(search: search.map { String($0.prefix(64)) }, limit: search == nil ? 200 : 60)
        let page = try await useCases.products.find(query, in: visit.tenant)
        return ProductTiles(
            products: page.products, search: search, category: visit.query("category"), hasMore: page.next != nil)
    }

    // MARK: Which sale

    func sale(_ visit: PageVisit) async throws -> Sale {
        try await useCases.viewSale(try visit.identifier("saleID", of: "sale"), in: visit.tenant)
    }

    /// The newest sale in hand at the session's till. At NoAgent, where several may stand, only one's own.
    func openSale(_ visit: PageVisit) async throws -> Sale? {
        guard let till = visit.current.agentInstance else { return nil }
        let page = try await useCases.saleList.page(
            SaleQuery(state: .open, agentInstanceID: till.id, limit: 20), in: visit.tenant)
        for summary in page.sales {
            let sale = try await useCases.viewSale(summary.id, in: visit.tenant)
            if sale.isUnderWay, !till.isNoAgent || sale.startedBy == visit.person.userID { return sale }
        }
        return nil
    }

    private func lastSale(_ visit: PageVisit) async throws -> SaleSummary? {
        guard let till = visit.current.agentInstance else { return nil }
        return try await useCases.saleList.page(
            SaleQuery(state: .completed, agentInstanceID: till.id, limit: 1), in: visit.tenant
        ).sales.first
    }

    private func parkedSales(_ visit: PageVisit) async throws -> ParkedSales {
        let page = try await useCases.saleList.page(SaleQuery(state: .parked, limit: 50), in: visit.tenant)
        let here = visit.current.organizationalUnit?.id
        return ParkedSales(sales: page.sales.filter { here == nil || $0.organizationalUnitID == here })
    }

    // MARK: Acts

    func act(_ visit: PageVisit, _ request: SaleRequest) async throws -> Sale {
        try await useCases.actOnSale(
            request, on: try visit.identifier("saleID", of: "sale"), command: try visit.command(), by: visit.person)
    }

    /// A tile, a scan, or words and Enter in the search field. Without a sale in hand it begins one.
    private func add(_ visit: PageVisit) async throws -> Response {
        guard let choice = try await choice(visit) else {
            let query = visit.form["find"] ?? ""
            throw FormMistake("find", visit.words.text("sale.noHits", ["query": String(query.prefix(40))]))
        }
        let command = try visit.command()
        var target = visit.form["sale"].flatMap { SaleID($0) }
        if target == nil { target = try await openSale(visit)?.id }
        if let id = target, !(try await useCases.viewSale(id, in: visit.tenant)).isUnderWay { target = nil }
        let sale: SaleID
        if let target {
            sale = target
        } else {
            try await requireProduct(choice, visit)
            sale = try await useCases.startSale(command: command.next, by: visit.person).id
        }
        let after: Sale
        do {
            after = try await useCases.actOnSale(
                .addProduct(choice, quantity: 1), on: sale, command: command, by: visit.person)
        } catch let invalid as Invalid where invalid.slug == "no-such-product" {
            if let paying = try await payByCustomersCode(visit, sale, command: command.next) { return paying }
            throw unknownCode(visit)
        }
        if visit.form["then"] == "go" { return .done(.go("new-sale/\(sale)")) }
        let said = after.lines.last.map { visit.words.text("sale.added", ["name": $0.name]) }
        let events = visit.form["find"] == nil ? nil : ClientEvents().event("found")
        return .page(try await panel(visit, after, said: said), events: events)
    }

    /// Before a sale begins with it: what is no product leaves no empty sale behind.
    private func requireProduct(_ choice: SaleRequest.Choice, _ visit: PageVisit) async throws {
        switch choice {
        case .product(let id): _ = try await useCases.products.product(id, in: visit.tenant)
        case .code(let code):
            let found = try await useCases.products.find(ProductQuery(code: code, limit: 1), in: visit.tenant).products
            if found.isEmpty { throw unknownCode(visit) }
        }
    }

    private func unknownCode(_ visit: PageVisit) -> FormMistake {
        FormMistake(
            "find", visit.words.text("sale.unknownCode", ["code": String((visit.form["code"] ?? "").prefix(48))]))
    }

    /// The customer's own code, a web address and no barcode, pays what is in the basket: a scanner alone can sell. `nil` where
    /// nothing can be paid so.
    private func payByCustomersCode(
        _ visit: PageVisit, _ id: SaleID, command: CommandID
    ) async throws -> Response? {
        guard let code = visit.form["code"], code.lowercased().hasPrefix("https://") else { return nil }
        let sale = try await useCases.viewSale(id, in: visit.tenant)
        let options = try await useCases.paymentOptions(in: visit.tenant)
        guard let option = options.first(where: { $0.enabled && $0.quickAccess && $0.method == .vippsEPayment }),
            visit.current.tenant.hasElectronicPayments, sale.due.isPositive, !sale.isReturn
        else { return nil }
        _ = try await useCases.actOnSale(
            .startPayment(option.id, amount: nil, .personalQR(code), invoiceEmail: nil), on: id, command: command,
            by: visit.person)
        return .done(.go("payment/\(id)?option=\(option.id)"))
    }

    /// `nil` when the typed words name nothing, or too much.
    private func choice(_ visit: PageVisit) async throws -> SaleRequest.Choice? {
        if let product = visit.query("product").flatMap({ ProductID($0) }) { return .product(product) }
        if let code = visit.form["code"], !code.isEmpty { return .code(String(code.prefix(64))) }
        guard let typed = visit.form["find"], !typed.isEmpty, typed.count <= 64 else { return nil }
        let exact = try await useCases.products.find(ProductQuery(code: typed, limit: 1), in: visit.tenant).products
        let hits = try await useCases.products.find(ProductQuery(search: typed, limit: 2), in: visit.tenant).products
        if let product = exact.first { return .product(product.id) }
        return hits.count == 1 ? hits.first.map { .product($0.id) } : nil
    }
}

extension CommandID {
    /// A second command that follows from this one: the same again when this one is sent again.
    var next: CommandID {
        var bytes = uuid.uuid
        bytes.15 ^= 0x5A
        bytes.14 ^= 0xA5
        return CommandID(UUID(uuid: bytes))
    }
}
