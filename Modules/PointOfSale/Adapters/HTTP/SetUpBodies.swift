import Foundation
import PointOfSale
import SharedKernel

// The set-up as the interface shows and takes it.

struct SignInBody: Decodable {
    let userName: String
    let password: String
    let tenant: String?
}

struct SessionBody: Encodable {
    let sessionID: SessionID
    let user: UserBody
    let tenant: TenantBody
    let csrf: String
    let expiresAt: Date
    let agentInstance: AgentInstanceBody?
    let agentProfile: AgentProfileBody?
    let organizationalUnit: OrganizationalUnitBody?

    init(_ current: CurrentSession) {
        sessionID = current.session.id
        user = UserBody(current.user)
        tenant = TenantBody(current.tenant)
        csrf = current.session.csrf
        expiresAt = current.session.expiresAt
        agentInstance = current.agentInstance.map(AgentInstanceBody.init)
        agentProfile = current.agentProfile.map(AgentProfileBody.init)
        organizationalUnit = current.organizationalUnit.map(OrganizationalUnitBody.init)
    }
}

struct TenantBody: Encodable {
    let id: TenantID
    let name: String
    let market: String
    let currency: Currency
    let features: [String]

    init(_ tenant: Tenant) {
        id = tenant.id
        name = tenant.name
        market = tenant.market.rawValue
        currency = tenant.currency
        features = tenant.features.sorted()
    }
}

struct OrganizationalUnitBody: Encodable {
    let id: OrganizationalUnitID
    let name: String
    let code: String

    init(_ unit: OrganizationalUnit) {
        id = unit.id
        name = unit.name
        code = unit.code
    }
}

struct OrganizationalUnitDraft: Decodable {
    let id: OrganizationalUnitID?
    let name: String
    let code: String
}

struct ProductBody: Encodable {
    let id: ProductID
    let number: String
    let barcode: String?
    let name: String
    let price: Money
    let vatRate: Int
    let category: String?

    init(_ product: Product) {
        id = product.id
        number = product.number
        barcode = product.barcode
        name = product.name
        price = product.price
        vatRate = product.vatRate.basisPoints
        category = product.category
    }
}

struct ProductDraft: Decodable {
    let id: ProductID?
    let number: String
    let barcode: String?
    let name: String
    let price: Money
    let vatRate: Int
    let category: String?
}

struct ProductPageBody: Encodable {
    let products: [ProductBody]
    let next: String?
}

struct UserBody: Encodable {
    let id: UserID
    let userName: String
    let displayName: String
    let roles: [String]
    let language: String
    let active: Bool

    init(_ user: User) {
        id = user.id
        userName = user.userName
        displayName = user.displayName
        roles = user.roles.map(\.rawValue).sorted()
        language = user.language.rawValue
        active = user.isActive
    }
}

struct UserDraft: Decodable {
    let id: UserID?
    let userName: String
    let displayName: String
    let password: String?
    let roles: [String]
    let language: String?
    let active: Bool?
}

struct AgentProfileBody: Encodable {
    let id: AgentProfileID
    let agentInstanceID: AgentInstanceID
    let name: String
    let salesUnitID: SalesUnitID?
    let merchantQRID: String?

    init(_ profile: AgentProfile) {
        id = profile.id
        agentInstanceID = profile.agentInstanceID
        name = profile.name
        salesUnitID = profile.salesUnitID
        merchantQRID = profile.merchantQRID
    }
}

struct AgentProfileDraft: Decodable {
    let id: AgentProfileID?
    let name: String
    let salesUnitID: SalesUnitID?
    let merchantQRID: String?
}

struct AgentInstanceBody: Encodable {
    let id: AgentInstanceID
    let name: String
    let organizationalUnitID: OrganizationalUnitID
    let isNoAgent: Bool
    let profiles: [AgentProfileBody]

    init(_ agentInstance: AgentInstance) {
        id = agentInstance.id
        name = agentInstance.name
        organizationalUnitID = agentInstance.organizationalUnitID
        isNoAgent = agentInstance.isNoAgent
        profiles = agentInstance.profiles.map(AgentProfileBody.init)
    }
}

struct AgentInstanceDraft: Decodable {
    let id: AgentInstanceID?
    let name: String
    let organizationalUnitID: OrganizationalUnitID
    let isNoAgent: Bool?
}

struct PaymentOptionBody: Encodable {
    let id: PaymentOptionID
    let name: String
    let kind: String
    let quickAccess: Bool
    let enabled: Bool

    init(_ option: PaymentOption) {
        id = option.id
        name = option.name
        kind = option.method.rawValue
        quickAccess = option.quickAccess
        enabled = option.enabled
    }
}

struct CheckInBody: Encodable {
    let id: CheckInID
    let agentInstanceID: AgentInstanceID
    let initiatedAt: Date
    let validUntil: Date

    init(_ checkIn: CheckIn) {
        id = checkIn.id
        agentInstanceID = checkIn.agentInstanceID
        initiatedAt = checkIn.initiatedAt
        validUntil = checkIn.validUntil
    }
}
