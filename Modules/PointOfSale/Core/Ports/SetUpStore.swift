import Foundation
import SharedKernel

/// Where the set-up is kept: who may do what, what is sold where, and how Vipps is reached.
package protocol SetUpStore: Sendable {
    func readSetUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SetUpTransaction) throws -> Value
    ) async throws -> Value

    /// One at a time; changes and the messages that tell them are kept together or not at all.
    func writeSetUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SetUpTransaction) throws -> Value
    ) async throws -> Value
}

/// What the use cases of the set-up read and write inside one transaction, always within a tenant.
///
/// `keep` makes or replaces. It throws `Unknown` when the identifier belongs to another tenant's thing.
package protocol SetUpTransaction: AnyObject {
    var now: Date { get }

    func tenant(_ id: TenantID) throws -> Tenant?
    func keep(_ tenant: Tenant) throws

    func organizationalUnits(in tenant: TenantID) throws -> [OrganizationalUnit]
    func organizationalUnit(_ id: OrganizationalUnitID, in tenant: TenantID) throws -> OrganizationalUnit?
    func keep(_ unit: OrganizationalUnit, in tenant: TenantID) throws
    func hasNumberedSales(_ unit: OrganizationalUnitID) throws -> Bool

    func users(in tenant: TenantID) throws -> [User]
    func user(_ id: UserID, in tenant: TenantID) throws -> User?
    /// Without a hash the password stays as it was.
    func keep(_ user: User, passwordHash: String?, in tenant: TenantID) throws
    /// Users of any tenant with this name and their hashes: before sign-in there is no tenant yet.
    func credentials(userName: String) throws -> [Credentials]
    func session(_ id: SessionID) throws -> TillSession?
    func keep(_ session: TillSession) throws
    func endSessions(of user: UserID, at now: Date) throws
    func lastAgentProfile(of user: UserID) throws -> AgentProfileID?

    func products(_ query: ProductQuery, in tenant: TenantID) throws -> ProductPage
    func product(_ id: ProductID, in tenant: TenantID) throws -> Product?
    func product(withNumber number: String, in tenant: TenantID) throws -> Product?
    func product(withBarcode barcode: String, in tenant: TenantID) throws -> Product?
    func keep(_ product: Product, in tenant: TenantID) throws
    func removeProduct(_ id: ProductID, in tenant: TenantID) throws

    func agentInstances(in tenant: TenantID) throws -> [AgentInstance]
    func agentInstance(_ id: AgentInstanceID, in tenant: TenantID) throws -> AgentInstance?
    /// Without its profiles.
    func keep(_ agentInstance: AgentInstance, in tenant: TenantID) throws
    func agentProfile(_ id: AgentProfileID, in tenant: TenantID) throws -> AgentProfile?
    func keep(_ profile: AgentProfile, in tenant: TenantID) throws
    func removeAgentProfile(_ id: AgentProfileID, in tenant: TenantID) throws

    func agreements(in tenant: TenantID) throws -> [VippsAgreement]
    func agreement(_ id: AgreementID, in tenant: TenantID) throws -> VippsAgreement?
    /// Without an envelope the keys stay as they were.
    func keep(_ agreement: VippsAgreement, keysEnvelope: Data?, in tenant: TenantID) throws
    func webhooks(of agreement: AgreementID) throws -> [WebhookStatus]
    func keep(_ webhook: WebhookStatus, of agreement: AgreementID) throws

    func salesUnits(in tenant: TenantID) throws -> [SalesUnit]
    func salesUnit(_ id: SalesUnitID, in tenant: TenantID) throws -> SalesUnit?
    func keep(_ unit: SalesUnit, in tenant: TenantID) throws
    func merchantQRs(of unit: SalesUnitID) throws -> MerchantQRList
    func keep(_ list: MerchantQRList, of unit: SalesUnitID) throws
    func merchantQRImage(_ id: String, of unit: SalesUnitID) throws -> String?
    func keepMerchantQRImage(_ svg: String, of id: String, of unit: SalesUnitID) throws

    func paymentOptions(in tenant: TenantID) throws -> [PaymentOption]
    func keep(_ option: PaymentOption, in tenant: TenantID) throws

    /// Tells the world of a change of the set-up.
    func announce(_ event: SetUpEvent, in tenant: TenantID) throws
    /// Tells that pages with this view should fetch it again.
    func changed(_ view: ChangedView, in tenant: TenantID)
}

/// What the gateway must know of the set-up, or do about it.
package enum SetUpEvent: Sendable, Hashable {
    case agreementSaved(VippsAgreement, keysEnvelope: Data?, by: UserID)
    case keysCheckAsked(AgreementID, by: UserID)
    case webhookAsked(AgreementID, by: UserID)
    case salesUnitSaved(SalesUnit)
    case merchantQRSyncAsked(SalesUnitID, by: UserID)
    /// New, or renamed.
    case merchantQRAsked(SalesUnitID, merchantQRID: String, locationDescription: String, by: UserID)
    case conversionAsked(SalesUnitID, beaconID: String, locationDescription: String, by: UserID)
    case merchantQRDeletionAsked(SalesUnitID, merchantQRID: String, by: UserID)
    case merchantQRImageAsked(SalesUnitID, merchantQRID: String, by: UserID)
}

/// A part of the pages that follows changes by itself.
package enum ChangedView: Sendable, Hashable {
    case sale(SaleID)
    case sales
    case till(AgentInstanceID)
    case paymentOptions, agreements, salesUnits, merchantQRs, agentInstances, products, users

    package var name: String {
        switch self {
        case .sale(let id): "sale/\(id)"
        case .sales: "sales"
        case .till(let id): "till/\(id)"
        case .paymentOptions: "payment-options"
        case .agreements: "agreements"
        case .salesUnits: "sales-units"
        case .merchantQRs: "merchant-qrs"
        case .agentInstances: "agent-instances"
        case .products: "products"
        case .users: "users"
        }
    }
}

/// The codes of one sales unit, as last heard and as asked for.
package struct MerchantQRList: Sendable, Hashable {
    package var syncedAt: Date?
    package var lastFailure: SetUpFailure?
    package var codes: [MerchantQR]

    package init(syncedAt: Date?, lastFailure: SetUpFailure?, codes: [MerchantQR]) {
        self.syncedAt = syncedAt
        self.lastFailure = lastFailure
        self.codes = codes
    }
}

package struct ProductQuery: Sendable, Hashable {
    package let search: String?
    /// Exactly a barcode or a number.
    package let code: String?
    package let limit: Int
    /// `next` of the page before.
    package let cursor: String?

    package init(search: String? = nil, code: String? = nil, limit: Int = 50, cursor: String? = nil) {
        self.search = search
        self.code = code
        self.limit = limit
        self.cursor = cursor
    }
}

package struct ProductPage: Sendable, Hashable {
    package let products: [Product]
    package let next: String?

    package init(products: [Product], next: String?) {
        self.products = products
        self.next = next
    }
}

package struct Credentials: Sendable {
    package let tenant: Tenant
    package let user: User
    package let passwordHash: String

    package init(tenant: Tenant, user: User, passwordHash: String) {
        self.tenant = tenant
        self.user = user
        self.passwordHash = passwordHash
    }
}

/// A signed-in person's session as the service keeps it.
package struct TillSession: Sendable, Hashable {
    package let id: SessionID
    package let tenantID: TenantID
    package let userID: UserID
    package let csrf: String
    package let startedAt: Date
    package let expiresAt: Date
    package var endedAt: Date?
    package var agentProfileID: AgentProfileID?

    package init(
        id: SessionID, tenantID: TenantID, userID: UserID, csrf: String, startedAt: Date, expiresAt: Date,
        endedAt: Date?, agentProfileID: AgentProfileID?
    ) {
        self.id = id
        self.tenantID = tenantID
        self.userID = userID
        self.csrf = csrf
        self.startedAt = startedAt
        self.expiresAt = expiresAt
        self.endedAt = endedAt
        self.agentProfileID = agentProfileID
    }

    package func isValid(at now: Date) -> Bool { endedAt == nil && expiresAt > now }
}

/// Passwords as they are kept. Both take about a tenth of a second and do not block others meanwhile.
package protocol PasswordHasher: Sendable {
    func hash(_ password: String) async throws -> String
    func verify(_ password: String, against hash: String) async throws -> Bool
}
