import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

/// One request of a signed-in person for a page or from one, with all that its answer needs.
struct PageVisit: Sendable {
    let session: Session
    /// The session as it is kept: user, tenant, till and profile.
    let current: CurrentSession
    let reader: PageReader
    let theme: Theme
    /// Empty for a GET.
    let form: FormFields
    let request: Request
    let context: ServingContext
    let frame: PageFrame

    var person: Person { current.person }
    var tenant: TenantID { current.tenant.id }
    var currency: Currency { current.tenant.currency }
    var words: Words { reader.words }
    var formats: Formats { reader.formats }
    var now: Date { reader.now }
    var isAdministrator: Bool { session.roles.contains(.administrator) }

    // MARK: What came with the request

    /// The command that the page made for this act; sent again after a lost answer it acts once.
    func command() throws -> CommandID {
        guard let command = form["commandID"].flatMap({ CommandID($0) }) else {
            throw FormMistake("commandID", words.text("error.csrf"))
        }
        return command
    }

    /// An identifier in the address.
    func identifier<Subject>(_ name: String, of what: String) throws -> Identifier<Subject> {
        try context.identifier(name, of: what)
    }

    /// A field of the form that must hold one of our identifiers.
    func chosen<Subject>(_ name: String) throws -> Identifier<Subject> {
        guard let identifier = form[name].flatMap({ Identifier<Subject>($0) }) else {
            throw FormMistake(name, words.text("invalid.choice"))
        }
        return identifier
    }

    /// A parameter behind the question mark; `nil` when absent or empty.
    func query(_ name: String) -> String? {
        guard let text = request.uri.queryParameters.get(name), !text.isEmpty else { return nil }
        return String(text.prefix(200))
    }

    /// An amount as it was typed; `nil` when the field is empty.
    func amount(_ name: String, max: Int64 = Money.amountMax) throws -> Money? {
        guard let typed = form[name], !typed.isEmpty else { return nil }
        do {
            return try formats.amount(typed: typed, currency: currency, max: max)
        } catch {
            throw FormMistake(name, formats.text(for: error, currency: currency, words: words))
        }
    }

    // MARK: Answers

    func html(_ template: String, _ values: TemplateValue) -> String {
        frame.templates.render(template, values, words: words)
    }

    /// A fragment made by one of our templates.
    func fragment(
        _ template: String, _ values: TemplateValue, status: HTTPResponse.Status = .ok, events: ClientEvents? = nil
    ) -> Response {
        .page(html(template, values), status: status, events: events)
    }
}

extension PageVisit {
    /// A fragment that follows live events: nothing is sent when the browser shows the same already, so that no field, no
    /// focus and no press of a button is lost to a swap without need. The template asks again with `key={{key}}`.
    func live(_ template: String, _ values: TemplateValue) -> Response {
        let keyed = values.keyed
        return query("key") == keyed.key ? Response(status: .noContent) : fragment(template, keyed)
    }
}

extension TemplateValue {
    /// With `key`, which changes when anything else does. It holds for this process only.
    var keyed: TemplateValue { merging(["key": .text(String(UInt(bitPattern: hashValue), radix: 36))]) }

    var key: String? { if case .text(let key) = self["key"] { key } else { nil } }
}

/// What is wrong with one field of a form, already in the person's words.
struct FormMistake: Error, Sendable, Hashable {
    let field: String
    let text: String

    init(_ field: String, _ text: String) {
        self.field = field
        self.text = text
    }
}
