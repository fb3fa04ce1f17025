import Foundation
import SharedKernel

/// What the gateway says about the set-up.
package enum SetUpNews: Sendable, Hashable {
    case keysChecked(AgreementID, refusal: Refusal?, at: Date)
    case webhook(AgreementID, msn: String, WebhookStatus.Kind, WebhookStatus.State, detail: String?, at: Date)
    case webhookDelivered(AgreementID, msn: String, WebhookStatus.Kind, at: Date)
    case merchantQRsSynced(SalesUnitID, [ListedCode], at: Date)
    case merchantQRImageFetched(SalesUnitID, merchantQRID: String, svg: String)
    case failed(SetUpFailure, subject: String, AgreementID?, SalesUnitID?)

    package struct ListedCode: Sendable, Hashable {
        let merchantQRID: String
        let locationDescription: String
        let content: String

        package init(merchantQRID: String, locationDescription: String, content: String) {
            self.merchantQRID = merchantQRID
            self.locationDescription = locationDescription
            self.content = content
        }
    }
}

/// Takes it in. News of things that are not this tenant's mean nothing.
package struct HearSetUp: Sendable {
    package init() {}

    package func callAsFunction(_ news: SetUpNews, in tenant: TenantID, _ tx: any SetUpTransaction) throws {
        switch news {
        case .keysChecked(let id, let refusal, let at):
            try change(id, in: tenant, tx) { agreement in
                try agreement.with(keysCheck: refusal.map { .refused($0, at: at) } ?? .accepted(at: at))
            }
        case .webhook(let id, let msn, let kind, let state, let detail, let at):
            try changeWebhook(id, msn, kind, in: tenant, tx) { before in
                WebhookStatus(
                    msn: msn, kind: kind, state: state, changedAt: at, lastDeliveryAt: before?.lastDeliveryAt,
                    detail: detail)
            }
        case .webhookDelivered(let id, let msn, let kind, let at):
            try changeWebhook(id, msn, kind, in: tenant, tx) { before in
                WebhookStatus(
                    msn: msn, kind: kind, state: before?.state ?? .registered, changedAt: before?.changedAt,
                    lastDeliveryAt: at, detail: before?.detail)
            }
        case .merchantQRsSynced(let unit, let codes, let at):
            try changeCodes(unit, in: tenant, tx) { $0.take(codes, of: unit, at: at) }
        case .merchantQRImageFetched(let unit, let id, let svg):
            try changeCodes(unit, in: tenant, tx) { _ in }
            if try tx.salesUnit(unit, in: tenant) != nil { try tx.keepMerchantQRImage(svg, of: id, of: unit) }
        case .failed(let failure, let subject, let agreement, let unit):
            try fail(failure, subject: subject, agreement, unit, in: tenant, tx)
        }
    }

    private func fail(
        _ failure: SetUpFailure, subject: String, _ agreement: AgreementID?, _ unit: SalesUnitID?,
        in tenant: TenantID, _ tx: any SetUpTransaction
    ) throws {
        if let unit {
            try changeCodes(unit, in: tenant, tx) { list in
                guard let index = list.codes.firstIndex(where: { $0.merchantQRID == subject }) else {
                    list.lastFailure = failure
                    return
                }
                let code = list.codes[index]
                // A code that Vipps has listed is still there after a failed change; one it has not is not.
                list.codes[index] = code.with(state: code.content == nil ? .failed : .atVipps, failure: failure)
            }
        } else if let agreement {
            try change(agreement, in: tenant, tx) { before in
                if case .asked = before.keysCheck {
                    return try before.with(keysCheck: .refused(failure.refusal, at: failure.at), lastFailure: failure)
                }
                return try before.with(lastFailure: failure)
            }
            for webhook in try tx.webhooks(of: agreement) where webhook.state == .asked {
                try changeWebhook(agreement, webhook.msn, webhook.kind, in: tenant, tx) { _ in
                    WebhookStatus(
                        msn: webhook.msn, kind: webhook.kind, state: .refused, changedAt: failure.at,
                        lastDeliveryAt: webhook.lastDeliveryAt, detail: failure.refusal.detail)
                }
            }
        }
    }

    private func change(
        _ id: AgreementID, in tenant: TenantID, _ tx: any SetUpTransaction,
        _ body: (VippsAgreement) throws -> VippsAgreement
    ) throws {
        guard let agreement = try tx.agreement(id, in: tenant) else { return }
        try tx.keep(try body(agreement), keysEnvelope: nil, in: tenant)
        tx.changed(.agreements, in: tenant)
    }

    private func changeWebhook(
        _ id: AgreementID, _ msn: String, _ kind: WebhookStatus.Kind, in tenant: TenantID, _ tx: any SetUpTransaction,
        _ body: (WebhookStatus?) -> WebhookStatus
    ) throws {
        guard try tx.agreement(id, in: tenant) != nil else { return }
        let before = try tx.webhooks(of: id).first { $0.msn == msn && $0.kind == kind }
        try tx.keep(body(before), of: id)
        tx.changed(.agreements, in: tenant)
        tx.changed(.salesUnits, in: tenant)
        tx.changed(.merchantQRs, in: tenant)
    }

    private func changeCodes(
        _ unit: SalesUnitID, in tenant: TenantID, _ tx: any SetUpTransaction, _ body: (inout MerchantQRList) -> Void
    ) throws {
        guard try tx.salesUnit(unit, in: tenant) != nil else { return }
        var list = try tx.merchantQRs(of: unit)
        body(&list)
        try tx.keep(list, of: unit)
        tx.changed(.merchantQRs, in: tenant)
        tx.changed(.salesUnits, in: tenant)
    }
}

extension MerchantQRList {
    /// What is listed is at Vipps; what is not is gone, except what has just been asked for or has failed.
    mutating func take(_ listed: [SetUpNews.ListedCode], of unit: SalesUnitID, at now: Date) {
        let known = Dictionary(codes.map { ($0.merchantQRID, $0) }) { first, _ in first }
        let there = listed.map { item in
            let before = known[item.merchantQRID]
            let isGoing = before?.state == .deleting
            return MerchantQR(
                salesUnitID: unit, merchantQRID: item.merchantQRID, locationDescription: item.locationDescription,
                content: item.content, state: isGoing ? .deleting : .atVipps, hasImage: before?.hasImage ?? false,
                failure: nil)
        }
        let listedIDs = Set(listed.map(\.merchantQRID))
        codes =
            there + codes.filter { !listedIDs.contains($0.merchantQRID) && ($0.state == .asked || $0.state == .failed) }
        syncedAt = now
        lastFailure = nil
    }
}

/// The copy of financial-service's incoming payment options.
package struct HearPaymentOption: Sendable {
    package init() {}

    package func saved(_ option: PaymentOption, in tenant: TenantID, _ tx: any SetUpTransaction) throws {
        try tx.keep(option, in: tenant)
        tx.changed(.paymentOptions, in: tenant)
    }

    package func switched(
        _ id: PaymentOptionID, enabled: Bool, in tenant: TenantID, _ tx: any SetUpTransaction
    ) throws {
        guard let option = try tx.paymentOptions(in: tenant).first(where: { $0.id == id }) else { return }
        try tx.keep(
            PaymentOption(
                id: id, name: option.name, method: option.method, quickAccess: option.quickAccess, enabled: enabled),
            in: tenant)
        tx.changed(.paymentOptions, in: tenant)
    }
}
