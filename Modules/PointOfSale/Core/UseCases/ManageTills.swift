import Foundation
import SharedKernel

/// Agent instances and their profiles.
package struct ManageTills: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    package func all(in tenant: TenantID) async throws -> [AgentInstance] {
        try await store.readSetUp { try $0.agentInstances(in: tenant) }
    }

    /// A new agent instance gets a first profile with the same identifier and name.
    package func save(_ agentInstance: AgentInstance, by person: Person) async throws -> AgentInstance {
        try await store.writeSetUp { tx in
            try tx.saveAgentInstance(agentInstance, in: person.tenantID)
            guard let saved = try tx.agentInstance(agentInstance.id, in: person.tenantID) else {
                throw Unknown("agent instance")
            }
            return saved
        }
    }

    /// A merchant QR stands at one till: it may be chosen in profiles of one agent instance only.
    package func save(_ profile: AgentProfile, by person: Person) async throws {
        try await store.writeSetUp { tx in
            let tenant = person.tenantID
            guard let agentInstance = try tx.agentInstance(profile.agentInstanceID, in: tenant) else {
                throw Unknown("agent instance")
            }
            let isNew = !agentInstance.profiles.contains { $0.id == profile.id }
            if isNew, try tx.agentProfile(profile.id, in: tenant) != nil { throw Unknown("agent profile") }
            guard !isNew || agentInstance.profiles.count < AgentProfile.perAgentInstanceMax else {
                throw Conflict(
                    "too-many-profiles",
                    "An agent instance has at most \(AgentProfile.perAgentInstanceMax) profiles. Change one of them.")
            }
            try tx.check(profile, in: tenant)
            try tx.keep(profile, in: tenant)
            tx.changed(.agentInstances, in: tenant)
            tx.changed(.till(profile.agentInstanceID), in: tenant)
        }
    }

    package func removeProfile(_ id: AgentProfileID, by person: Person) async throws {
        try await store.writeSetUp { tx in
            guard let profile = try tx.agentProfile(id, in: person.tenantID),
                let agentInstance = try tx.agentInstance(profile.agentInstanceID, in: person.tenantID)
            else { throw Unknown("agent profile") }
            guard agentInstance.profiles.count > 1 else {
                throw Conflict("last-profile", "An agent instance keeps at least one profile. Change this one instead.")
            }
            try tx.removeAgentProfile(id, in: person.tenantID)
            tx.changed(.agentInstances, in: person.tenantID)
        }
    }
}

extension SetUpTransaction {
    func saveAgentInstance(_ agentInstance: AgentInstance, in tenant: TenantID) throws {
        guard try organizationalUnit(agentInstance.organizationalUnitID, in: tenant) != nil else {
            throw Invalid(
                field: "organizationalUnitID", slug: "unknown", reason: "is no organizational unit of this tenant")
        }
        let others = try agentInstances(in: tenant).filter { $0.id != agentInstance.id }
        guard
            !others.contains(where: {
                $0.name == agentInstance.name && $0.organizationalUnitID == agentInstance.organizationalUnitID
            })
        else { throw Invalid(field: "name", slug: "taken", reason: "is the name of another agent instance there") }
        let isNew = try self.agentInstance(agentInstance.id, in: tenant) == nil
        try keep(agentInstance, in: tenant)
        if isNew {
            try keep(
                AgentProfile(
                    id: AgentProfileID(agentInstance.id.uuid), agentInstanceID: agentInstance.id,
                    name: agentInstance.name, salesUnitID: nil, merchantQRID: nil), in: tenant)
        }
        changed(.agentInstances, in: tenant)
    }

    func check(_ profile: AgentProfile, in tenant: TenantID) throws {
        guard let salesUnitID = profile.salesUnitID else { return }
        guard try salesUnit(salesUnitID, in: tenant) != nil else {
            throw Invalid(field: "salesUnitID", slug: "unknown", reason: "is no sales unit of this tenant")
        }
        guard let code = profile.merchantQRID else { return }
        guard try merchantQRs(of: salesUnitID).codes.contains(where: { $0.merchantQRID == code }) else {
            throw Invalid(
                field: "merchantQRID", slug: "unknown", reason: "is no code of this sales unit; sync with Vipps first")
        }
        let taken = try agentInstances(in: tenant).first { other in
            other.id != profile.agentInstanceID
                && other.profiles.contains { $0.merchantQRID == code && $0.salesUnitID == salesUnitID }
        }
        if let taken {
            throw Invalid(
                field: "merchantQRID", slug: "taken",
                reason: "is the code of «\(taken.name)»; a code stands at one till")
        }
    }
}
