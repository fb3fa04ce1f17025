import HTTPServing
import HTTPTypes
import Hummingbird
import SharedKernel

// Problems of the house in the words of the person who looks at the page.

extension Problem {
    /// The house's own problems, translated; one that a page has put into words already stays as it is.
    package func told(in words: Words, isChange: Bool, trace: TraceContext) -> Problem {
        func told(_ title: String, _ detail: String) -> Problem {
            Problem(status, slug, title: words.text(title), detail: words.text(detail), fields: fields)
        }
        return switch status {
        case .unauthorized: told("signIn.title", "signIn.expired")
        // A change by somebody with the right role is only refused because its token is old.
        case .forbidden: isChange ? told("error.title", "error.csrf") : told("error.forbidden", "error.forbiddenText")
        case .notFound: told("error.notFound", "error.notFoundText")
        case .tooManyRequests: told("error.title", "error.tooMany")
        case .serviceUnavailable: told("error.title", "error.storeUnavailable")
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
    package func response(
        _ problem: Problem, to request: Request, context: ServingContext, words: Words
    ) throws -> Response {
        let isPage = !request.isChange && request.headers[.htmxTarget] == "main" && problem.status.code < 500
        guard isPage, problem.status != .unauthorized else {
            return try problem.response(from: request, context: context)
        }
        let home = base == "pos" ? "#/new-sale" : "/pos/app/#/new-sale"
        return .page(self.problem(problem, words: words, home: home), status: problem.status)
    }

    package func problem(_ problem: Problem, words: Words, home: String) -> String {
        self.problem(
            title: problem.title, text: problem.detail, action: (title: words.text("place.newSale"), address: home),
            words: words)
    }
}

extension Request {
    /// Whether the request may change something.
    package var isChange: Bool { method != .get && method != .head }
}

extension HTTPField.Name {
    fileprivate static let htmxTarget = HTTPField.Name("HX-Target")!
}
