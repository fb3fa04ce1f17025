import SharedKernel

/// Starts a sale on the till of the session and gives it its number.
package struct StartSale: Sendable {
    private let store: any SaleStore

    package init(store: any SaleStore) { self.store = store }

    /// Sent twice, it answers with the same sale.
    ///
    /// - Throws: `Conflict` `no-till` when no agent profile is selected.
    package func callAsFunction(command: CommandID, by person: Person) async throws -> Sale {
        try await store.writeSales { tx in
            if let sale = try tx.answer(to: command, fingerprint: "start-sale", in: person.tenantID) { return sale }
            let till = try tx.till(of: person)
            guard let tenant = try tx.tenant(person.tenantID) else { throw Unknown("tenant") }
            let sale = Sale(
                id: .new(at: tx.now), tenantID: tenant.id,
                identifier: try tx.nextIdentifier(in: till.organizationalUnitID, of: tenant.id),
                organizationalUnitID: till.organizationalUnitID, agentInstanceID: till.id, currency: tenant.currency,
                startedAt: tx.now, startedBy: person.userID)
            try tx.keep(sale, after: [.started])
            try tx.remember(
                ProcessedCommand(id: command, fingerprint: "start-sale", answer: sale.id), in: person.tenantID)
            return sale
        }
    }
}

/// Reads one sale.
package struct ViewSale: Sendable {
    private let store: any SaleStore

    package init(store: any SaleStore) { self.store = store }

    /// - Throws: `Unknown` also for another tenant's sale.
    package func callAsFunction(_ id: SaleID, in tenant: TenantID) async throws -> Sale {
        try await store.readSales { tx in
            guard let sale = try tx.sale(id, in: tenant) else { throw Unknown("sale") }
            return sale
        }
    }
}

extension SaleTransaction {
    /// The till of the session, at which everything happens.
    func till(of person: Person) throws -> AgentInstance {
        guard let profile = try profile(of: person),
            let till = try agentInstance(profile.agentInstanceID, in: person.tenantID)
        else { throw Conflict("no-till", "Select an agent profile for this session first, then try again.") }
        return till
    }

    func profile(of person: Person) throws -> AgentProfile? {
        try person.agentProfileID.flatMap { try agentProfile($0, in: person.tenantID) }
    }

    /// A number for a new sale of an organizational unit.
    func nextIdentifier(in unit: OrganizationalUnitID, of tenant: TenantID) throws -> SaleIdentifier {
        guard let unit = try organizationalUnit(unit, in: tenant) else { throw Unknown("organizational unit") }
        return SaleIdentifier(unitCode: unit.code, number: try nextNumber(in: unit.id))
    }

    /// What a command that has already acted was answered with, as it is now.
    ///
    /// - Throws: `Conflict` `command-id-reused` when the identifier came with another request before.
    func answer(to command: CommandID, fingerprint: String, in tenant: TenantID) throws -> Sale? {
        guard let done = try processed(command, in: tenant) else { return nil }
        guard done.fingerprint == fingerprint else {
            throw Conflict(
                "command-id-reused", "This commandID was used for another command. Make a new one for each command.")
        }
        return try sale(done.answer, in: tenant)
    }
}
