import Foundation
import SharedKernel

/// An agreement with what is known of its webhooks.
package struct AgreementView: Sendable, Hashable {
    package let agreement: VippsAgreement
    /// Display name of who set the keys.
    package let keysSetByName: String?
    package let webhooks: [WebhookStatus]
}

/// Vipps agreements: the name, the keys, the webhooks.
package struct ManageAgreements: Sendable {
    private let store: any SetUpStore
    private let sealer: any Sealer

    package init(store: any SetUpStore, sealer: any Sealer) {
        self.store = store
        self.sealer = sealer
    }

    package func all(in tenant: TenantID) async throws -> [AgreementView] {
        try await store.readSetUp { tx in try tx.agreements(in: tenant).map { try tx.view(of: $0, in: tenant) } }
    }

    package func agreement(_ id: AgreementID, in tenant: TenantID) async throws -> AgreementView {
        try await store.readSetUp { tx in
            guard let agreement = try tx.agreement(id, in: tenant) else { throw Unknown("Vipps agreement") }
            return try tx.view(of: agreement, in: tenant)
        }
    }

    /// Makes or renames an agreement; keys, when given, are sealed before anything else happens to them.
    package func save(
        _ id: AgreementID, displayName: String, keys: APIKeys?, by person: Person
    ) async throws -> AgreementView {
        let envelope = try keys.map { try sealer.seal($0.json) }
        return try await store.writeSetUp { tx in
            let before = try tx.agreement(id, in: person.tenantID)
            let others = try tx.agreements(in: person.tenantID).filter { $0.id != id }
            let agreement = try VippsAgreement(
                id: id, displayName: displayName, keysSetAt: envelope == nil ? before?.keysSetAt : tx.now,
                keysSetBy: envelope == nil ? before?.keysSetBy : person.userID,
                keysCheck: envelope == nil ? before?.keysCheck ?? .notChecked : .notChecked,
                lastFailure: envelope == nil ? before?.lastFailure : nil)
            guard !others.contains(where: { $0.displayName == agreement.displayName }) else {
                throw Invalid(field: "displayName", slug: "taken", reason: "is the name of another agreement")
            }
            return try tx.save(agreement, keysEnvelope: envelope, by: person)
        }
    }

    package func setKeys(_ keys: APIKeys, of id: AgreementID, by person: Person) async throws -> AgreementView {
        let name = try await agreement(id, in: person.tenantID).agreement.displayName
        return try await save(id, displayName: name, keys: keys, by: person)
    }

    /// Asks Vipps; the answer shows in `keysCheck`.
    package func checkKeys(of id: AgreementID, by person: Person) async throws -> AgreementView {
        try await store.writeSetUp { tx in
            let agreement = try tx.agreementWithKeys(id, in: person.tenantID)
            let asked = try agreement.with(keysCheck: .asked(at: tx.now))
            try tx.keep(asked, keysEnvelope: nil, in: person.tenantID)
            try tx.announce(.keysCheckAsked(id, by: person.userID), in: person.tenantID)
            tx.changed(.agreements, in: person.tenantID)
            return try tx.view(of: asked, in: person.tenantID)
        }
    }

    /// Registers the webhooks of all sales units of the agreement, or registers them again.
    package func registerWebhook(of id: AgreementID, by person: Person) async throws -> AgreementView {
        try await store.writeSetUp { tx in
            let agreement = try tx.agreementWithKeys(id, in: person.tenantID)
            let units = try tx.salesUnits(in: person.tenantID).filter { $0.agreementID == id }
            guard !units.isEmpty else {
                throw Conflict(
                    "no-sales-unit", "Make a sales unit with this agreement first: webhooks belong to its MSN.")
            }
            let known = try tx.webhooks(of: id)
            for unit in units {
                for kind in WebhookStatus.Kind.allCases {
                    let before = known.first { $0.msn == unit.msn && $0.kind == kind }
                    try tx.keep(
                        WebhookStatus(
                            msn: unit.msn, kind: kind, state: .asked, changedAt: tx.now,
                            lastDeliveryAt: before?.lastDeliveryAt, detail: nil), of: id)
                }
            }
            try tx.announce(.webhookAsked(id, by: person.userID), in: person.tenantID)
            tx.changed(.agreements, in: person.tenantID)
            return try tx.view(of: agreement, in: person.tenantID)
        }
    }
}

extension VippsAgreement {
    func with(keysCheck: KeysCheck? = nil, lastFailure: SetUpFailure? = nil) throws(Invalid) -> VippsAgreement {
        try VippsAgreement(
            id: id, displayName: displayName, keysSetAt: keysSetAt, keysSetBy: keysSetBy,
            keysCheck: keysCheck ?? self.keysCheck, lastFailure: lastFailure ?? self.lastFailure)
    }
}

extension SetUpTransaction {
    fileprivate func view(of agreement: VippsAgreement, in tenant: TenantID) throws -> AgreementView {
        AgreementView(
            agreement: agreement,
            keysSetByName: try agreement.keysSetBy.flatMap { try user($0, in: tenant) }?.displayName,
            webhooks: try webhooks(of: agreement.id))
    }

    fileprivate func save(
        _ agreement: VippsAgreement, keysEnvelope: Data?, by person: Person
    ) throws -> AgreementView {
        try keep(agreement, keysEnvelope: keysEnvelope, in: person.tenantID)
        try announce(.agreementSaved(agreement, keysEnvelope: keysEnvelope, by: person.userID), in: person.tenantID)
        changed(.agreements, in: person.tenantID)
        return try view(of: agreement, in: person.tenantID)
    }

    fileprivate func agreementWithKeys(_ id: AgreementID, in tenant: TenantID) throws -> VippsAgreement {
        guard let agreement = try agreement(id, in: tenant) else { throw Unknown("Vipps agreement") }
        guard agreement.hasKeys else { throw Conflict("keys-missing", "Set the API keys of this agreement first.") }
        return agreement
    }
}
