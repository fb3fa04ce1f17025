import Foundation
import GRDB
import MessageContracts
import Payments
import SQLiteStorage
import SharedKernel

/// Set-up facts as messages to the other services.
enum SetupMessages {
    static func tell(
        _ fact: SetupFact, of agreement: AgreementID, tenant: TenantID, cause: Cause, at now: Date,
        through messages: SQLiteMessageStore, in db: Database
    ) throws {
        switch fact {
        case .keysChecked(let refusal):
            let message = KeysChecked(
                agreementID: agreement, accepted: refusal == nil, errorCode: refusal?.code, detail: refusal?.detail,
                checkedAt: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        case .webhookRegistered(let msn, let topic, let webhookID):
            let message = WebhookRegistered(
                agreementID: agreement, msn: msn, kind: kind(of: topic), webhookID: webhookID, registeredAt: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        case .webhookMissing(let msn, let topic, let absence, let detail):
            let message = WebhookMissing(
                agreementID: agreement, msn: msn, kind: kind(of: topic), reason: reason(of: absence), detail: detail,
                seenAt: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        case .merchantQRsSynced(let unit, let msn, let codes):
            let listings = codes.map {
                MerchantQRListing(
                    merchantQRID: $0.merchantQRID, locationDescription: $0.locationDescription, content: $0.content)
            }
            let message = MerchantQRsSynced(salesUnitID: unit, msn: msn, codes: listings, syncedAt: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        case .merchantQRImageFetched(let unit, let codeID, let svg):
            let message = MerchantQRImageFetched(salesUnitID: unit, merchantQRID: codeID, svg: svg, fetchedAt: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        case .failed(let job, let refusal):
            let (command, subject) = command(of: job, agreement: agreement)
            let message = failure(
                command: command, subject: subject, agreement: agreement, salesUnit: job.salesUnitID,
                refusal: refusal, at: now)
            try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
        }
    }

    static func failure(
        command: String, subject: String, agreement: AgreementID?, salesUnit: SalesUnitID?, refusal: Refusal,
        at now: Date
    ) -> SetupFailed {
        SetupFailed(
            command: command, subjectID: subject, agreementID: agreement, salesUnitID: salesUnit,
            failure: PaymentFailure(
                code: refusal.code, httpStatus: refusal.httpStatus, detail: refusal.detail, traceID: refusal.traceID),
            failedAt: now)
    }

    static func kind(of topic: WebhookTopic) -> WebhookKind {
        switch topic {
        case .payments: .payments
        case .checkIns: .checkIns
        }
    }

    private static func reason(of absence: WebhookAbsence) -> WebhookMissingReason {
        switch absence {
        case .notRegistered: .notRegistered
        case .takenByAnother: .takenByAnother
        case .refused: .refused
        }
    }

    /// The command that a job came from, and what it was about.
    private static func command(of job: SetupJob, agreement: AgreementID) -> (type: String, subject: String) {
        switch job {
        case .checkKeys: (CheckKeys.type, agreement.text)
        case .ensureWebhooks: (RegisterWebhook.type, agreement.text)
        case .syncMerchantQRs(let unit): (SyncMerchantQRs.type, unit.text)
        case .putMerchantQR(_, let codeID, _): (CreateMerchantQR.type, codeID)
        case .deleteMerchantQR(_, let codeID): (DeleteMerchantQR.type, codeID)
        case .convertMobilePayQR(_, let beaconID, _): (ConvertMobilePayQR.type, beaconID)
        case .showMerchantQR(_, let codeID): (ShowMerchantQR.type, codeID)
        }
    }
}
