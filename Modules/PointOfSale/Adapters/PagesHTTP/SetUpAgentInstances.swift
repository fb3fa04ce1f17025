import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The grid of agent instances. Everybody who sells may look and choose a profile; an administrator may change.

extension PointOfSalePages {
    func addAgentInstancePages(to routes: PageRoutes) {
        routes.get("agentInstances") { visit in
            visit.fragment(
                "set-up/tills",
                [
                    "list": .text(try await agentInstanceList(visit)),
                    "isAdministrator": .flag(visit.isAdministrator),
                ])
        }
        routes.get("agentInstances/list") { visit in .page(try await agentInstanceList(visit)) }
        routes.get("agentInstances/new", for: PageRoutes.administrators) { visit in
            try await agentInstanceEditor(visit, .new(at: visit.now))
        }
        routes.get("agentInstances/{agentInstanceID}/edit", for: PageRoutes.administrators) { visit in
            try await agentInstanceEditor(visit, try await agentInstance(visit).id)
        }
        routes.post("agentInstances/{agentInstanceID}", for: PageRoutes.administrators) { visit in
            let id: AgentInstanceID = try visit.identifier("agentInstanceID", of: "agent instance")
            let name = visit.form["name"] ?? ""
            let agentInstance = try AgentInstance(
                id: id, name: name, organizationalUnitID: try visit.chosen("organizationalUnitID"),
                isNoAgent: visit.form.isChecked("isNoAgent"), profiles: [])
            let taken = visit.words.text("refusal.nameTaken", ["name": name])
            _ = try await visit.telling(["name.taken": taken]) {
                try await useCases.tills.save(agentInstance, by: visit.person)
            }
            return .done(.saved(visit.words))
        }
    }

    func agentInstance(_ visit: PageVisit) async throws -> AgentInstance {
        let id: AgentInstanceID = try visit.identifier("agentInstanceID", of: "agent instance")
        let all = try await useCases.tills.all(in: visit.tenant)
        guard let known = all.first(where: { $0.id == id }) else { throw Unknown("agent instance") }
        return known
    }

    private func agentInstanceList(_ visit: PageVisit) async throws -> String {
        let list = AgentInstanceList(
            tills: try await useCases.tills.all(in: visit.tenant),
            shops: try await useCases.organizationalUnits.all(in: visit.tenant),
            units: try await useCases.salesUnits.all(in: visit.tenant), current: visit.current)
        return visit.html("set-up/tills-list", list.values(visit.reader))
    }

    private func agentInstanceEditor(_ visit: PageVisit, _ id: AgentInstanceID) async throws -> Response {
        let known = try await useCases.tills.all(in: visit.tenant).first { $0.id == id }
        let shops = try await useCases.organizationalUnits.all(in: visit.tenant)
        return visit.fragment(
            "set-up/till-edit",
            [
                "agentInstanceID": .text(id.text),
                "title": visit.reader.text(known == nil ? "tills.create" : "tills.editTill"),
                "name": .optional(known?.name), "isNoAgent": .flag(known?.isNoAgent == true),
                "shops": .list(
                    shops.map {
                        let isChosen = $0.id == known?.organizationalUnitID || shops.count == 1
                        return Option(value: $0.id.text, name: $0.name, isChosen: isChosen).values
                    }),
            ])
    }
}

/// Every agent instance with what its first profile is set up for.
package struct AgentInstanceList: Sendable {
    let tills: [AgentInstance]
    let shops: [OrganizationalUnit]
    let units: [SalesUnitView]
    let current: CurrentSession

    package init(
        tills: [AgentInstance], shops: [OrganizationalUnit], units: [SalesUnitView], current: CurrentSession
    ) {
        self.tills = tills
        self.shops = shops
        self.units = units
        self.current = current
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "isEmpty": .flag(tills.isEmpty),
            "tills": .list(
                tills.map { till in
                    let profile = till.profiles.first
                    let isCurrent = till.id == current.agentInstance?.id
                    return [
                        "agentInstanceID": .text(till.id.text), "name": .text(till.name),
                        "isNoAgent": .flag(till.isNoAgent), "isCurrent": .flag(isCurrent),
                        "shop": .optional(shops.first { $0.id == till.organizationalUnitID }?.name),
                        "profiles": .text(reader.words.count("tills.profileCount", till.profiles.count)),
                        "salesUnit": .optional(units.unit(of: profile)?.salesUnit.displayName),
                        "code": .optional(units.code(of: profile)?.locationDescription),
                    ]
                }),
        ]
    }
}

extension [SalesUnitView] {
    /// The sales unit that takes a profile's payments.
    func unit(of profile: AgentProfile?) -> SalesUnitView? {
        guard let id = profile?.salesUnitID else { return nil }
        return first { $0.salesUnit.id == id }
    }

    /// The printed code that stands at a profile's till.
    func code(of profile: AgentProfile?) -> MerchantQR? {
        guard let id = profile?.merchantQRID else { return nil }
        return unit(of: profile)?.codes.codes.first { $0.merchantQRID == id }
    }
}
