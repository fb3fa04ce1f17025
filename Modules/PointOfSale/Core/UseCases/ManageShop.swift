import Foundation
import SharedKernel

// What an administrator keeps in order besides Vipps: organizational units, products, users. Every `save` makes or replaces:
// sent again with the same identifier it makes nothing new.

package struct ManageOrganizationalUnits: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    package func all(in tenant: TenantID) async throws -> [OrganizationalUnit] {
        try await store.readSetUp { try $0.organizationalUnits(in: tenant) }
    }

    package func save(_ unit: OrganizationalUnit, by person: Person) async throws {
        try await store.writeSetUp { tx in
            let others = try tx.organizationalUnits(in: person.tenantID).filter { $0.id != unit.id }
            guard !others.contains(where: { $0.code == unit.code }) else {
                throw Invalid(field: "code", slug: "taken", reason: "is the code of another organizational unit")
            }
            if let before = try tx.organizationalUnit(unit.id, in: person.tenantID), before.code != unit.code,
                try tx.hasNumberedSales(unit.id)
            {
                throw Invalid(
                    field: "code", slug: "in-use", reason: "cannot change any more: sales are numbered with it")
            }
            try tx.keep(unit, in: person.tenantID)
            tx.changed(.agentInstances, in: person.tenantID)
        }
    }
}

package struct ManageProducts: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    package func find(_ query: ProductQuery, in tenant: TenantID) async throws -> ProductPage {
        try await store.readSetUp { try $0.products(query, in: tenant) }
    }

    package func product(_ id: ProductID, in tenant: TenantID) async throws -> Product {
        try await store.readSetUp { tx in
            guard let product = try tx.product(id, in: tenant) else { throw Unknown("product") }
            return product
        }
    }

    package func save(_ product: Product, by person: Person) async throws {
        try await store.writeSetUp { tx in
            if let other = try tx.product(withNumber: product.number, in: person.tenantID), other.id != product.id {
                throw Invalid(field: "number", slug: "taken", reason: "is the number of «\(other.name)»")
            }
            if let barcode = product.barcode, let other = try tx.product(withBarcode: barcode, in: person.tenantID),
                other.id != product.id
            {
                throw Invalid(field: "barcode", slug: "taken", reason: "is the barcode of «\(other.name)»")
            }
            try tx.keep(product, in: person.tenantID)
            tx.changed(.products, in: person.tenantID)
        }
    }

    package func remove(_ id: ProductID, by person: Person) async throws {
        try await store.writeSetUp { tx in
            guard try tx.product(id, in: person.tenantID) != nil else { throw Unknown("product") }
            try tx.removeProduct(id, in: person.tenantID)
            tx.changed(.products, in: person.tenantID)
        }
    }
}

package struct ManageUsers: Sendable {
    private let store: any SetUpStore
    private let hasher: any PasswordHasher

    package init(store: any SetUpStore, hasher: any PasswordHasher) {
        self.store = store
        self.hasher = hasher
    }

    package func all(in tenant: TenantID) async throws -> [User] {
        try await store.readSetUp { try $0.users(in: tenant) }
    }

    /// A new user needs a password; a changed one keeps the old without. Deactivating ends the user's sessions, and so do a
    /// new password and other roles, since the cookie carries them.
    ///
    /// An operator sees the streams of all tenants. So only an operator makes another, or changes anything of one.
    package func save(_ user: User, password: NewPassword?, by person: Person) async throws {
        let hash: String? = if let password { try await hasher.hash(password.text) } else { nil }
        try await store.writeSetUp { tx in
            let before = try tx.user(user.id, in: person.tenantID)
            guard before != nil || hash != nil else {
                throw Invalid(field: "password", slug: "missing", reason: "must be given for a new user")
            }
            if user.roles.contains(.operator) || before?.roles.contains(.operator) ?? false {
                guard try tx.user(person.userID, in: person.tenantID)?.roles.contains(.operator) ?? false else {
                    throw Invalid(
                        field: "roles", slug: "operators-only",
                        reason: "may be given or taken by an operator alone, where it is operator")
                }
            }
            let others = try tx.users(in: person.tenantID).filter { $0.id != user.id }
            guard !others.contains(where: { $0.userName == user.userName }) else {
                throw Invalid(field: "userName", slug: "taken", reason: "is another user's name")
            }
            let administrators = (others + [user]).filter { $0.isActive && $0.roles.contains(.administrator) }
            guard !administrators.isEmpty else {
                throw Invalid(field: "roles", slug: "last-administrator", reason: "must leave one active administrator")
            }
            try tx.keep(user, passwordHash: hash, in: person.tenantID)
            if let before, !user.isActive || before.roles != user.roles || hash != nil {
                try tx.endSessions(of: user.id, at: tx.now)
            }
            tx.changed(.users, in: person.tenantID)
        }
    }

    package func setLanguage(_ language: Language, by person: Person) async throws {
        try await store.writeSetUp { tx in
            guard let user = try tx.user(person.userID, in: person.tenantID) else { throw Unknown("user") }
            let changed = try User(
                id: user.id, userName: user.userName, displayName: user.displayName, roles: user.roles,
                language: language, isActive: user.isActive)
            try tx.keep(changed, passwordHash: nil, in: person.tenantID)
        }
    }
}

package struct ListPaymentOptions: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    /// All of them; a till offers the enabled ones, those with quick access as buttons.
    package func callAsFunction(in tenant: TenantID) async throws -> [PaymentOption] {
        try await store.readSetUp { try $0.paymentOptions(in: tenant) }
    }
}
