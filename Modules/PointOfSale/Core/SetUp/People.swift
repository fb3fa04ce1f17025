import Foundation
import SharedKernel

/// What a person may do.
package enum UserRole: String, Sendable, Hashable, CaseIterable {
    case cashier, administrator
    case `operator`
}

package enum Language: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case norwegian = "nb"
    case danish = "da"
    case finnish = "fi"
    case swedish = "sv"
}

/// Somebody who signs in. The password's hash never leaves the store.
package struct User: Sendable, Hashable {
    package let id: UserID
    package let userName: String
    package let displayName: String
    package let roles: Set<UserRole>
    package let language: Language
    package let isActive: Bool

    package init(
        id: UserID, userName: String, displayName: String, roles: Set<UserRole>, language: Language, isActive: Bool
    ) throws(Invalid) {
        let name = userName.trimmingWhiteSpace().lowercased()
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789._@-")
        guard (2...64).contains(name.count), name.allSatisfy(allowed.contains) else {
            throw Invalid(
                field: "userName", slug: "not-a-user-name",
                reason: "must be 2 to 64 of a-z, 0-9, dot, hyphen, underscore and @")
        }
        guard !roles.isEmpty else {
            throw Invalid(field: "roles", slug: "missing", reason: "must name at least one role")
        }
        self.id = id
        self.userName = name
        self.displayName = try words(displayName, field: "displayName", max: 80)
        self.roles = roles
        self.language = language
        self.isActive = isActive
    }
}

/// A password as it was typed, 8 to 128 characters.
package struct NewPassword: Sendable {
    package let text: String

    package init(_ text: String) throws(Invalid) {
        guard (8...128).contains(text.count), text.utf8.count <= 512 else {
            throw Invalid(field: "password", slug: "password-length", reason: "must have 8 to 128 characters")
        }
        self.text = text
    }
}

/// Whoever acts: a signed-in person at a till.
package struct Person: Sendable, Hashable {
    package let tenantID: TenantID
    package let userID: UserID
    /// The till of the session; absent when none is selected.
    package let agentProfileID: AgentProfileID?

    package init(tenantID: TenantID, userID: UserID, agentProfileID: AgentProfileID?) {
        self.tenantID = tenantID
        self.userID = userID
        self.agentProfileID = agentProfileID
    }
}
