import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import Metrics
import SharedKernel

/// Gives the request its instant and its place in a trace, logs it without anything personal, and counts it.
struct ObservingMiddleware: RouterMiddleware {
    let now: Now
    let logger: Logger

    func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.now = now()
        let incoming = request.headers[.traceparent].flatMap(TraceContext.init(traceparent:))
        context.trace = incoming?.child() ?? .new()
        let clock = ContinuousClock()
        let start = clock.now
        var response = try await TraceContext.$current.withValue(context.trace) { try await next(request, context) }
        let duration = clock.now - start
        let route = context.endpointPath ?? "none"
        let status = response.status.code
        Counter(
            label: "http_requests_total",
            dimensions: [("method", request.method.rawValue), ("route", route), ("status", "\(status)")]
        ).increment()
        Metrics.Timer(label: "http_request_duration_seconds", dimensions: [("route", route)]).record(duration: duration)
        let isProbe = route == "/healthz" || route == "/readyz" || route == "/metrics"
        logger.log(
            level: status >= 500 ? .error : isProbe ? .trace : .info, "request",
            metadata: [
                "method": "\(request.method.rawValue)", "route": "\(route)", "status": "\(status)",
                "ms": "\(duration / .milliseconds(1))", "trace": "\(context.trace.traceID)",
            ])
        response.headers[.traceparent] = context.trace.traceparent
        return response
    }
}

/// Draws every failure as a `Problem`; what is nobody's fault but ours becomes a plain 500 with the trace to ask for.
struct ProblemMiddleware: RouterMiddleware {
    let logger: Logger
    let problemPage: ProblemPage?

    func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = self.problem(for: error, context: context)
            if let page = problemPage?(problem, request, context) { return page }
            return try problem.response(from: request, context: context)
        }
    }

    private func problem(for error: any Error, context: ServingContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let invalid as Invalid: return .invalid(invalid)
        case let decoding as DecodingError: return Problem(decoding)
        case let known as any HTTPResponseError where known.status.code < 500:
            return known.status == .notFound ? .notFound("page or resource") : .refused(known.status)
        case let unavailable as StoreUnavailable:
            logger.error(
                "request refused",
                metadata: ["reason": "\(unavailable.reason)", "trace": "\(context.trace.traceID)"])
            return .storeUnavailable(unavailable)
        default:
            logger.error(
                "request failed",
                metadata: ["error": "\(String(reflecting: error))", "trace": "\(context.trace.traceID)"])
            return Problem(
                .internalServerError, "internal", title: "Something went wrong here",
                detail:
                    "Nothing was changed. Try again; if it goes on, tell support the number \(context.trace.traceID).")
        }
    }
}

extension Problem {
    fileprivate static func refused(_ status: HTTPResponse.Status) -> Problem {
        switch status {
        case .methodNotAllowed:
            Problem(
                status, "method-not-allowed", title: "Not possible here", detail: "This address has no such method.")
        case .contentTooLarge:
            Problem(status, "too-large", title: "The request is too large", detail: "Send less at a time.")
        default:
            Problem(status, "refused", title: status.reasonPhrase, detail: "The request was refused: \(status.code).")
        }
    }
}

/// Reads the session cookie, and refuses unsafe requests that another site made the browser send.
struct SessionMiddleware: RouterMiddleware {
    let verifier: SessionVerifier?
    /// Paths whose unsafe requests come before a session or from no browser: sign-in, webhooks.
    let withoutToken: Set<String>

    func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let verifier, let cookie = request.cookies[Session.cookieName] {
            context.sessionCheck = verifier.check(cookie.value, now: context.now)
        }
        if request.method != .get, request.method != .head, request.method != .options {
            try refuseForeign(request)
            if !withoutToken.contains(request.uri.path), let session = context.session,
                request.headers[.csrfToken] != session.csrf
            {
                throw Problem.forbidden("The request lacks the session's token. Load the page again.")
            }
        }
        return try await next(request, context)
    }

    private func refuseForeign(_ request: Request) throws {
        guard let origin = request.headers[.origin] else { return }
        let host = request.headers[.forwardedHost] ?? request.head.authority
        guard let host, origin == "https://\(host)" || origin == "http://\(host)" else {
            throw Problem.forbidden("The request came from another site.")
        }
    }
}

/// What every answer tells the browser about how careful to be.
struct SecurityHeadersMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in Self.headers where response.headers[name] == nil { response.headers[name] = value }
        return response
    }

    private static let headers: [(HTTPField.Name, String)] = [
        (
            .contentSecurityPolicy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        (.xContentTypeOptions, "nosniff"),
        (.referrerPolicy, "same-origin"),
        (.crossOriginOpenerPolicy, "same-origin"),
    ]
}

extension HTTPField.Name {
    package static let traceparent = HTTPField.Name("traceparent")!
    package static let csrfToken = HTTPField.Name("X-CSRF-Token")!
    package static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
