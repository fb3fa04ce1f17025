import Hummingbird
import Logging
import SharedKernel

/// Draws a problem as a page or fragment; `nil` leaves it as JSON.
package typealias ProblemPage = @Sendable (Problem, Request, ServingContext) -> Response?

/// The router that every service begins with: trace, access log and metrics, problems, session and cross-site protection,
/// security headers, and the three addresses that watch the service.
///
/// - Parameters:
///   - verifier: `nil` where nobody signs in.
///   - withoutToken: paths whose unsafe requests need no `X-CSRF-Token` (sign-in).
package func houseRouter(
    service: String, verifier: SessionVerifier?, withoutToken: Set<String> = [], now: @escaping Now,
    checks: [HealthCheck], metricsText: @escaping @Sendable () -> String, logger: Logger,
    problemPage: ProblemPage? = nil
) -> Router<ServingContext> {
    let router = Router(context: ServingContext.self)
    router.add(middleware: ObservingMiddleware(now: now, logger: logger))
    router.add(middleware: SecurityHeadersMiddleware())
    router.add(middleware: ProblemMiddleware(logger: logger, problemPage: problemPage))
    router.add(middleware: SessionMiddleware(verifier: verifier, withoutToken: withoutToken))
    HealthRoutes(service: service, checks: checks, metricsText: metricsText).add(to: router)
    return router
}
