import Cryptography
import Foundation
import Payments
import SharedKernel

/// Does one set-up job at Vipps. May be called again for the same job at any point: every step looks first.
struct SetupJobRunner: Sendable {
    let store: SQLiteSetupStore
    let provider: any SetupProvider
    let sealing: SealingCertificates
    let opening: OpeningKeys
    /// Every webhook address of this deployment begins with this.
    let addressPrefix: String
    let now: Now

    /// What the job brought and is still to be told.
    ///
    /// - Throws: `SetupTrouble`, or the database's error.
    func run(_ queued: QueuedSetupJob) async throws -> [SetupFact] {
        guard let unit = queued.job.salesUnitID else { return try await checkKeys(queued) }
        guard let known = try await store.salesUnit(unit, tenant: queued.tenantID) else {
            throw SetupTrouble.refused(
                Refusal(code: Refusal.OwnCode.invalidRequest, detail: "The sales unit is gone."))
        }
        let address = SetupAddress(tenantID: queued.tenantID, agreementID: known.agreementID, msn: known.msn)
        switch queued.job {
        case .checkKeys: return []
        case .ensureWebhooks: return try await ensureWebhooks(queued, msn: known.msn, address)
        case .syncMerchantQRs: break
        case .putMerchantQR(_, let codeID, let description):
            try await provider.putMerchantQR(codeID, locationDescription: description, address)
        case .deleteMerchantQR(_, let codeID):
            try await provider.deleteMerchantQR(codeID, address)
        case .convertMobilePayQR(_, let beaconID, let description):
            try await convert(beaconID, locationDescription: description, address)
        case .showMerchantQR(_, let codeID):
            let svg = try await provider.merchantQRImage(codeID, address)
            return [.merchantQRImageFetched(unit, merchantQRID: codeID, svg: svg)]
        }
        return [.merchantQRsSynced(unit, msn: known.msn, try await provider.merchantQRs(address))]
    }

    /// Vipps accepts the keys when it does so for one of the sales units: one wrong MSN is no reason to type keys again.
    private func checkKeys(_ queued: QueuedSetupJob) async throws -> [SetupFact] {
        let msns = try await store.msns(of: queued.agreementID, tenant: queued.tenantID)
        var refused: Refusal?
        for msn in msns.isEmpty ? [nil] : msns.map(Optional.some) {
            let address = SetupAddress(tenantID: queued.tenantID, agreementID: queued.agreementID, msn: msn)
            do throws(SetupTrouble) {
                try await provider.checkKeys(address)
                return [.keysChecked(refusal: nil)]
            } catch {
                switch error {
                case .refused(let refusal): refused = refused ?? refusal
                case .keysRefused(let refusal): return [.keysChecked(refusal: refusal)]
                case .passing: throw error
                }
            }
        }
        return [.keysChecked(refusal: refused)]
    }

    /// A conflict may be the echo of our own first try, whose answer was lost: then the code is in our list.
    private func convert(
        _ beaconID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble) {
        do throws(SetupTrouble) {
            try await provider.convertMobilePayQR(beaconID, locationDescription: locationDescription, address)
        } catch {
            guard case .refused(let refusal) = error, refusal.httpStatus == 409 else { throw error }
            let isOurs = try await provider.merchantQRs(address).contains {
                $0.merchantQRID.lowercased() == beaconID.lowercased()
            }
            if isOurs { return }
            throw .refused(
                Refusal(
                    code: Refusal.OwnCode.notAllowed, httpStatus: 409,
                    detail: """
                        The MobilePay code \(beaconID) is tied to another sales unit already. Release it there \
                        first, or print a new code.
                        """, traceID: refusal.traceID))
        }
    }

    private func ensureWebhooks(
        _ queued: QueuedSetupJob, msn: String, _ address: SetupAddress
    ) async throws -> [SetupFact] {
        let listed: [ListedWebhook]
        do throws(SetupTrouble) {
            listed = try await provider.webhooks(address)
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            return WebhookTopic.allCases.map { .webhookMissing(msn: msn, $0, .refused, detail: refusal.detail) }
        }
        var facts: [SetupFact] = []
        for topic in WebhookTopic.allCases {
            let slot = WebhookSlot(
                tenantID: queued.tenantID, agreementID: address.agreementID, msn: msn, topic: topic)
            do {
                if let fact = try await ensure(slot, listed: listed, queued, address) { facts.append(fact) }
            } catch SetupTrouble.refused(let refusal) {
                facts.append(.webhookMissing(msn: msn, topic, .refused, detail: refusal.detail))
            }
        }
        return facts
    }

    /// - Returns: what is still to be told; `nil` when it was told with the registration.
    private func ensure(
        _ slot: WebhookSlot, listed: [ListedWebhook], _ queued: QueuedSetupJob, _ address: SetupAddress
    ) async throws -> SetupFact? {
        let remembered = try await store.remembered(slot)
        let situation = WebhookSituation(
            topic: slot.topic, addressPrefix: addressPrefix,
            remembered: remembered.registrations.map { registration in
                RememberedWebhook(
                    url: registration.url, webhookID: registration.webhookID,
                    secretIsReadable: registration.secretEnvelope.flatMap { try? opening.open($0) } != nil,
                    isOutdated: registration.isOutdated)
            },
            addressesElsewhere: remembered.addressesElsewhere, listed: listed)
        switch situation.plan {
        case .standing(let webhook, let stale):
            try await delete(stale, slot, address)
            return .webhookRegistered(msn: slot.msn, slot.topic, webhookID: webhook.webhookID)
        case .register(let before, let after):
            try await delete(before, slot, address)
            try await register(slot, queued, address)
            try await delete(after, slot, address)
            return nil
        case .takenByAnother(let another):
            return .webhookMissing(
                msn: slot.msn, slot.topic, .takenByAnother,
                detail: """
                    Another system receives the check-ins of this sales unit (at \(Self.host(of: another.url))). \
                    Have it give up its registration first.
                    """)
        }
    }

    private func register(_ slot: WebhookSlot, _ queued: QueuedSetupJob, _ address: SetupAddress) async throws {
        let token = WebhookToken.make()
        let url = addressPrefix + token
        try await store.intendRegistration(token: token, url: url, for: slot, at: now())
        let made: NewWebhook
        do throws(SetupTrouble) {
            made = try await provider.registerWebhook(url, for: slot.topic, address)
        } catch {
            // A clear no leaves nothing at Vipps; after anything else the intent stays, and the next try clears it up.
            if case .refused = error { try await store.retire(url: url, of: slot, at: now()) }
            throw error
        }
        try await store.registered(
            token: token, webhookID: made.webhookID, secretEnvelope: try sealing.seal(Data(made.secret.utf8)),
            by: queued, slot: slot, at: now())
    }

    private func delete(_ webhooks: [ListedWebhook], _ slot: WebhookSlot, _ address: SetupAddress) async throws {
        for webhook in webhooks {
            try await provider.deleteWebhook(webhook.webhookID, address)
            try await store.retire(url: webhook.url, of: slot, at: now())
        }
    }

    /// The other system's host, not its path, which may be secret.
    private static func host(of url: String) -> String {
        SignedTarget(url: url)?.host ?? "an unknown address"
    }
}
