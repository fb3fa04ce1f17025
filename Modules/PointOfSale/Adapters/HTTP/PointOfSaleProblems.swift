import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel

/// The one mapping from the refusals of this context to HTTP.
package struct PointOfSaleProblems: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: ServingContext, next: (Request, ServingContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as SignInRefusal {
            let problem = Problem(refusal)
            guard case .tooManyAttempts(let wait) = refusal else { throw problem }
            var response = try problem.response(from: request, context: context)
            response.headers[.retryAfter] = "\(wait.components.seconds)"
            return response
        } catch {
            throw Problem.pointOfSale(error) ?? error
        }
    }
}

extension Problem {
    /// `nil` for errors that are not refusals of this context.
    package static func pointOfSale(_ error: any Error) -> (any Error)? {
        switch error {
        case let rejection as SaleRejection: Problem(rejection)
        case let unknown as Unknown: Problem.notFound(unknown.what)
        case let conflict as Conflict: Problem.conflict(conflict.slug, conflict.reason)
        case let refusal as SignInRefusal: Problem(refusal)
        default: nil
        }
    }

    package init(_ refusal: SignInRefusal) {
        switch refusal {
        case .wrongCredentials:
            self.init(
                .unauthorized, "wrong-credentials", title: "Not signed in",
                detail: "User name and password do not belong together. Check both and try again.")
        case .tooManyAttempts(let wait):
            self.init(
                .tooManyRequests, "too-many-attempts", title: "Too many attempts",
                detail: "Wait \(max(1, wait.components.seconds / 60)) minutes before the next attempt.")
        case .tenantNeeded:
            self = .invalid(
                Invalid(field: "tenant", slug: "missing", reason: "must be given: several tenants have this user name"))
        }
    }

    package init(_ rejection: SaleRejection) {
        if let invalid = rejection.invalid {
            self = .invalid(invalid)
        } else if let conflict = rejection.conflict {
            self = .conflict(conflict.slug, conflict.reason)
        } else {
            self = .notFound("line or payment of this sale")
        }
    }
}
