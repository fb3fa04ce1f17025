import Foundation
import PointOfSale
import SharedKernel

/// The file named by `SEED_FILE`: tenants with their units, users, products and tills, as JSON.
package struct SeedFile: Sendable {
    package let seeds: [ShopSeed]

    /// - Throws: `DecodingError` or `Invalid` when something in it cannot be used.
    package init(json: Data) throws {
        seeds = try JSONDecoder.house.decode(Content.self, from: json).tenants.map { try $0.seed() }
    }

    private struct Content: Decodable { let tenants: [TenantEntry] }

    private struct TenantEntry: Decodable {
        let id: TenantID
        let name: String
        let market: String
        let currency: Currency
        let features: [String]
        let organizationalUnits: [UnitEntry]
        let users: [UserEntry]
        let products: [ProductEntry]
        let agentInstances: [AgentInstanceEntry]

        func seed() throws -> ShopSeed {
            ShopSeed(
                tenant: try Tenant(
                    id: id, name: name, market: try word(market, "market"), currency: currency, features: Set(features)),
                organizationalUnits: try organizationalUnits.map {
                    try OrganizationalUnit(id: $0.id, name: $0.name, code: $0.code)
                },
                users: try users.map { try $0.newUser() }, products: try products.map { try $0.product(in: currency) },
                agentInstances: try agentInstances.map {
                    try AgentInstance(
                        id: $0.id, name: $0.name, organizationalUnitID: $0.organizationalUnitID,
                        isNoAgent: $0.isNoAgent, profiles: [])
                })
        }
    }

    private struct UnitEntry: Decodable {
        let id: OrganizationalUnitID
        let name: String
        let code: String
    }

    private struct UserEntry: Decodable {
        let id: UserID
        let userName: String
        let displayName: String
        let password: String
        let roles: [String]
        let language: String

        func newUser() throws -> ShopSeed.NewUser {
            let user = try User(
                id: id, userName: userName, displayName: displayName,
                roles: Set(try roles.map { try word($0, "roles") as UserRole }),
                language: try word(language, "language"), isActive: true)
            return ShopSeed.NewUser(user: user, password: try NewPassword(password))
        }
    }

    private struct ProductEntry: Decodable {
        let id: ProductID
        let number: String
        let barcode: String?
        let name: String
        let priceMinor: Int64
        let vatRateBasisPoints: Int
        let category: String?

        func product(in currency: Currency) throws -> Product {
            try Product(
                id: id, number: number, barcode: barcode, name: name,
                price: Money(minorUnits: priceMinor, currency: currency),
                vatRate: try VATRate(basisPoints: vatRateBasisPoints), category: category, currency: currency)
        }
    }

    private struct AgentInstanceEntry: Decodable {
        let id: AgentInstanceID
        let name: String
        let organizationalUnitID: OrganizationalUnitID
        let isNoAgent: Bool
    }
}

private func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String, _ field: String) throws(Invalid)
    -> Word
{
    guard let word = Word(rawValue: text) else {
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw Invalid(field: field, slug: "unknown", reason: "must be one of \(words), not «\(text)»")
    }
    return word
}
