import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Refusals in the words of the person who looks at the page.

extension PageVisit {
    /// What to tell about an error that people can do something about; `nil` for our own failures.
    func problem(for error: any Error) -> Problem? {
        switch error {
        case let mistake as FormMistake: mistake.problem(words)
        case let invalid as Invalid:
            // «identification.phoneNumber» is the form's «phoneNumber».
            FormMistake(
                invalid.field.split(separator: ".").last.map(String.init) ?? invalid.field,
                words.fieldError(slug: invalid.slug)
            ).problem(words)
        case let rejection as SaleRejection: RefusalWords(reader).problem(rejection)
        case let conflict as Conflict:
            .conflict(conflict.slug, words.optional("conflict.\(conflict.slug)") ?? conflict.reason, title: words)
        case is Unknown:
            Problem(
                .notFound, "not-found", title: words.text("error.notFound"), detail: words.text("error.notFoundText"))
        case let problem as Problem where problem.status.code < 500:
            problem.told(in: words, isChange: false, trace: context.trace)
        case let known as any HTTPResponseError where known.status == .notFound:
            Problem.notFound("page").told(in: words, isChange: false, trace: context.trace)
        default: nil
        }
    }
}

extension FormMistake {
    func problem(_ words: Words) -> Problem {
        Problem(
            .unprocessableContent, "invalid", title: words.text("error.title"), detail: text,
            fields: [FieldProblem(field: field, slug: "invalid", reason: text)])
    }
}

extension Problem {
    static func conflict(_ slug: String, _ detail: String, title words: Words) -> Problem {
        Problem(.conflict, slug, title: words.text("error.title"), detail: detail)
    }

    /// The house's own problems, translated.
    func told(in words: Words, isChange: Bool, trace: TraceContext) -> Problem {
        func told(_ title: String, _ detail: String) -> Problem {
            Problem(status, slug, title: words.text(title), detail: words.text(detail), fields: fields)
        }
        return switch status {
        case .unauthorized: told("signIn.title", "signIn.expired")
        // A change by somebody with the right role is only refused because its token is old.
        case .forbidden: isChange ? told("error.title", "error.csrf") : told("error.forbidden", "error.forbiddenText")
        case .notFound: told("error.notFound", "error.notFoundText")
        case .tooManyRequests: told("error.title", "error.tooMany")
        case .internalServerError:
            Problem(
                status, slug, title: words.text("error.title"),
                detail: words.text("error.failed") + " "
                    + words.text("error.trace", ["trace": String(trace.traceID.prefix(16))]))
        default: self
        }
    }
}

extension PageFrame {
    /// A page that cannot be shown takes the page's place; everything else becomes a note of the page's script.
    func response(_ problem: Problem, to request: Request, context: ServingContext, words: Words) throws -> Response {
        let isPage = !request.isChange && request.headers[.htmxTarget] == "main" && problem.status.code < 500
        guard isPage, problem.status != .unauthorized else {
            return try problem.response(from: request, context: context)
        }
        return .page(self.problem(problem, words: words, home: "#/new-sale"), status: problem.status)
    }

    func problem(_ problem: Problem, words: Words, home: String) -> String {
        self.problem(
            title: problem.title, text: problem.detail, action: (title: words.text("place.newSale"), address: home),
            words: words)
    }
}

extension HTTPField.Name {
    static let htmxTarget = HTTPField.Name("HX-Target")!
}
