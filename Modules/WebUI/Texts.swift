import Foundation

/// Every word of the pages in every language, from `Resources/texts/<language>.json`. Loaded once; complete, or not at all.
package struct Texts: Sendable {
    /// Flat keys: `sale.title`.
    private let catalogues: [PageLanguage: [String: String]]

    /// What is wrong with the files, in words for the one who edits them.
    package struct Incomplete: Error, CustomStringConvertible {
        package let description: String
    }

    /// The texts shipped with this module.
    package static func load() throws -> Texts {
        try Texts(directory: Resources.directory(named: "texts"))
    }

    /// Reads `<language>.json` for every language and refuses missing or extra keys and placeholders.
    package init(directory: URL) throws {
        var catalogues: [PageLanguage: [String: String]] = [:]
        for language in PageLanguage.allCases {
            let file = directory.appending(path: "\(language.rawValue).json")
            let tree = try JSONSerialization.jsonObject(with: try Data(contentsOf: file))
            var flat: [String: String] = [:]
            try Self.flatten(tree, prefix: "", file: file.lastPathComponent, into: &flat)
            catalogues[language] = flat
        }
        self.catalogues = catalogues
        let differences = self.differences()
        guard differences.isEmpty else { throw Incomplete(description: differences.joined(separator: "\n")) }
    }

    private static func flatten(_ node: Any, prefix: String, file: String, into flat: inout [String: String]) throws {
        switch node {
        case let text as String:
            flat[prefix] = text
        case let group as [String: Any]:
            for (name, child) in group {
                try flatten(child, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", file: file, into: &flat)
            }
        default:
            throw Incomplete(description: "\(file): \(prefix) is neither a text nor a group of texts")
        }
    }

    /// Every key that English has and another language lacks, or the other way round, or whose placeholders differ.
    private func differences() -> [String] {
        let model = catalogues[.english] ?? [:]
        return PageLanguage.allCases.filter { $0 != .english }.flatMap { language in
            let texts = catalogues[language] ?? [:]
            let missing = model.keys.filter { texts[$0] == nil }.map { "\(language.rawValue): \($0) is missing" }
            let extra = texts.keys.filter { model[$0] == nil }.map { "\(language.rawValue): \($0) is not in English" }
            let changed = texts.filter { key, text in
                model[key].map { Self.placeholders(in: $0) != Self.placeholders(in: text) } ?? false
            }
            return (missing + extra + changed.keys.map { "\(language.rawValue): \($0) has other placeholders" })
                .sorted()
        }
    }

    /// The names between braces: `{amount}` has `amount`.
    package static func placeholders(in text: String) -> Set<String> {
        Set(text.matches(of: /\{(\w+)\}/).map { String($0.output.1) })
    }

    package var keys: Set<String> { Set((catalogues[.english] ?? [:]).keys) }

    package func raw(_ key: String, in language: PageLanguage) -> String? { catalogues[language]?[key] }

    /// The texts in one language, with the brand's name of the market and day filled in.
    package func words(_ language: PageLanguage, brand: String) -> Words {
        Words(texts: self, language: language, brand: brand)
    }
}

/// The texts as one visitor reads them: a language, and the brand's name here and today.
package struct Words: Sendable {
    package let texts: Texts
    package let language: PageLanguage
    /// Fills `{brand}` in every text.
    package let brand: String

    /// The text of `key` with its placeholders filled in. An unknown key is our own mistake: it stops a debug build, and
    /// shows as the key itself in a release.
    package func text(_ key: String, _ values: [String: String] = [:]) -> String {
        guard let text = optional(key, values) else {
            assertionFailure("No text has the key \(key)")
            return key
        }
        return text
    }

    /// As `text`, for keys made from data (an error code): `nil` where there is no such text.
    package func optional(_ key: String, _ values: [String: String] = [:]) -> String? {
        texts.raw(key, in: language).map { fill($0, values) }
    }

    /// The form of a counted text: `<key>.one` or `<key>.other`, with `{count}` filled in.
    package func count(_ key: String, _ count: Int, _ values: [String: String] = [:]) -> String {
        let form = abs(count) == 1 ? "one" : "other"
        return text("\(key).\(form)", values.merging(["count": String(count)]) { given, _ in given })
    }

    /// What to tell a cashier about a refusal: by Vipps' code (`7010`) or the gateway's own (`keys-refused`); any other is
    /// told with its code.
    package func refusalByVipps(code: String) -> String {
        optional("vipps.\(code)") ?? text("vipps.other", ["code": code])
    }

    /// The words for a field error, by its slug (`missing`, `too-long`, ...).
    package func fieldError(slug: String, _ values: [String: String] = [:]) -> String {
        guard let text = optional("invalid.\(slug)", values), Texts.placeholders(in: text).isEmpty else {
            return self.text("invalid.other")
        }
        return text
    }

    /// Fills in once from left to right, so that a value with braces of its own stays as it is.
    private func fill(_ text: String, _ values: [String: String]) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        return text.replacing(/\{(\w+)\}/) { match in
            let name = String(match.output.1)
            return values[name] ?? (name == "brand" ? brand : String(match.output.0))
        }
    }
}
