import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The profiles of one agent instance: which sales unit takes the payments, which printed code stands there.

extension PointOfSalePages {
    func addAgentProfilePages(to routes: PageRoutes) {
        routes.get("agentInstances/{agentInstanceID}") { visit in
            let till = try await agentInstance(visit)
            return visit.fragment(
                "set-up/profiles",
                [
                    "agentInstanceID": .text(till.id.text), "name": .text(till.name),
                    "list": .text(try await profileList(visit, till)),
                    "isAdministrator": .flag(visit.isAdministrator),
                ])
        }
        routes.get("agentInstances/{agentInstanceID}/list") { visit in
            .page(try await profileList(visit, try await agentInstance(visit)))
        }
        routes.get("agentInstances/{agentInstanceID}/profiles/new", for: PageRoutes.administrators) { visit in
            try await profileEditor(visit, till: try await agentInstance(visit), .new(at: visit.now))
        }
        routes.get("agentInstances/{agentInstanceID}/profiles/{agentProfileID}", for: PageRoutes.administrators) {
            visit in
            let (till, profile) = try await agentProfile(visit)
            return try await profileEditor(visit, till: till, profile.id)
        }
        // The codes to choose from follow the chosen sales unit.
        routes.get(
            "agentInstances/{agentInstanceID}/profiles/{agentProfileID}/codes", for: PageRoutes.administrators
        ) { visit in
            let till = try await agentInstance(visit)
            let choice = try await codeChoice(
                visit, till: till, unit: visit.query("salesUnitID").flatMap { SalesUnitID($0) }, chosen: nil)
            return visit.fragment("set-up/profile-codes", choice)
        }
        addProfileActs(to: routes)
    }

    private func addProfileActs(to routes: PageRoutes) {
        let one = "agentInstances/{agentInstanceID}/profiles/{agentProfileID}"
        routes.post(one, for: PageRoutes.administrators) { visit in
            let till = try await agentInstance(visit)
            let code = visit.form["merchantQRID"].flatMap { $0.isEmpty ? nil : $0 }
            let unit: SalesUnitID? = (visit.form["salesUnitID"] ?? "").isEmpty ? nil : try visit.chosen("salesUnitID")
            let profile = try AgentProfile(
                id: try visit.identifier("agentProfileID", of: "agent profile"), agentInstanceID: till.id,
                name: visit.form["name"] ?? "", salesUnitID: unit, merchantQRID: unit == nil ? nil : code)
            let user = try await useCases.tills.all(in: visit.tenant).first { other in
                other.id != till.id && other.profiles.contains { $0.merchantQRID == code && $0.salesUnitID == unit }
            }
            let most = ["max": String(AgentProfile.perAgentInstanceMax)]
            let texts = [
                "merchantQRID.taken": visit.words.text("tills.qrTaken", ["name": user?.name ?? ""]),
                "merchantQRID.unknown": visit.words.text("invalid.choice"),
                "too-many-profiles": visit.words.text("refusal.tooMany", most),
            ]
            try await visit.telling(texts) { try await useCases.tills.save(profile, by: visit.person) }
            // The head of the page shows the profile of the session, which may be this one.
            return .done(.saved(visit.words).event("tillChanged"))
        }
        routes.get("\(one)/remove", for: PageRoutes.administrators) { visit in
            let (till, profile) = try await agentProfile(visit)
            return visit.question(
                title: visit.words.text("tills.removeProfile"),
                text: visit.words.text("tills.removeSure", ["name": profile.name]),
                address: "/pos/pages/agentInstances/\(till.id)/profiles/\(profile.id)/remove",
                action: visit.words.text("generic.delete"))
        }
        routes.post("\(one)/remove", for: PageRoutes.administrators) { visit in
            let (_, profile) = try await agentProfile(visit)
            try await visit.telling(["last-profile": visit.words.text("tills.lastProfile")]) {
                try await useCases.tills.removeProfile(profile.id, by: visit.person)
            }
            return .done(.deleted(visit.words))
        }
    }

    private func agentProfile(_ visit: PageVisit) async throws -> (AgentInstance, AgentProfile) {
        let till = try await agentInstance(visit)
        let id: AgentProfileID = try visit.identifier("agentProfileID", of: "agent profile")
        guard let profile = till.profiles.first(where: { $0.id == id }) else { throw Unknown("agent profile") }
        return (till, profile)
    }

    private func profileList(_ visit: PageVisit, _ till: AgentInstance) async throws -> String {
        let units = try await useCases.salesUnits.all(in: visit.tenant)
        return visit.html(
            "set-up/profiles-list",
            [
                "agentInstanceID": .text(till.id.text), "isAdministrator": .flag(visit.isAdministrator),
                "profiles": .list(
                    till.profiles.map { profile in
                        [
                            "agentInstanceID": .text(till.id.text), "profileID": .text(profile.id.text),
                            "name": .text(profile.name),
                            "isCurrent": .flag(profile.id == visit.current.agentProfile?.id),
                            "salesUnit": .optional(units.unit(of: profile)?.salesUnit.displayName),
                            "code": .optional(units.code(of: profile)?.locationDescription),
                            "isAdministrator": .flag(visit.isAdministrator),
                            "canRemove": .flag(visit.isAdministrator && till.profiles.count > 1),
                        ]
                    }),
            ])
    }

    private func profileEditor(
        _ visit: PageVisit, till: AgentInstance, _ id: AgentProfileID
    ) async throws -> Response {
        let profile = till.profiles.first { $0.id == id }
        let units = try await useCases.salesUnits.all(in: visit.tenant).map(\.salesUnit)
        let choice = try await codeChoice(
            visit, till: till, unit: profile?.salesUnitID, chosen: profile?.merchantQRID)
        return visit.fragment(
            "set-up/profile",
            choice.merging([
                "address": .text("/pos/pages/agentInstances/\(till.id)/profiles/\(id)"),
                "title": visit.reader.text(profile == nil ? "tills.createProfile" : "tills.edit"),
                "tillName": .text(till.name), "name": .text(profile?.name ?? ""),
                "units": .list(
                    units.map {
                        let isChosen = $0.id == profile?.salesUnitID
                        return Option(value: $0.id.text, name: "\($0.displayName) (\($0.msn))", isChosen: isChosen)
                            .values
                    }),
            ]))
    }

    /// The codes of a sales unit; those of other tills are shown with their till and cannot be chosen.
    private func codeChoice(
        _ visit: PageVisit, till: AgentInstance, unit: SalesUnitID?, chosen: String?
    ) async throws -> TemplateValue {
        guard let unit else { return ["codes": [], "hasUnit": false, "noCodes": false] }
        let view = try await useCases.merchantQRs.all(of: unit, in: visit.tenant)
        let tills = try await useCases.tills.all(in: visit.tenant)
        let codes = view.codes.codes.filter { $0.state == .atVipps || $0.state == .asked }
        return [
            "hasUnit": true, "noCodes": .flag(codes.isEmpty),
            "codes": .list(
                codes.map { code in
                    let others = (view.tills[code.merchantQRID] ?? []).filter { $0 != till.id }
                    let user = others.first.flatMap { id in tills.first { $0.id == id } }
                    let used = user.map { " – " + visit.words.text("qrs.usedBy", ["till": $0.name]) } ?? ""
                    return Option(
                        value: code.merchantQRID, name: code.locationDescription + used,
                        isChosen: code.merchantQRID == chosen, isTaken: user != nil
                    ).values
                }),
        ]
    }
}
