import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Vipps sales units: the list and the dialog of one.

extension PointOfSalePages {
    func addSalesUnitPages(to routes: PageRoutes) {
        routes.get("vipps-sales-units", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/sales-units", ["list": .text(try await salesUnitList(visit))])
        }
        routes.get("vipps-sales-units/list", for: PageRoutes.administrators) { visit in
            .page(try await salesUnitList(visit))
        }
        routes.get("vipps-sales-units/new", for: PageRoutes.administrators) { visit in
            try await salesUnitEditor(visit, .new(at: visit.now))
        }
        routes.get("vipps-sales-units/{salesUnitID}/edit", for: PageRoutes.administrators) { visit in
            let id: SalesUnitID = try visit.identifier("salesUnitID", of: "sales unit")
            _ = try await useCases.salesUnits.salesUnit(id, in: visit.tenant)
            return try await salesUnitEditor(visit, id)
        }
        routes.post("vipps-sales-units/{salesUnitID}", for: PageRoutes.administrators) { visit in
            let id: SalesUnitID = try visit.identifier("salesUnitID", of: "sales unit")
            let msn = visit.form["msn"] ?? ""
            let others = try await useCases.salesUnits.all(in: visit.tenant).map(\.salesUnit)
            let owner = others.first { $0.msn == msn && $0.id != id }
            let texts = ["msn.taken": visit.words.text("salesUnits.msnTaken", ["name": owner?.displayName ?? ""])]
            _ = try await visit.telling(texts) {
                try await useCases.salesUnits.save(
                    id, displayName: visit.form["displayName"] ?? "",
                    organizationalUnitID: try visit.chosen("organizationalUnitID"),
                    agreementID: try visit.chosen("agreementID"), msn: msn, by: visit.person)
            }
            return .done(.saved(visit.words))
        }
    }

    private func salesUnitList(_ visit: PageVisit) async throws -> String {
        let list = SalesUnitList(
            units: try await useCases.salesUnits.all(in: visit.tenant),
            shops: try await useCases.organizationalUnits.all(in: visit.tenant),
            agreements: try await useCases.agreements.all(in: visit.tenant).map(\.agreement))
        return visit.html("set-up/sales-units-list", list.values(visit.reader))
    }

    private func salesUnitEditor(_ visit: PageVisit, _ id: SalesUnitID) async throws -> Response {
        let unit = try await useCases.salesUnits.all(in: visit.tenant).map(\.salesUnit).first { $0.id == id }
        let shops = try await useCases.organizationalUnits.all(in: visit.tenant)
        let agreements = try await useCases.agreements.all(in: visit.tenant).map(\.agreement)
        return visit.fragment(
            "set-up/sales-unit",
            [
                "salesUnitID": .text(id.text),
                "title": visit.reader.text(unit == nil ? "salesUnits.create" : "salesUnits.edit"),
                "displayName": .optional(unit?.displayName), "msn": .optional(unit?.msn),
                "shops": .list(
                    shops.map {
                        let isChosen = $0.id == unit?.organizationalUnitID || shops.count == 1
                        return Option(value: $0.id.text, name: $0.name, isChosen: isChosen).values
                    }),
                "agreements": .list(
                    agreements.map {
                        let isChosen = $0.id == unit?.agreementID || agreements.count == 1
                        return Option(value: $0.id.text, name: $0.displayName, isChosen: isChosen).values
                    }),
                "needsAgreement": .flag(agreements.isEmpty),
            ])
    }
}

/// The sales units with what they belong to.
package struct SalesUnitList: Sendable {
    let units: [SalesUnitView]
    let shops: [OrganizationalUnit]
    let agreements: [VippsAgreement]

    package init(units: [SalesUnitView], shops: [OrganizationalUnit], agreements: [VippsAgreement]) {
        self.units = units
        self.shops = shops
        self.agreements = agreements
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "isEmpty": .flag(units.isEmpty), "needsAgreement": .flag(agreements.isEmpty),
            "units": .list(
                units.map { view in
                    let unit = view.salesUnit
                    return [
                        "salesUnitID": .text(unit.id.text), "name": .text(unit.displayName), "msn": .text(unit.msn),
                        "shop": .optional(shops.first { $0.id == unit.organizationalUnitID }?.name),
                        "agreement": .optional(agreements.first { $0.id == unit.agreementID }?.displayName),
                        "codes": .text(reader.formats.number(view.codes.codes.count)),
                        "isUnheard": .flag(view.isUnheard),
                    ]
                }),
        ]
    }
}

extension SalesUnitView {
    /// There are codes, and nobody hears when they are scanned.
    var isUnheard: Bool { !hasCheckInWebhook && !codes.codes.isEmpty }
}
