import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel

/// Sessions, sales and waiting customers under `/pos/api`.
struct SaleRoutes {
    let door: PointOfSaleDoor

    func add(to api: RouterGroup<ServingContext>) {
        api.post("session", use: signIn)
        api.get("session") { _, context in try jsonResponse(SessionBody(try await door.current(context))) }
        api.delete("session") { request, context in
            _ = try context.require(.cashier, .administrator, .operator)
            // The address as such needs no token, for signing in; signing out does.
            guard request.headers[.csrfToken] == context.session?.csrf else {
                throw Problem.forbidden("The request lacks the session's token. Load the page again.")
            }
            var response = Response(status: .noContent)
            response.setCookie(try await door.signOut(context))
            return response
        }
        api.put("session/agent-profile", use: selectProfile)
        api.put("session/language", use: setLanguage)
        api.post("sales", use: start)
        api.get("sales", use: list)
        api.get("sales/:saleID", use: view)
        api.post("sales/:saleID/commands", use: command)
        api.get("check-ins", use: waitingCheckIns)
        api.delete("check-ins/:checkInID", use: discardCheckIn)
    }

    @Sendable private func signIn(_ request: Request, _ context: ServingContext) async throws -> Response {
        let body = try await decodeBody(SignInBody.self, of: request, maxBytes: 4096)
        let (signedIn, cookies) = try await door.signIn(
            userName: body.userName, password: body.password, tenant: body.tenant, request: request, context: context)
        guard let current = try await door.useCases.useSession(signedIn.session.id, at: context.now) else {
            throw Problem.sessionExpired
        }
        var response = try jsonResponse(SessionBody(current))
        for cookie in cookies { response.setCookie(cookie) }
        return response
    }

    private struct ProfileChoice: Decodable { let agentProfileID: AgentProfileID }

    @Sendable private func selectProfile(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .cashier, .administrator)
        let choice = try await decodeBody(ProfileChoice.self, of: request)
        let changed = try await door.useCases.useSession.select(
            choice.agentProfileID, in: current.session.id, at: context.now)
        return try jsonResponse(SessionBody(changed))
    }

    private struct LanguageChoice: Decodable { let language: String }

    @Sendable private func setLanguage(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context)
        let choice = try await decodeBody(LanguageChoice.self, of: request)
        try await door.useCases.users.setLanguage(try choice.language.asLanguage(), by: current.person)
        return try jsonResponse(SessionBody(try await door.current(context)))
    }

    @Sendable private func start(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .cashier)
        let body = try await decodeBody(CommandOnly.self, of: request)
        return try jsonResponse(
            SaleBody(try await door.useCases.startSale(command: body.commandID, by: current.person)))
    }

    @Sendable private func list(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context)
        let query = try SaleQuery(QueryReader(request: request), market: current.tenant.market)
        return try jsonResponse(SalePageBody(try await door.useCases.saleList.page(query, in: current.tenant.id)))
    }

    @Sendable private func view(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context)
        let id: SaleID = try context.identifier("saleID", of: "sale")
        return try jsonResponse(SaleBody(try await door.useCases.viewSale(id, in: current.tenant.id)))
    }

    @Sendable private func command(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .cashier)
        let id: SaleID = try context.identifier("saleID", of: "sale")
        let body = try await decodeBody(SaleCommandBody.self, of: request)
        let sale = try await door.useCases.actOnSale(body.request, on: id, command: body.commandID, by: current.person)
        return try jsonResponse(SaleBody(sale))
    }

    private struct CheckInsBody: Encodable { let checkIns: [CheckInBody] }

    @Sendable private func waitingCheckIns(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .cashier)
        let waiting = try await door.useCases.checkIns(of: current.person)
        return try jsonResponse(CheckInsBody(checkIns: [waiting].compactMap { $0.map(CheckInBody.init) }))
    }

    @Sendable private func discardCheckIn(_ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .cashier)
        let id: CheckInID = try context.identifier("checkInID", of: "check-in")
        try await door.useCases.checkIns.discard(id, by: current.person)
        return Response(status: .noContent)
    }
}

extension SaleQuery {
    /// From the address of a list; pages use the same words.
    ///
    /// - Throws: `Invalid` naming the parameter.
    init(_ query: QueryReader, market: Market) throws {
        self.init(
            search: try query.text("search"), state: try query.word("state"), kind: try query.word("kind"),
            agentInstanceID: try query.identifier("agentInstanceID"), method: try query.word("paymentKind"),
            needsAttention: try query.flag("attention"),
            limit: try query.number("limit", in: 1...SaleQuery.limitMax) ?? 50,
            cursor: try query.text("cursor", max: 80))
        if let day = try query.text("day") { try setDay(day, in: market) }
    }
}

extension String {
    func asLanguage() throws(Invalid) -> Language {
        guard let language = Language(rawValue: self) else {
            throw Invalid(field: "language", slug: "unknown", reason: "must be one of en, nb, da, fi, sv")
        }
        return language
    }
}
