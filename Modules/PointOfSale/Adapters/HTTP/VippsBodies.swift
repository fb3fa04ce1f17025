import Foundation
import PointOfSale
import SharedKernel

// Agreements, sales units and merchant QRs as the interface shows and takes them.

struct KeysDraft: Decodable {
    let clientID: String
    let clientSecret: String
    let subscriptionKey: String

    func keys() throws -> APIKeys {
        try APIKeys(clientID: clientID, clientSecret: clientSecret, subscriptionKey: subscriptionKey)
    }
}

struct AgreementDraft: Decodable {
    let id: AgreementID?
    let displayName: String
    let keys: KeysDraft?
}

struct SetUpFailureBody: Encodable {
    let command: String
    let code: String
    let detail: String
    let at: Date

    init(_ failure: SetUpFailure) {
        command = failure.command
        code = failure.refusal.code
        detail = failure.refusal.detail
        at = failure.at
    }
}

struct AgreementBody: Encodable {
    struct CheckBody: Encodable {
        let state: String
        let at: Date?
        let code: String?
        let detail: String?
    }

    struct WebhookBody: Encodable {
        let msn: String
        let kind: String
        let state: String
        let changedAt: Date?
        let lastDeliveryAt: Date?
        let detail: String?
    }

    let id: AgreementID
    let displayName: String
    let keysSetAt: Date?
    let keysSetBy: String?
    let keysCheck: CheckBody
    let webhooks: [WebhookBody]
    let lastFailure: SetUpFailureBody?

    init(_ view: AgreementView) {
        id = view.agreement.id
        displayName = view.agreement.displayName
        keysSetAt = view.agreement.keysSetAt
        keysSetBy = view.keysSetByName
        keysCheck =
            switch view.agreement.keysCheck {
            case .notChecked: CheckBody(state: "not-checked", at: nil, code: nil, detail: nil)
            case .asked(let at): CheckBody(state: "asked", at: at, code: nil, detail: nil)
            case .accepted(let at): CheckBody(state: "accepted", at: at, code: nil, detail: nil)
            case .refused(let refusal, let at):
                CheckBody(state: "refused", at: at, code: refusal.code, detail: refusal.detail)
            }
        webhooks = view.webhooks.map {
            WebhookBody(
                msn: $0.msn, kind: $0.kind.rawValue, state: $0.state.rawValue, changedAt: $0.changedAt,
                lastDeliveryAt: $0.lastDeliveryAt, detail: $0.detail)
        }
        lastFailure = view.agreement.lastFailure.map(SetUpFailureBody.init)
    }
}

struct SalesUnitDraft: Decodable {
    let id: SalesUnitID?
    let displayName: String
    let organizationalUnitID: OrganizationalUnitID
    let agreementID: AgreementID
    let msn: String
}

struct SalesUnitBody: Encodable {
    let id: SalesUnitID
    let displayName: String
    let organizationalUnitID: OrganizationalUnitID
    let agreementID: AgreementID
    let msn: String
    let currency: Currency
    let hasCheckInWebhook: Bool

    init(_ view: SalesUnitView) {
        id = view.salesUnit.id
        displayName = view.salesUnit.displayName
        organizationalUnitID = view.salesUnit.organizationalUnitID
        agreementID = view.salesUnit.agreementID
        msn = view.salesUnit.msn
        currency = view.salesUnit.currency
        hasCheckInWebhook = view.hasCheckInWebhook
    }
}

struct MerchantQRDraft: Decodable {
    let merchantQRID: String?
    let locationDescription: String
}

struct RenamedMerchantQRDraft: Decodable {
    let locationDescription: String
}

struct MobilePayQRDraft: Decodable {
    let beaconID: String
    let locationDescription: String
}

struct MerchantQRsBody: Encodable {
    struct CodeBody: Encodable {
        let merchantQRID: String
        let locationDescription: String
        let content: String?
        let state: String
        let hasImage: Bool
        let failure: SetUpFailureBody?
        let agentInstanceIDs: [AgentInstanceID]
    }

    let syncedAt: Date?
    let hasCheckInWebhook: Bool
    let merchantQRs: [CodeBody]
    let lastFailure: SetUpFailureBody?

    init(_ view: SalesUnitView) {
        syncedAt = view.codes.syncedAt
        hasCheckInWebhook = view.hasCheckInWebhook
        merchantQRs = view.codes.codes.map { code in
            CodeBody(
                merchantQRID: code.merchantQRID, locationDescription: code.locationDescription, content: code.content,
                state: code.state.rawValue, hasImage: code.hasImage, failure: code.failure.map(SetUpFailureBody.init),
                agentInstanceIDs: view.tills[code.merchantQRID] ?? [])
        }
        lastFailure = view.codes.lastFailure.map(SetUpFailureBody.init)
    }
}
