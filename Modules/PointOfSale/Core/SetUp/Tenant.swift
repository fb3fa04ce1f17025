import SharedKernel

/// A country whose shops we serve.
package enum Market: String, Sendable, Hashable, CaseIterable {
    case norway = "NO"
    case denmark = "DK"
    case finland = "FI"
    case sweden = "SE"

    package var callingCode: String {
        switch self {
        case .norway: "47"
        case .denmark: "45"
        case .finland: "358"
        case .sweden: "46"
        }
    }

    /// Digits after the calling code.
    var phoneDigits: ClosedRange<Int> {
        switch self {
        case .norway, .denmark: 8...8
        case .sweden: 7...9
        case .finland: 5...10
        }
    }

    /// In Sweden and Finland a number is written with a 0 in front at home.
    var hasTrunkZero: Bool {
        switch self {
        case .norway, .denmark: false
        case .sweden, .finland: true
        }
    }

    /// Where a day begins.
    package var timeZoneIdentifier: String {
        switch self {
        case .norway: "Europe/Oslo"
        case .denmark: "Europe/Copenhagen"
        case .finland: "Europe/Helsinki"
        case .sweden: "Europe/Stockholm"
        }
    }
}

/// A merchant that uses the product. Everything belongs to exactly one tenant.
package struct Tenant: Sendable, Hashable {
    /// The feature without which there are no electronic payments.
    package static let paymentsBasic = "Payments.Basic"

    package let id: TenantID
    package let name: String
    package let market: Market
    package let currency: Currency
    package let features: Set<String>

    package init(id: TenantID, name: String, market: Market, currency: Currency, features: Set<String>) throws(Invalid)
    {
        self.id = id
        self.name = try words(name, field: "name", max: 80)
        self.market = market
        self.currency = currency
        self.features = features
    }

    package var hasElectronicPayments: Bool { features.contains(Tenant.paymentsBasic) }
}

/// A shop. Its sales are numbered under its code.
package struct OrganizationalUnit: Sendable, Hashable {
    package let id: OrganizationalUnitID
    package let name: String
    /// Two to eight of A-Z and 0-9, a letter first; unique within the tenant.
    package let code: String

    package init(id: OrganizationalUnitID, name: String, code: String) throws(Invalid) {
        self.id = id
        self.name = try words(name, field: "name", max: 80)
        let isCode =
            (2...8).contains(code.utf8.count)
            && code.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) }
        guard isCode, let first = code.utf8.first, first >= 65 else {
            throw Invalid(
                field: "code", slug: "not-a-code", reason: "must be 2 to 8 capital letters and digits, a letter first")
        }
        self.code = code
    }
}
