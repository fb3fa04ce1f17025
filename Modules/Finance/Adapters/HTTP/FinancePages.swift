import Finance
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import SharedKernel
import WebUI

/// The pages of financial-service: `/financial/app/` and the fragments under `/financial/pages/`.
package struct FinancePages: Sendable {
    /// The folder of this service's templates.
    package static var templates: URL? { Bundle.module.resourceURL?.appending(path: "Pages") }

    static let optionsAddress = "/financial/pages/incoming-payment-options"

    private let options: any PaymentOptionStore
    private let eventLog: any EventLog
    private let frame: PageFrame
    private let brands: Brands
    /// ISO 3166 code of the country most shops are in: names the brand where no amount tells the market.
    private let market: String

    package init(
        options: any PaymentOptionStore, eventLog: any EventLog, frame: PageFrame, brands: Brands, market: String
    ) {
        self.options = options
        self.eventLog = eventLog
        self.frame = frame
        self.brands = brands
        self.market = market
    }

    package var endpoints: [Endpoint] {
        let address = Self.optionsAddress
        return [
            Endpoint(.get, "/financial/app/", answer: shell),
            Endpoint(.get, address, answer: listPage),
            Endpoint(.post, address, answer: create),
            Endpoint(.get, "\(address)/new", answer: newDialog),
            Endpoint(.get, "\(address)/{paymentOptionID}", answer: editDialog),
            Endpoint(.post, "\(address)/{paymentOptionID}", answer: edit),
            Endpoint(.post, "\(address)/{paymentOptionID}/enable") { request, context in
                try await set(request, context, { .enable($0) }, told: "options.enabledNow")
            },
            Endpoint(.post, "\(address)/{paymentOptionID}/disable") { request, context in
                try await set(request, context, { .disable($0) }, told: "options.disabledNow")
            },
            Endpoint(.get, "/financial/pages/payments/{paymentID}/events", answer: events),
        ]
    }

    /// Problems of these pages in the person's words, not in those for programs.
    package var problemPage: ProblemPage {
        { problem, request, context in
            guard request.uri.path.hasPrefix("/financial/pages/") else { return nil }
            let words = words(request, context)
            let told = problem.told(in: words, isChange: request.isChange, trace: context.trace)
            return try? frame.response(told, to: request, context: context, words: words)
        }
    }

    private func preferences(_ request: Request) -> Preferences {
        Preferences(cookies: request.headers[.cookie], acceptLanguage: request.headers[.acceptLanguage])
    }

    private func words(_ request: Request, _ context: ServingContext, market: String? = nil) -> Words {
        frame.templates.texts.words(
            preferences(request).language, brand: brands.name(inMarket: market ?? self.market, at: context.now))
    }

    // MARK: The shell

    private func shell(_ request: Request, _ context: ServingContext) async throws -> Response {
        guard let session = context.session else {
            return Response(
                status: .seeOther,
                headers: [.location: "/pos/app/sign-in?returnTo=/financial/app/", .cacheControl: "no-store"])
        }
        return .page(
            frame.shell(
                for: Visitor(session: session), theme: preferences(request).theme, words: words(request, context)))
    }

    // MARK: Incoming payment options

    private func listPage(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        return .page(
            try await list("incoming-payment-options", of: session.tenantID, words: words(request, context)))
    }

    private func list(_ template: String, of tenant: TenantID, words: Words) async throws -> String {
        let options = try await options.catalogue(of: tenant).options
        return frame.templates.render(
            template,
            [
                "address": .text(Self.optionsAddress), "isEmpty": .flag(options.isEmpty),
                "options": .list(
                    options.map { option in
                        [
                            "address": .text(Self.optionsAddress), "id": .text(option.id.text),
                            "name": .text(option.name.text), "kind": .text(words.text(option.kind.textKey)),
                            "quickAccess": .flag(option.quickAccess), "enabled": .flag(option.enabled),
                        ]
                    }),
            ], words: words)
    }

    private func newDialog(_ request: Request, _ context: ServingContext) async throws -> Response {
        _ = try context.require(.administrator)
        let form = PaymentOptionForm(name: "", kindWord: PaymentOptionKind.vippsEPayment.word, quickAccess: true)
        return .page(dialog(form, for: nil, problems: [], words: words(request, context)))
    }

    private func editDialog(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        guard let option = try await options.catalogue(of: session.tenantID).option(id) else {
            throw Problem.notFound("payment option")
        }
        return .page(dialog(PaymentOptionForm(option), for: id, problems: [], words: words(request, context)))
    }

    private func create(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        let fields = try await decodeForm(of: request)
        let id = fields["commandID"].flatMap { PaymentOptionID($0) } ?? .new(at: context.now)
        return try await save(PaymentOptionForm(fields), existing: nil, session, request, context) {
            name, kind, quick in
            .create(id: id, name: name, kind: kind, quickAccess: quick, enabled: true)
        }
    }

    private func edit(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        let form = PaymentOptionForm(try await decodeForm(of: request))
        return try await save(form, existing: id, session, request, context) { name, kind, quick in
            .edit(id: id, name: name, kind: kind, quickAccess: quick)
        }
    }

    private func save(
        _ form: PaymentOptionForm, existing id: PaymentOptionID?, _ session: Session, _ request: Request,
        _ context: ServingContext,
        _ command: (PaymentOptionName, PaymentOptionKind, Bool) -> PaymentOptionCommand
    ) async throws -> Response {
        let words = words(request, context)
        let problems: [FieldProblem]
        do {
            let (name, kind) = try form.parsed()
            let outcome = try await options.change(
                command(name, kind, form.quickAccess), of: session.tenantID, cause: context.cause, now: context.now)
            switch outcome {
            case .success:
                return .done(
                    .toast(words.text("generic.saved")).closeDialog.event("payment-options-changed"))
            case .failure(.nameTaken):
                problems = [FieldProblem(field: "name", slug: "taken", reason: "")]
            case .failure(let refusal): throw problem(refusal, words)
            }
        } catch let invalid as Invalid {
            problems = [FieldProblem(invalid)]
        }
        return .page(dialog(form, for: id, problems: problems, words: words), status: .unprocessableContent)
    }

    private func dialog(
        _ form: PaymentOptionForm, for id: PaymentOptionID?, problems: [FieldProblem], words: Words
    ) -> String {
        func error(_ field: String) -> TemplateValue {
            .optional(problems.first { $0.field == field }.map { words.fieldError(slug: $0.slug) })
        }
        return frame.templates.render(
            "payment-option-dialog",
            [
                "title": .text(words.text(id == nil ? "options.create" : "options.edit")),
                "action": .text(Self.optionsAddress + (id.map { "/\($0.text)" } ?? "")),
                "name": .text(form.name), "nameMax": .text("\(PaymentOptionName.lengthMax)"),
                "nameError": error("name"), "kindError": error("kind"), "quickAccess": .flag(form.quickAccess),
                "kinds": .list(
                    PaymentOptionKind.allCases.map { kind in
                        [
                            "word": .text(kind.word), "name": .text(words.text(kind.textKey)),
                            "selected": .flag(kind.word == form.kindWord),
                        ]
                    }),
            ], words: words)
    }

    private func set(
        _ request: Request, _ context: ServingContext, _ command: (PaymentOptionID) -> PaymentOptionCommand,
        told key: String
    ) async throws -> Response {
        let session = try context.require(.administrator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        let words = words(request, context)
        let outcome = try await options.change(
            command(id), of: session.tenantID, cause: context.cause, now: context.now)
        switch outcome {
        case .success(let option):
            return .page(
                try await list("payment-options-list", of: session.tenantID, words: words),
                events: .toast(words.text(key, ["name": option.name.text])))
        case .failure(let refusal): throw problem(refusal, words)
        }
    }

    private func problem(_ refusal: PaymentOptionRefusal, _ words: Words) -> Problem {
        let told =
            switch refusal {
            case .notFound: words.text("error.notFoundText")
            case .nameTaken(let name): words.text("refusal.nameTaken", ["name": name.text])
            case .tooMany(let max): words.text("refusal.tooMany", ["max": String(max)])
            }
        let problem = Problem(refusal)
        return Problem(problem.status, problem.slug, title: words.text("error.title"), detail: told)
    }

    // MARK: Event log

    private func events(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .cashier, .operator)
        let payment: PaymentID = try context.identifier("paymentID", of: "payment")
        let history = try await eventLog.history(of: payment, of: session.tenantID, limit: FinanceAPI.eventsMax)
        let currency = history?.summary.asked?.currency ?? history?.events.lazy.compactMap(\.amount).first?.currency
        let market = currency.flatMap { brands.marketCode(ofCurrency: $0.rawValue) } ?? market
        let words = words(request, context, market: market)
        let formats = Formats(language: words.language, timeZone: brands.timeZone(ofMarket: market))
        let page = EventLogPage(words: words, formats: formats)
        return .page(
            frame.templates.render(
                "payment-events", page.values(of: payment, history?.summary, history?.events ?? []), words: words))
    }
}

/// What stands in the dialog's fields, right or wrong.
private struct PaymentOptionForm {
    var name: String
    var kindWord: String
    var quickAccess: Bool

    init(name: String, kindWord: String, quickAccess: Bool) {
        self.name = name
        self.kindWord = kindWord
        self.quickAccess = quickAccess
    }

    init(_ option: PaymentOption) {
        self.init(name: option.name.text, kindWord: option.kind.word, quickAccess: option.quickAccess)
    }

    init(_ fields: FormFields) {
        self.init(
            name: fields["name"] ?? "", kindWord: fields["kind"] ?? "", quickAccess: fields.isChecked("quickAccess"))
    }

    func parsed() throws(Invalid) -> (PaymentOptionName, PaymentOptionKind) {
        let name = try PaymentOptionName(name)
        guard let kind = PaymentOptionKind(word: kindWord) else {
            throw Invalid(field: "kind", slug: "choice", reason: "must be vipps-epayment or cash")
        }
        return (name, kind)
    }
}

extension PaymentOptionKind {
    fileprivate var textKey: String {
        switch self {
        case .vippsEPayment: "paymentKind.vipps"
        case .cash: "paymentKind.cash"
        }
    }
}
