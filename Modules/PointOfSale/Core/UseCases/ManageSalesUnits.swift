import Foundation
import SharedKernel

/// Sales units and their merchant callback QRs.
package struct ManageSalesUnits: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    package func all(in tenant: TenantID) async throws -> [SalesUnitView] {
        try await store.readSetUp { tx in try tx.salesUnits(in: tenant).map { try tx.view(of: $0) } }
    }

    package func salesUnit(_ id: SalesUnitID, in tenant: TenantID) async throws -> SalesUnitView {
        try await store.readSetUp { tx in
            guard let unit = try tx.salesUnit(id, in: tenant) else { throw Unknown("sales unit") }
            return try tx.view(of: unit)
        }
    }

    package func save(
        _ id: SalesUnitID, displayName: String, organizationalUnitID: OrganizationalUnitID, agreementID: AgreementID,
        msn: String, by person: Person
    ) async throws -> SalesUnitView {
        try await store.writeSetUp { tx in
            guard let tenant = try tx.tenant(person.tenantID) else { throw Unknown("tenant") }
            let unit = try SalesUnit(
                id: id, displayName: displayName, organizationalUnitID: organizationalUnitID, agreementID: agreementID,
                msn: msn, currency: tenant.currency)
            guard try tx.organizationalUnit(organizationalUnitID, in: tenant.id) != nil else {
                throw Invalid(
                    field: "organizationalUnitID", slug: "unknown", reason: "is no organizational unit of this tenant")
            }
            guard try tx.agreement(agreementID, in: tenant.id) != nil else {
                throw Invalid(field: "agreementID", slug: "unknown", reason: "is no Vipps agreement of this tenant")
            }
            let others = try tx.salesUnits(in: tenant.id).filter { $0.id != id }
            if let other = others.first(where: { $0.msn == unit.msn }) {
                throw Invalid(field: "msn", slug: "taken", reason: "is the number of «\(other.displayName)»")
            }
            try tx.keep(unit, in: tenant.id)
            try tx.announce(.salesUnitSaved(unit), in: tenant.id)
            tx.changed(.salesUnits, in: tenant.id)
            tx.changed(.agreements, in: tenant.id)
            return try tx.view(of: unit)
        }
    }
}

package struct SalesUnitView: Sendable, Hashable {
    package let salesUnit: SalesUnit
    /// Without it nobody hears when a customer scans one of the codes.
    package let hasCheckInWebhook: Bool
    package let codes: MerchantQRList
    /// The agent instances where each code stands, by its identifier.
    package let tills: [String: [AgentInstanceID]]
}

/// The merchant callback QRs of a sales unit. Everything is asked of the gateway; answers arrive as messages.
package struct ManageMerchantQRs: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    package func all(of unit: SalesUnitID, in tenant: TenantID) async throws -> SalesUnitView {
        try await store.readSetUp { tx in
            guard let salesUnit = try tx.salesUnit(unit, in: tenant) else { throw Unknown("sales unit") }
            return try tx.view(of: salesUnit, in: tenant)
        }
    }

    package func sync(_ unit: SalesUnitID, by person: Person) async throws -> SalesUnitView {
        try await change(unit, by: person) { _, _ in .merchantQRSyncAsked(unit, by: person.userID) }
    }

    package func create(
        _ merchantQRID: String, locationDescription: String, of unit: SalesUnitID, by person: Person
    ) async throws -> SalesUnitView {
        let id = try MerchantQR.checkedID(merchantQRID)
        let words = try MerchantQR.checkedDescription(locationDescription)
        return try await change(unit, by: person) { list, tx in
            guard !list.codes.contains(where: { $0.merchantQRID == id && $0.state != .failed }) else {
                throw Invalid(field: "merchantQRID", slug: "taken", reason: "is already a code of this sales unit")
            }
            list.ask(for: id, words, of: unit, content: nil)
            return .merchantQRAsked(unit, merchantQRID: id, locationDescription: words, by: person.userID)
        }
    }

    package func convert(
        beaconID: String, locationDescription: String, of unit: SalesUnitID, by person: Person
    ) async throws -> SalesUnitView {
        let id = try MerchantQR.checkedBeaconID(beaconID)
        let words = try MerchantQR.checkedDescription(locationDescription)
        return try await change(unit, by: person) { list, tx in
            list.ask(for: id, words, of: unit, content: nil)
            return .conversionAsked(unit, beaconID: id, locationDescription: words, by: person.userID)
        }
    }

    package func rename(
        _ id: String, to locationDescription: String, of unit: SalesUnitID, by person: Person
    ) async throws -> SalesUnitView {
        let words = try MerchantQR.checkedDescription(locationDescription)
        return try await change(unit, by: person) { list, tx in
            let code = try list.code(id)
            list.ask(for: id, words, of: unit, content: code.content)
            return .merchantQRAsked(unit, merchantQRID: id, locationDescription: words, by: person.userID)
        }
    }

    /// - Throws: `Conflict` `in-use` when a profile names the code.
    package func delete(_ id: String, of unit: SalesUnitID, by person: Person) async throws -> SalesUnitView {
        try await change(unit, by: person) { list, tx in
            let code = try list.code(id)
            let user = try tx.agentInstances(in: person.tenantID).first { agentInstance in
                agentInstance.profiles.contains { $0.salesUnitID == unit && $0.merchantQRID == id }
            }
            if let user {
                throw Conflict("in-use", "The code stands at «\(user.name)». Choose another code there first.")
            }
            list.codes.removeAll { $0.merchantQRID == id }
            if code.state != .failed { list.codes.append(code.with(state: .deleting)) }
            return .merchantQRDeletionAsked(unit, merchantQRID: id, by: person.userID)
        }
    }

    /// Asks for the image; Vipps' own links to it expire.
    package func fetchImage(of id: String, of unit: SalesUnitID, by person: Person) async throws -> SalesUnitView {
        try await change(unit, by: person) { list, _ in
            _ = try list.code(id)
            return .merchantQRImageAsked(unit, merchantQRID: id, by: person.userID)
        }
    }

    /// The image as Vipps drew it (SVG).
    ///
    /// - Throws: `Unknown` when there is none yet: ask for it with `fetchImage`.
    package func image(of id: String, of unit: SalesUnitID, in tenant: TenantID) async throws -> String {
        try await store.readSetUp { tx in
            guard try tx.salesUnit(unit, in: tenant) != nil else { throw Unknown("sales unit") }
            guard let image = try tx.merchantQRImage(id, of: unit) else { throw Unknown("image of this code") }
            return image
        }
    }

    private func change(
        _ unit: SalesUnitID, by person: Person,
        _ body: @escaping @Sendable (inout MerchantQRList, any SetUpTransaction) throws -> SetUpEvent
    ) async throws -> SalesUnitView {
        try await store.writeSetUp { tx in
            guard let salesUnit = try tx.salesUnit(unit, in: person.tenantID) else { throw Unknown("sales unit") }
            var list = try tx.merchantQRs(of: unit)
            let event = try body(&list, tx)
            try tx.keep(list, of: unit)
            try tx.announce(event, in: person.tenantID)
            tx.changed(.merchantQRs, in: person.tenantID)
            return try tx.view(of: salesUnit, in: person.tenantID)
        }
    }
}

extension MerchantQR {
    func with(state: State, failure: SetUpFailure? = nil) -> MerchantQR {
        MerchantQR(
            salesUnitID: salesUnitID, merchantQRID: merchantQRID, locationDescription: locationDescription,
            content: content, state: state, hasImage: hasImage, failure: failure)
    }
}

extension MerchantQRList {
    fileprivate func code(_ id: String) throws -> MerchantQR {
        guard let code = codes.first(where: { $0.merchantQRID == id }) else { throw Unknown("merchant QR") }
        return code
    }

    fileprivate mutating func ask(for id: String, _ words: String, of unit: SalesUnitID, content: String?) {
        let hadImage = codes.first { $0.merchantQRID == id }?.hasImage ?? false
        codes.removeAll { $0.merchantQRID == id }
        codes.append(
            MerchantQR(
                salesUnitID: unit, merchantQRID: id, locationDescription: words, content: content, state: .asked,
                hasImage: hadImage, failure: nil))
    }
}

extension SetUpTransaction {
    func view(of unit: SalesUnit, in tenant: TenantID? = nil) throws -> SalesUnitView {
        let hasCheckIn = try webhooks(of: unit.agreementID).contains {
            $0.msn == unit.msn && $0.kind == .checkIns && $0.state == .registered
        }
        var tills: [String: [AgentInstanceID]] = [:]
        if let tenant {
            for profile in try agentInstances(in: tenant).flatMap(\.profiles) where profile.salesUnitID == unit.id {
                guard let code = profile.merchantQRID, tills[code]?.contains(profile.agentInstanceID) != true else {
                    continue
                }
                tills[code, default: []].append(profile.agentInstanceID)
            }
        }
        return SalesUnitView(
            salesUnit: unit, hasCheckInWebhook: hasCheckIn, codes: try merchantQRs(of: unit.id), tills: tills)
    }
}
