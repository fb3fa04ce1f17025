/// The languages every page is written in. The raw value is the BCP 47 tag of the `lang` attribute.
package enum PageLanguage: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case norwegian = "nb"
    case danish = "da"
    case finnish = "fi"
    case swedish = "sv"

    /// The language's own name, for the menu in which it is chosen.
    package var ownName: String {
        switch self {
        case .english: "English"
        case .norwegian: "Norsk bokmål"
        case .danish: "Dansk"
        case .finnish: "Suomi"
        case .swedish: "Svenska"
        }
    }

    /// The language a tag such as `nb-NO`, `no` or `da` means; `nil` for one we do not speak.
    package init?(tag: some StringProtocol) {
        let primary = tag.lowercased().split(separator: "-").first.map(String.init) ?? ""
        switch primary {
        case "no", "nn": self = .norwegian
        default: self.init(rawValue: primary)
        }
    }
}

/// How a page looks: as the device wants, or as the user chose. The raw value is written to `data-theme`.
package enum Theme: String, Sendable, Hashable, CaseIterable {
    case auto
    case light
    case dark
}

/// What the visitor chose for all pages, kept in two cookies that the pages' script writes: `language` and `theme`.
package struct Preferences: Sendable, Hashable {
    package let language: PageLanguage
    package let theme: Theme

    package init(language: PageLanguage, theme: Theme = .auto) {
        self.language = language
        self.theme = theme
    }

    /// Reads both from a request: the cookies first, then the browser's languages in their order, then English.
    package init(cookies: String?, acceptLanguage: String?) {
        var chosen: [Substring: Substring] = [:]
        for pair in (cookies ?? "").prefix(8192).split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            chosen[parts[0].trimmingPrefix(" ")] = parts[1]
        }
        theme = chosen["theme"].flatMap { Theme(rawValue: String($0)) } ?? .auto
        language =
            chosen["language"].flatMap { PageLanguage(rawValue: String($0)) }
            ?? Self.preferred(in: acceptLanguage ?? "") ?? .english
    }

    private static func preferred(in acceptLanguage: String) -> PageLanguage? {
        let wishes = acceptLanguage.prefix(400).split(separator: ",").enumerated().map { position, wish in
            let parts = wish.split(separator: ";")
            let tag = parts.first.map { $0.trimmingPrefix(" ") } ?? ""
            let quality =
                parts.dropFirst().compactMap { Double($0.trimmingPrefix(" ").trimmingPrefix("q=")) }.first ?? 1
            return (tag: tag, quality: quality, position: position)
        }
        let ordered = wishes.sorted { ($0.quality, -$0.position) > ($1.quality, -$1.position) }
        return ordered.lazy.compactMap { PageLanguage(tag: $0.tag) }.first
    }
}
