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
}
