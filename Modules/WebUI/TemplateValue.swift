import Mustache

/// What a template is given: text, yes or no, lists and named values. Everything else is turned into text by its caller,
/// in the reader's language. Text is always escaped where it is shown.
package enum TemplateValue: Sendable, Hashable {
    case text(String)
    case flag(Bool)
    case list([TemplateValue])
    case object([String: TemplateValue])
    /// Not there: sections are skipped, and the name is not looked up further out.
    case nothing

    /// Optional text; `nil` is nothing.
    package static func optional(_ text: String?) -> TemplateValue { text.map(TemplateValue.text) ?? .nothing }

    package subscript(name: String) -> TemplateValue? {
        if case .object(let values) = self { values[name] } else { nil }
    }

    /// The same object with more values; later ones win.
    package func merging(_ more: [String: TemplateValue]) -> TemplateValue {
        guard case .object(let values) = self else { return .object(more) }
        return .object(values.merging(more) { _, new in new })
    }

    /// As the template library wants it. Empty text counts as nothing, so that `{{#error}}` is skipped for it.
    var forMustache: Any {
        switch self {
        case .text(let text): text.isEmpty ? Nothing() : text
        case .flag(let flag): flag
        case .list(let values): values.map(\.forMustache)
        case .object(let values): values.mapValues(\.forMustache)
        case .nothing: Nothing()
        }
    }

    private struct Nothing: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }
}

extension TemplateValue: ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByIntegerLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(integerLiteral value: Int) { self = .text(String(value)) }
    package init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, TemplateValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
