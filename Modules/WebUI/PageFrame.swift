import Foundation
import HTTPServing
import SharedKernel

/// Who looks at a page, and how they want it.
package struct Visitor: Sendable {
    /// The signed-in person.
    package var session: Session
    /// The current organizational unit.
    package var unitName: String
    /// The till and the profile of the session; `nil` until one is chosen.
    package var tillName: String?
    package var profileName: String?

    package init(session: Session, unitName: String = "", tillName: String? = nil, profileName: String? = nil) {
        self.session = session
        self.unitName = unitName
        self.tillName = tillName
        self.profileName = profileName
    }
}

/// What stands around the pages: the shell with its navigation, the sign-in page, the customer's screen.
package struct PageFrame: Sendable {
    package let templates: Templates
    package let assets: Assets
    /// `pos` or `financial`: the first part of the addresses of this service's pages.
    package let base: String
    private let now: Now

    package init(templates: Templates, assets: Assets, base: String, now: @escaping Now) {
        self.templates = templates
        self.assets = assets
        self.base = base
        self.now = now
    }

    /// The page at `/<base>/app/`: navigation, and an empty middle into which the script puts the page of the route.
    package func shell(for visitor: Visitor, theme: Theme, words: Words) -> String {
        let places = Place.visible(to: visitor.session.roles)
        let home = places.first { $0.base == base }?.route ?? "new-sale"
        let core = places.filter(\.isCore).prefix(4)
        return templates.render(
            "shell",
            common(theme: theme, words: words).merging([
                "title": .text(words.text("generic.product")),
                "base": .text(base),
                "home": .text(home),
                "csrf": .text(visitor.session.csrf),
                "tenant": .text(visitor.session.tenantName),
                "unit": .text(visitor.unitName),
                "user": .text(visitor.session.userName),
                "roles": .text(roleNames(visitor.session.roles, words: words)),
                "till": .optional(visitor.tillName),
                "profile": .optional(visitor.profileName),
                "groups": .list(groups(of: places, words: words)),
                "core": .list(core.map { Self.value(of: $0, words: words) }),
            ]), words: words)
    }

    /// The sign-in page. `error` are words for the person; `returnTo` is where a session that ended was.
    package func signIn(
        userName: String = "", error: String? = nil, returnTo: String = "", theme: Theme, words: Words
    ) -> String {
        let common = common(theme: theme, words: words)
        let content = templates.render(
            "sign-in",
            common.merging([
                "userName": .text(userName), "error": .optional(error), "returnTo": .text(Self.safeReturn(returnTo)),
            ]), words: words)
        return bare(content, title: words.text("signIn.title"), isLive: false, csrf: nil, theme: theme, words: words)
    }

    /// A page of its own without navigation (the customer's screen). `content` is HTML made by a template.
    package func bare(
        _ content: String, title: String, isLive: Bool, csrf: String?, theme: Theme, words: Words
    ) -> String {
        templates.render(
            "bare",
            common(theme: theme, words: words).merging([
                "title": .text("\(title) · \(words.text("generic.product"))"), "content": .text(content),
                "events": .flag(isLive), "csrf": .optional(csrf),
            ]), words: words)
    }

    /// A fragment for a page that cannot be shown: not found, no access.
    package func problem(
        title: String, text: String, action: (title: String, address: String)? = nil, trace: String? = nil, words: Words
    ) -> String {
        templates.render(
            "problem",
            [
                "problemTitle": .text(title), "problemText": .text(text), "problemTrace": .optional(trace),
                "problemAction": .optional(action?.title), "problemHref": .optional(action?.address),
            ], words: words)
    }

    /// Only an address of our own pages may be returned to; anything else would send a fresh session elsewhere.
    package static func safeReturn(_ address: String) -> String {
        let isOurs = address.hasPrefix("/pos/app/") || address.hasPrefix("/financial/app/")
        let isPlain = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
        return isOurs && isPlain && !address.contains("//") && address.utf8.count <= 500 ? address : ""
    }

    private func common(theme: Theme, words: Words) -> TemplateValue {
        [
            "now": .text(InstantText.write(now())),
            "language": .text(words.language.rawValue),
            "theme": .text(theme.rawValue),
            "assets": assets.addresses(base: base),
            "languages": .list(
                PageLanguage.allCases.map {
                    ["code": .text($0.rawValue), "name": .text($0.ownName), "current": .flag($0 == words.language)]
                }),
            "themes": .list(
                Theme.allCases.map {
                    [
                        "code": .text($0.rawValue), "current": .flag($0 == theme),
                        "name": .text(words.text("frame.theme\($0.rawValue.capitalized)")),
                    ]
                }),
        ]
    }

    private func roleNames(_ roles: Set<Role>, words: Words) -> String {
        Role.allCases.filter(roles.contains).map { words.text("role.\($0.rawValue)") }.joined(separator: ", ")
    }

    private func groups(of places: [Place], words: Words) -> [TemplateValue] {
        Place.Group.allCases.compactMap { group in
            let members = places.filter { $0.group == group }
            guard !members.isEmpty else { return nil }
            return [
                "title": .text(words.text("frame.group\(group.rawValue)")),
                "places": .list(members.map { Self.value(of: $0, words: words) }),
            ]
        }
    }

    private static func value(of place: Place, words: Words) -> TemplateValue {
        [
            "href": .text(place.address), "route": .text(place.route), "icon": .text(place.icon),
            "name": .text(words.text(place.text)),
        ]
    }
}
