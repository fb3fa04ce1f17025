import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The shell around the pages, and the choice of the till in its head.

extension PointOfSalePages {
    func addShellPages(to routes: PageRoutes) {
        routes.router.get("/pos") { _, _ in Response.redirect(to: "/pos/app/", type: .normal) }
        routes.router.get("/pos/app") { request, context in
            // The router takes both forms for the same; the pages' own addresses have the slash.
            guard request.uri.path.hasSuffix("/") else { return Response.redirect(to: "/pos/app/", type: .normal) }
            return try await shell(request, context)
        }

        routes.get("till", for: PageRoutes.everyone) { visit in
            visit.fragment("shell/till", TillHead(visit.current).values)
        }
        routes.get("till/choice") { visit in
            let tills = try await useCases.tills.all(in: visit.tenant)
            let units = try await useCases.organizationalUnits.all(in: visit.tenant)
            return visit.fragment(
                "shell/till-choice", TillChoice(tills: tills, units: units, current: visit.current).values)
        }
        routes.post("till/choice") { visit in
            let chosen = try await useCases.useSession.select(
                try visit.chosen("agentProfileID"), in: visit.session.sessionID, at: visit.now)
            let note = visit.words.text("tills.selectedNow", ["name": chosen.agentInstance?.name ?? ""])
            return .done(.toast(note).closeDialog.event("tillChanged"))
        }
    }

    /// Without a session the way leads to the sign-in page; the script there knows the route behind the `#`.
    private func shell(_ request: Request, _ context: ServingContext) async throws -> Response {
        guard let session = context.session,
            let current = try await useCases.useSession(session.sessionID, at: context.now)
        else {
            let isExpired = context.session != nil || context.sessionCheck == .expired
            let query = isExpired ? "?return=%2Fpos%2Fapp%2F" : ""
            return .redirect(to: Self.signInPath + query, type: .normal)
        }
        let preferences = Preferences(request)
        // A language chosen in the menu reaches us with the next shell, and is the user's from then on.
        if let chosen = Language(rawValue: preferences.language.rawValue), chosen != current.user.language,
            request.cookies["language"] != nil
        {
            try await useCases.users.setLanguage(chosen, by: current.person)
        }
        let head = TillHead(current)
        let visitor = Visitor(
            session: session, unitName: head.unit ?? "", tillName: head.till,
            profileName: head.profile)
        let words = frame.templates.texts.words(
            preferences.language,
            brand: brands.name(inMarket: current.tenant.market.rawValue, at: context.now))
        return .page(frame.shell(for: visitor, theme: preferences.theme, words: words))
    }
}

/// The till and the profile of the session, as the page head shows them.
package struct TillHead: Sendable, Hashable {
    let till: String?
    /// Only where it says more than the till's name.
    let profile: String?
    /// The shop where it stands.
    let unit: String?

    package init(_ current: CurrentSession) {
        till = current.agentInstance?.name
        unit = current.organizationalUnit?.name
        profile = current.agentProfile?.name == till ? nil : current.agentProfile?.name
    }

    package var values: TemplateValue {
        ["till": .optional(till), "profile": .optional(profile), "unit": .optional(unit)]
    }
}

/// The tills one can sell at, by organizational unit, with their profiles.
package struct TillChoice: Sendable {
    let tills: [AgentInstance]
    let units: [OrganizationalUnit]
    let current: CurrentSession

    package init(tills: [AgentInstance], units: [OrganizationalUnit], current: CurrentSession) {
        self.tills = tills
        self.units = units
        self.current = current
    }

    package var values: TemplateValue {
        [
            "tillUnits": .list(
                units.compactMap { unit in
                    let members = tills.filter { $0.organizationalUnitID == unit.id }
                    guard !members.isEmpty else { return nil }
                    return ["unitName": .text(unit.name), "choices": .list(members.flatMap(choices))]
                })
        ]
    }

    private func choices(at till: AgentInstance) -> [TemplateValue] {
        till.profiles.map { profile in
            [
                "profileID": .text(profile.id.text), "tillName": .text(till.name),
                "profileName": profile.name == till.name ? .nothing : .text(profile.name),
                "isCurrent": .flag(profile.id == current.agentProfile?.id),
                "isReady": .flag(profile.salesUnitID != nil),
            ]
        }
    }
}
