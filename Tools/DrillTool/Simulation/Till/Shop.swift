import Foundation
import PointOfSale
import SharedKernel

/// Two tenants with a shop and two tills each: what sales refer to. It never changes in a run.
struct Shop: Sendable {
    struct Counter: Sendable {
        let person: Person
        let agentInstanceID: AgentInstanceID
        let msn: String
        let merchantQRID: String
        let vippsOption: PaymentOptionID
        let cashOption: PaymentOptionID
        let products: [ProductID]
    }

    private(set) var tenants: [Tenant] = []
    private(set) var units: [(TenantID, OrganizationalUnit)] = []
    private(set) var agentInstances: [(TenantID, AgentInstance)] = []
    private(set) var salesUnits: [(TenantID, SalesUnit)] = []
    private(set) var agreements: [(TenantID, VippsAgreement)] = []
    private(set) var products: [(TenantID, Product)] = []
    private(set) var options: [(TenantID, PaymentOption)] = []
    private(set) var counters: [Counter] = []

    static let currency = Currency.nok
    private static let prices = [
        ("Coffee", 3_900, 1500), ("Bread", 5_490, 1500), ("Lamp", 89_900, 2500), ("Book", 100, 0),
    ]

    init(_ chance: Chance, at now: Date) throws {
        for (index, name) in ["North", "South"].enumerated() { try open(name, number: index + 1, chance, at: now) }
    }

    private mutating func open(_ name: String, number: Int, _ chance: Chance, at now: Date) throws {
        let tenant = try Tenant(
            id: chance.identifier(at: now), name: name, market: .norway, currency: Self.currency,
            features: [Tenant.paymentsBasic])
        let unit = try OrganizationalUnit(id: chance.identifier(at: now), name: name, code: "S\(number)")
        let agreement = try VippsAgreement(
            id: chance.identifier(at: now), displayName: name, keysSetAt: now, keysSetBy: nil, keysCheck: .notChecked,
            lastFailure: nil)
        let salesUnit = try SalesUnit(
            id: chance.identifier(at: now), displayName: name, organizationalUnitID: unit.id, agreementID: agreement.id,
            msn: "10000\(number)", currency: Self.currency)
        let goods = try Self.prices.enumerated().map { index, thing in
            try Product(
                id: chance.identifier(at: now), number: "\(index + 1)", barcode: nil, name: thing.0,
                price: Money(minorUnits: Int64(thing.1), currency: Self.currency),
                vatRate: try VATRate(basisPoints: thing.2), category: nil, currency: Self.currency)
        }
        let vipps = PaymentOption(
            id: chance.identifier(at: now), name: "Vipps", method: .vippsEPayment, quickAccess: true, enabled: true)
        let cash = PaymentOption(
            id: chance.identifier(at: now), name: "Cash", method: .cash, quickAccess: true, enabled: true)
        tenants.append(tenant)
        units.append((tenant.id, unit))
        agreements.append((tenant.id, agreement))
        salesUnits.append((tenant.id, salesUnit))
        products += goods.map { (tenant.id, $0) }
        options += [(tenant.id, vipps), (tenant.id, cash)]
        for till in 1...2 {
            let id: AgentInstanceID = chance.identifier(at: now)
            let profile = try AgentProfile(
                id: chance.identifier(at: now), agentInstanceID: id, name: "Till \(till)", salesUnitID: salesUnit.id,
                merchantQRID: "till-\(number)-\(till)")
            agentInstances.append(
                (
                    tenant.id,
                    try AgentInstance(
                        id: id, name: "Till \(till)", organizationalUnitID: unit.id, isNoAgent: false,
                        profiles: [profile])
                ))
            counters.append(
                Counter(
                    person: Person(
                        tenantID: tenant.id, userID: chance.identifier(at: now), agentProfileID: profile.id),
                    agentInstanceID: id, msn: salesUnit.msn, merchantQRID: "till-\(number)-\(till)",
                    vippsOption: vipps.id, cashOption: cash.id, products: goods.map(\.id)))
        }
    }
}
