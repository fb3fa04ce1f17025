import Foundation
import Mustache

/// The templates of a service: the frame's own and one folder of pages. Parsed once at the start, where every mistake that
/// can be found is found: a tag that does not close, an unknown partial, a text nobody wrote.
package struct Templates: Sendable {
    package let texts: Texts
    private let library: MustacheLibrary
    private let names: Set<String>

    /// What is wrong with a template, in words for the one who edits it.
    package struct Mistake: Error, CustomStringConvertible {
        package let description: String
    }

    /// Loads the frame's templates and every `.mustache` file of `pages`, named by its path without the ending.
    /// - Parameter icons: where the browser fetches the icons that templates name `#i-…`.
    package init(pages: URL?, texts: Texts, icons: String = "/pos/assets/icons.svg") throws {
        HTMLEscaping.register
        self.texts = texts
        var sources = try Self.sources(in: Resources.directory(named: "templates"))
        let pageSources = if let pages { try Self.sources(in: pages) } else { [String: String]() }
        for (name, source) in pageSources {
            guard sources.updateValue(source, forKey: name) == nil else {
                throw Mistake(description: "\(name).mustache has the name of one of the frame's templates")
            }
        }
        names = Set(sources.keys)
        var library = MustacheLibrary()
        for (name, source) in sources {
            try Self.check(source, named: name, among: names, texts: texts)
            do {
                let whole = source.replacing("href=\"#i-", with: "href=\"\(icons)#i-")
                try library.register(HTMLEscaping.pragma + whole, named: name)
            } catch {
                throw Mistake(description: "\(name).mustache: \(error)")
            }
        }
        self.library = library
    }

    /// The HTML of a template. `words` answers `{{t.…}}`; the name of a template that does not exist is our own mistake.
    package func render(_ name: String, _ values: TemplateValue, words: Words) -> String {
        precondition(names.contains(name), "There is no template \(name)")
        guard case .object(let named) = values else { preconditionFailure("\(name) is given something without names") }
        var context = named.mapValues(\.forMustache)
        context["t"] = TextGroup(words: words, prefix: "")
        return library.render(context, withTemplate: name) ?? ""
    }

    private static func sources(in directory: URL) throws -> [String: String] {
        let root = directory.standardizedFileURL.path
        guard let paths = FileManager.default.enumerator(atPath: root) else {
            throw Mistake(description: "the folder of templates \(root) cannot be read")
        }
        var sources: [String: String] = [:]
        for case let path as String in paths where path.hasSuffix(".mustache") {
            let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
            sources[String(path.dropLast(".mustache".count))] = text
        }
        return sources
    }

    private static func check(_ source: String, named name: String, among names: Set<String>, texts: Texts) throws {
        for match in source.matches(of: /\{\{([>#^&{\/]?)\s*([\w.\/\-]+)\s*\}?\}\}/) {
            let (kind, target) = (match.output.1, String(match.output.2))
            if kind == ">" {
                guard names.contains(target) else {
                    throw Mistake(description: "\(name).mustache: no partial \(target)")
                }
            } else if target.hasPrefix("t.") {
                let key = String(target.dropFirst(2))
                guard let text = texts.raw(key, in: .english) else {
                    throw Mistake(description: "\(name).mustache: no text has the key \(key)")
                }
                guard Texts.placeholders(in: text).isSubset(of: ["brand"]) else {
                    throw Mistake(
                        description: "\(name).mustache: \(key) has placeholders; fill them in Swift and give the result"
                    )
                }
            }
        }
    }
}

/// `{{t.sale.title}}`: the way through the keys of the texts.
private struct TextGroup: MustacheParent {
    let words: Words
    let prefix: String

    func child(named name: String) -> Any? {
        let key = prefix.isEmpty ? name : "\(prefix).\(name)"
        return words.optional(key) ?? TextGroup(words: words, prefix: key)
    }
}

/// Escapes by Unicode scalar. The library's own way goes by character, and a quotation mark followed by a combining accent
/// is a character of its own that it lets through: a way out of an attribute.
struct HTMLEscaping: MustacheContentType {
    static let pragma = "{{% CONTENT_TYPE:TILL_HTML}}"
    static let register: Void = MustacheContentTypes.register(HTMLEscaping(), named: "TILL_HTML")

    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
