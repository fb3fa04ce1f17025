import HTTPServing

/// A page one can go to, and who sees it in the navigation.
package struct Place: Sendable, Hashable {
    package enum Group: String, Sendable, CaseIterable {
        case till = "Till"
        case setup = "Setup"
        case operations = "Operations"
    }

    /// The part after `#/`.
    package let route: String
    /// The service that serves it: `pos` or `financial`.
    package let base: String
    package let icon: String
    /// The key of its name.
    package let text: String
    package let group: Group
    package let roles: Set<Role>
    /// Whether it stands in the bottom bar of a narrow screen.
    package let isCore: Bool

    package var address: String { "/\(base)/app/#/\(route)" }

    init(
        _ route: String, base: String = "pos", icon: String, text: String, group: Group, roles: Set<Role>,
        isCore: Bool = false
    ) {
        self.route = route
        self.base = base
        self.icon = icon
        self.text = text
        self.group = group
        self.roles = roles
        self.isCore = isCore
    }

    /// Every page of the product, in the order of the navigation.
    package static let all: [Place] = [
        Place("new-sale", icon: "cart", text: "place.newSale", group: .till, roles: sellers, isCore: true),
        Place(
            "processed-sales", icon: "list", text: "place.processedSales", group: .till, roles: sellers, isCore: true),
        Place("agentInstances", icon: "till", text: "place.agentInstances", group: .till, roles: sellers, isCore: true),
        Place("products", icon: "box", text: "place.products", group: .setup, roles: administrators),
        Place("users", icon: "users", text: "place.users", group: .setup, roles: administrators),
        Place(
            "incoming-payment-options", base: "financial", icon: "wallet", text: "place.paymentOptions", group: .setup,
            roles: administrators),
        Place("vipps-agreements", icon: "key", text: "place.agreements", group: .setup, roles: administrators),
        Place("vipps-sales-units", icon: "building", text: "place.salesUnits", group: .setup, roles: administrators),
        Place(
            "operations", icon: "pulse", text: "place.operations", group: .operations, roles: [.operator], isCore: true
        ),
    ]

    private static let sellers: Set<Role> = [.cashier, .administrator]
    private static let administrators: Set<Role> = [.administrator]

    /// What a user with these roles may open, in order.
    package static func visible(to roles: Set<Role>) -> [Place] {
        all.filter { !$0.roles.isDisjoint(with: roles) }
    }
}
