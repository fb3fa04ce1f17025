import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel

/// Organizational units, products, users, tills and payment options under `/pos/api`.
struct ShopRoutes {
    let door: PointOfSaleDoor

    private struct List<Body: Encodable>: Encodable {
        let name: String
        let items: [Body]

        struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(items, forKey: Key(name))
        }
    }

    func add(to api: RouterGroup<ServingContext>) {
        api.get("tenant") { _, context in try jsonResponse(TenantBody(try await door.current(context).tenant)) }
        api.get("payment-options") { _, context in
            let current = try await door.current(context)
            let options = try await door.useCases.paymentOptions(in: current.tenant.id)
            return try jsonResponse(List(name: "paymentOptions", items: options.map(PaymentOptionBody.init)))
        }
        api.get("payments-without-sale") { _, context in
            let current = try await door.current(context, .operator, .administrator)
            let payments = try await door.useCases.withoutSale.paymentsWithoutSale(in: current.tenant.id)
            return try jsonResponse(List(name: "payments", items: payments.map(PaymentWithoutSaleBody.init)))
        }
        addUnits(to: api)
        addProducts(to: api)
        addUsers(to: api)
        addTills(to: api)
    }

    private func addUnits(to api: RouterGroup<ServingContext>) {
        api.get("organizational-units") { _, context in
            let current = try await door.current(context)
            let units = try await door.useCases.organizationalUnits.all(in: current.tenant.id)
            return try jsonResponse(List(name: "organizationalUnits", items: units.map(OrganizationalUnitBody.init)))
        }
        api.post("organizational-units") { request, context in try await saveUnit(nil, request, context) }
        api.put("organizational-units/:organizationalUnitID") { request, context in
            let id: OrganizationalUnitID = try context.identifier("organizationalUnitID", of: "organizational unit")
            let current = try await door.current(context, .administrator)
            let units = try await door.useCases.organizationalUnits.all(in: current.tenant.id)
            guard units.contains(where: { $0.id == id }) else { throw Problem.notFound("organizational unit") }
            return try await saveUnit(id, request, context)
        }
    }

    private func saveUnit(
        _ id: OrganizationalUnitID?, _ request: Request, _ context: ServingContext
    ) async throws -> Response {
        let current = try await door.current(context, .administrator)
        let draft = try await decodeBody(OrganizationalUnitDraft.self, of: request)
        let unit = try OrganizationalUnit(
            id: id ?? draft.id ?? .new(at: context.now), name: draft.name, code: draft.code)
        try await door.useCases.organizationalUnits.save(unit, by: current.person)
        return try jsonResponse(OrganizationalUnitBody(unit))
    }

    private func addProducts(to api: RouterGroup<ServingContext>) {
        api.get("products") { request, context in
            let current = try await door.current(context)
            let query = QueryReader(request: request)
            let page = try await door.useCases.products.find(
                ProductQuery(
                    search: try query.text("search"), code: try query.text("code"),
                    limit: try query.number("limit", in: 1...200) ?? 50, cursor: try query.text("cursor")),
                in: current.tenant.id)
            return try jsonResponse(ProductPageBody(products: page.products.map(ProductBody.init), next: page.next))
        }
        api.post("products") { request, context in try await saveProduct(nil, request, context) }
        api.get("products/:productID") { _, context in
            let current = try await door.current(context)
            let id: ProductID = try context.identifier("productID", of: "product")
            return try jsonResponse(ProductBody(try await door.useCases.products.product(id, in: current.tenant.id)))
        }
        api.put("products/:productID") { request, context in
            let current = try await door.current(context, .administrator)
            let id: ProductID = try context.identifier("productID", of: "product")
            _ = try await door.useCases.products.product(id, in: current.tenant.id)
            return try await saveProduct(id, request, context)
        }
        api.delete("products/:productID") { _, context in
            let current = try await door.current(context, .administrator)
            let id: ProductID = try context.identifier("productID", of: "product")
            try await door.useCases.products.remove(id, by: current.person)
            return Response(status: .noContent)
        }
    }

    private func saveProduct(_ id: ProductID?, _ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .administrator)
        let draft = try await decodeBody(ProductDraft.self, of: request)
        let product = try Product(
            id: id ?? draft.id ?? .new(at: context.now), number: draft.number, barcode: draft.barcode, name: draft.name,
            price: draft.price, vatRate: try VATRate(basisPoints: draft.vatRate), category: draft.category,
            currency: current.tenant.currency)
        try await door.useCases.products.save(product, by: current.person)
        return try jsonResponse(ProductBody(product))
    }

    private func addUsers(to api: RouterGroup<ServingContext>) {
        api.get("users") { _, context in
            let current = try await door.current(context, .administrator)
            let users = try await door.useCases.users.all(in: current.tenant.id)
            return try jsonResponse(List(name: "users", items: users.map(UserBody.init)))
        }
        api.post("users") { request, context in try await saveUser(nil, request, context) }
        api.put("users/:userID") { request, context in
            let current = try await door.current(context, .administrator)
            let id: UserID = try context.identifier("userID", of: "user")
            let users = try await door.useCases.users.all(in: current.tenant.id)
            guard users.contains(where: { $0.id == id }) else { throw Problem.notFound("user") }
            return try await saveUser(id, request, context)
        }
    }

    private func saveUser(_ id: UserID?, _ request: Request, _ context: ServingContext) async throws -> Response {
        let current = try await door.current(context, .administrator)
        let draft = try await decodeBody(UserDraft.self, of: request)
        let roles = try draft.roles.map { word throws(Invalid) in
            guard let role = UserRole(rawValue: word) else {
                throw Invalid(field: "roles", slug: "unknown", reason: "must be of cashier, administrator, operator")
            }
            return role
        }
        let user = try User(
            id: id ?? draft.id ?? .new(at: context.now), userName: draft.userName, displayName: draft.displayName,
            roles: Set(roles), language: try draft.language?.asLanguage() ?? .english, isActive: draft.active ?? true)
        let password = try draft.password.map { text throws(Invalid) in try NewPassword(text) }
        try await door.useCases.users.save(user, password: password, by: current.person)
        return try jsonResponse(UserBody(user))
    }

    private func addTills(to api: RouterGroup<ServingContext>) {
        api.get("agent-instances") { _, context in
            let current = try await door.current(context)
            let all = try await door.useCases.tills.all(in: current.tenant.id)
            return try jsonResponse(List(name: "agentInstances", items: all.map(AgentInstanceBody.init)))
        }
        api.post("agent-instances") { request, context in try await saveAgentInstance(nil, request, context) }
        api.put("agent-instances/:agentInstanceID") { request, context in
            let known = try await agentInstance(context)
            return try await saveAgentInstance(known.id, request, context)
        }
        api.post("agent-instances/:agentInstanceID/profiles") { request, context in
            let known = try await agentInstance(context)
            return try await saveProfile(nil, of: known.id, request, context)
        }
        api.put("agent-profiles/:agentProfileID") { request, context in
            let profile = try await agentProfile(context)
            return try await saveProfile(profile.id, of: profile.agentInstanceID, request, context)
        }
        api.delete("agent-profiles/:agentProfileID") { _, context in
            let current = try await door.current(context, .administrator)
            let profile = try await agentProfile(context)
            try await door.useCases.tills.removeProfile(profile.id, by: current.person)
            return Response(status: .noContent)
        }
    }

    private func agentInstance(_ context: ServingContext) async throws -> AgentInstance {
        let current = try await door.current(context, .administrator)
        let id: AgentInstanceID = try context.identifier("agentInstanceID", of: "agent instance")
        let all = try await door.useCases.tills.all(in: current.tenant.id)
        guard let known = all.first(where: { $0.id == id }) else { throw Problem.notFound("agent instance") }
        return known
    }

    private func agentProfile(_ context: ServingContext) async throws -> AgentProfile {
        let current = try await door.current(context, .administrator)
        let id: AgentProfileID = try context.identifier("agentProfileID", of: "agent profile")
        let all = try await door.useCases.tills.all(in: current.tenant.id).flatMap(\.profiles)
        guard let known = all.first(where: { $0.id == id }) else { throw Problem.notFound("agent profile") }
        return known
    }

    private func saveAgentInstance(
        _ id: AgentInstanceID?, _ request: Request, _ context: ServingContext
    ) async throws -> Response {
        let current = try await door.current(context, .administrator)
        let draft = try await decodeBody(AgentInstanceDraft.self, of: request)
        let saved = try await door.useCases.tills.save(
            try AgentInstance(
                id: id ?? draft.id ?? .new(at: context.now), name: draft.name,
                organizationalUnitID: draft.organizationalUnitID, isNoAgent: draft.isNoAgent ?? false, profiles: []),
            by: current.person)
        return try jsonResponse(AgentInstanceBody(saved))
    }

    private func saveProfile(
        _ id: AgentProfileID?, of agentInstance: AgentInstanceID, _ request: Request, _ context: ServingContext
    ) async throws -> Response {
        let current = try await door.current(context, .administrator)
        let draft = try await decodeBody(AgentProfileDraft.self, of: request)
        let profile = try AgentProfile(
            id: id ?? draft.id ?? .new(at: context.now), agentInstanceID: agentInstance, name: draft.name,
            salesUnitID: draft.salesUnitID, merchantQRID: draft.merchantQRID)
        try await door.useCases.tills.save(profile, by: current.person)
        return try jsonResponse(AgentProfileBody(profile))
    }
}
