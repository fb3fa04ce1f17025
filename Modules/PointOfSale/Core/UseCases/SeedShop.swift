import SharedKernel

/// A tenant with everything a first day needs, for new installations and demonstrations.
package struct ShopSeed: Sendable {
    package struct NewUser: Sendable {
        let user: User
        let password: NewPassword

        package init(user: User, password: NewPassword) {
            self.user = user
            self.password = password
        }
    }

    let tenant: Tenant
    let organizationalUnits: [OrganizationalUnit]
    let users: [NewUser]
    let products: [Product]
    let agentInstances: [AgentInstance]

    package init(
        tenant: Tenant, organizationalUnits: [OrganizationalUnit], users: [NewUser], products: [Product],
        agentInstances: [AgentInstance]
    ) {
        self.tenant = tenant
        self.organizationalUnits = organizationalUnits
        self.users = users
        self.products = products
        self.agentInstances = agentInstances
    }
}

/// Makes what a seed has and the store has not. What is there already stays as people have changed it.
package struct SeedShop: Sendable {
    private let store: any SetUpStore
    private let hasher: any PasswordHasher

    package init(store: any SetUpStore, hasher: any PasswordHasher) {
        self.store = store
        self.hasher = hasher
    }

    package func callAsFunction(_ seed: ShopSeed) async throws {
        let id = seed.tenant.id
        let known = try await store.readSetUp { tx in Set(try tx.users(in: id).map(\.id)) }
        var newUsers: [(User, String)] = []
        for new in seed.users where !known.contains(new.user.id) {
            newUsers.append((new.user, try await hasher.hash(new.password.text)))
        }
        try await store.writeSetUp { [newUsers] tx in
            if try tx.tenant(id) == nil { try tx.keep(seed.tenant) }
            for unit in seed.organizationalUnits where try tx.organizationalUnit(unit.id, in: id) == nil {
                try tx.keep(unit, in: id)
            }
            for (user, hash) in newUsers { try tx.keep(user, passwordHash: hash, in: id) }
            for agentInstance in seed.agentInstances where try tx.agentInstance(agentInstance.id, in: id) == nil {
                try tx.saveAgentInstance(agentInstance, in: id)
            }
            for product in seed.products where try tx.isNew(product, in: id) { try tx.keep(product, in: id) }
        }
    }
}

extension SetUpTransaction {
    /// Neither this product is there nor another with its number or barcode.
    fileprivate func isNew(_ product: Product, in tenant: TenantID) throws -> Bool {
        guard try self.product(product.id, in: tenant) == nil,
            try self.product(withNumber: product.number, in: tenant) == nil
        else { return false }
        return try product.barcode.map { try self.product(withBarcode: $0, in: tenant) == nil } ?? true
    }
}
