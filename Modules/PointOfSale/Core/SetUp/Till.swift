import Foundation
import SharedKernel

/// A till, or the place without one (NoAgent).
package struct AgentInstance: Sendable, Hashable {
    package let id: AgentInstanceID
    package let name: String
    package let organizationalUnitID: OrganizationalUnitID
    package let isNoAgent: Bool
    /// At least one; the first is made with the agent instance.
    package let profiles: [AgentProfile]

    package init(
        id: AgentInstanceID, name: String, organizationalUnitID: OrganizationalUnitID, isNoAgent: Bool,
        profiles: [AgentProfile]
    ) throws(Invalid) {
        self.id = id
        self.name = try words(name, field: "name", max: 60)
        self.organizationalUnitID = organizationalUnitID
        self.isNoAgent = isNoAgent
        self.profiles = profiles
    }
}

/// How a till is set up for Vipps: which sales unit takes the payments, which printed code stands there.
package struct AgentProfile: Sendable, Hashable {
    package static let perAgentInstanceMax = 20

    package let id: AgentProfileID
    package let agentInstanceID: AgentInstanceID
    package let name: String
    package let salesUnitID: SalesUnitID?
    package let merchantQRID: String?

    package init(
        id: AgentProfileID, agentInstanceID: AgentInstanceID, name: String, salesUnitID: SalesUnitID?,
        merchantQRID: String?
    ) throws(Invalid) {
        guard merchantQRID == nil || salesUnitID != nil else {
            throw Invalid(
                field: "salesUnitID", slug: "missing", reason: "must be chosen before one of its merchant QRs is")
        }
        self.id = id
        self.agentInstanceID = agentInstanceID
        self.name = try words(name, field: "name", max: 60)
        self.salesUnitID = salesUnitID
        self.merchantQRID = merchantQRID
    }
}

/// A customer who scanned a till's code while no payment was waiting.
package struct CheckIn: Sendable, Hashable {
    package let id: CheckInID
    package let agentInstanceID: AgentInstanceID
    package let msn: String
    package let initiatedAt: Date
    package let validUntil: Date

    package init(id: CheckInID, agentInstanceID: AgentInstanceID, msn: String, initiatedAt: Date, validUntil: Date) {
        self.id = id
        self.agentInstanceID = agentInstanceID
        self.msn = msn
        self.initiatedAt = initiatedAt
        self.validUntil = validUntil
    }
}
