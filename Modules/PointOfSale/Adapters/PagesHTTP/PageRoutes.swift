import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

/// Where pages are put: `get("new-sale", …)` answers `GET /pos/pages/new-sale`, for signed-in people with one of the roles.
/// What a handler throws is told in the person's words.
struct PageRoutes {
    typealias Handler = @Sendable (PageVisit) async throws -> Response

    let pages: PointOfSalePages
    let router: Router<ServingContext>

    /// Who works at a till.
    static let sellers: Set<Role> = [.cashier, .administrator]
    static let administrators: Set<Role> = [.administrator]
    static let everyone = Set(Role.allCases)

    func get(_ route: String, for roles: Set<Role> = sellers, _ handler: @escaping Handler) {
        on("/pos/pages/\(route)", .get, roles, handler)
    }

    func post(_ route: String, for roles: Set<Role> = sellers, _ handler: @escaping Handler) {
        on("/pos/pages/\(route)", .post, roles, handler)
    }

    /// For the few addresses outside `/pos/pages/`.
    func on(_ path: String, _ method: HTTPRequest.Method, _ roles: Set<Role>, _ handler: @escaping Handler) {
        let pages = pages
        router.on(RouterPath(path), method: method) { request, context -> Response in
            let visit = try await pages.visit(request, context)
            do {
                try visit.session.require(roles)
                return try await handler(visit)
            } catch {
                guard let problem = visit.problem(for: error) else { throw error }
                return try pages.frame.response(problem, to: request, context: context, words: visit.words)
            }
        }
    }
}

extension PointOfSalePages {
    /// The person, the words and the form of one request.
    ///
    /// - Throws: `Problem` 401 without a valid session, also when it was ended in the meantime.
    func visit(_ request: Request, _ context: ServingContext) async throws -> PageVisit {
        let session = try context.require(.cashier, .administrator, .operator)
        guard let current = try await useCases.useSession(session.sessionID, at: context.now) else {
            throw Problem.sessionExpired
        }
        let form = request.isChange ? try await decodeForm(of: request) : FormFields("")
        let preferences = Preferences(request)
        let market = current.tenant.market.rawValue
        return PageVisit(
            session: session, current: current,
            reader: PageReader(
                words: frame.templates.texts.words(
                    preferences.language, brand: brands.name(inMarket: market, at: context.now)),
                formats: Formats(language: preferences.language, timeZone: brands.timeZone(ofMarket: market)),
                now: context.now),
            theme: preferences.theme, form: form, request: request, context: context, frame: frame)
    }
}

extension Session {
    fileprivate func require(_ wanted: Set<Role>) throws {
        guard !roles.isDisjoint(with: wanted) else { throw Problem.forbidden("This page is for other roles.") }
    }
}
