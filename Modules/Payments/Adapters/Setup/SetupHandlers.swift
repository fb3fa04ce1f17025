import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import SQLiteStorage
import SharedKernel

/// What the gateway does with the set-up messages of pos-service: remembers, and queues what is to be done at Vipps.
package struct SetupHandlers: Sendable {
    private let store: SQLiteSetupStore
    private let now: Now

    package init(store: SQLiteSetupStore, now: @escaping Now) {
        self.store = store
        self.now = now
    }

    package func register(in router: inout MessageRouter<Database>) {
        router.on(AgreementSaved.self, agreementSaved)
        router.on(SalesUnitSaved.self, salesUnitSaved)
        router.on(RegisterWebhook.self, registerWebhook)
        router.on(CheckKeys.self) { message, envelope, db in
            try queueForAgreement(.checkKeys, message.agreementID, message, envelope, db)
        }
        router.on(SyncMerchantQRs.self) { message, envelope, db in
            try queueForUnit(.syncMerchantQRs(message.salesUnitID), message.salesUnitID, message, envelope, db)
        }
        router.on(CreateMerchantQR.self) { message, envelope, db in
            let job = SetupJob.putMerchantQR(
                message.salesUnitID, merchantQRID: message.merchantQRID,
                locationDescription: message.locationDescription)
            try queueForCode(job, message.merchantQRID, message.salesUnitID, message, envelope, db)
        }
        router.on(DeleteMerchantQR.self) { message, envelope, db in
            let job = SetupJob.deleteMerchantQR(message.salesUnitID, merchantQRID: message.merchantQRID)
            try queueForCode(job, message.merchantQRID, message.salesUnitID, message, envelope, db)
        }
        router.on(ConvertMobilePayQR.self) { message, envelope, db in
            let job = SetupJob.convertMobilePayQR(
                message.salesUnitID, beaconID: message.beaconID, locationDescription: message.locationDescription)
            try queueForCode(job, message.beaconID, message.salesUnitID, message, envelope, db)
        }
        router.on(ShowMerchantQR.self) { message, envelope, db in
            let job = SetupJob.showMerchantQR(message.salesUnitID, merchantQRID: message.merchantQRID)
            try queueForCode(job, message.merchantQRID, message.salesUnitID, message, envelope, db)
        }
    }

    /// New keys are tried at once, and are a reason to look at the webhooks again.
    private func agreementSaved(_ message: AgreementSaved, _ envelope: Envelope, _ db: Database) throws {
        let tenant = envelope.tenantID
        guard try store.saveAgreement(message, tenant: tenant, in: db) else {
            try refuse(message, envelope, Self.noAgreement, agreement: message.agreementID, db)
            return
        }
        guard message.keysEnvelope != nil else { return }
        try queue(.checkKeys, message.agreementID, envelope, db)
        guard try store.wantsWebhooks(message.agreementID, tenant: tenant, in: db) else { return }
        for unit in try store.salesUnits(of: message.agreementID, tenant: tenant, in: db) {
            try queue(.ensureWebhooks(unit, asked: false), message.agreementID, envelope, db)
        }
    }

    private func salesUnitSaved(_ message: SalesUnitSaved, _ envelope: Envelope, _ db: Database) throws {
        guard try store.saveSalesUnit(message, tenant: envelope.tenantID, in: db) else {
            let refusal = Refusal(
                code: Refusal.OwnCode.invalidRequest,
                detail:
                    "The MSN \(message.msn) belongs to another sales unit of this tenant. Use that one, or its number.")
            try refuse(
                message, envelope, refusal, agreement: message.agreementID, salesUnit: message.salesUnitID, db)
            return
        }
        if try store.wantsWebhooks(message.agreementID, tenant: envelope.tenantID, in: db) {
            try queue(.ensureWebhooks(message.salesUnitID, asked: false), message.agreementID, envelope, db)
        }
    }

    private func registerWebhook(_ message: RegisterWebhook, _ envelope: Envelope, _ db: Database) throws {
        let tenant = envelope.tenantID
        guard try store.hasAgreement(message.agreementID, tenant: tenant, in: db) else {
            try refuse(message, envelope, Self.noAgreement, agreement: message.agreementID, db)
            return
        }
        try store.wantWebhooks(of: message.agreementID, in: db)
        try store.outdateRegistrations(of: message.agreementID, tenant: tenant, in: db)
        let units = try store.salesUnits(of: message.agreementID, tenant: tenant, in: db)
        if units.isEmpty {
            let refusal = Refusal(
                code: Refusal.OwnCode.invalidRequest,
                detail: """
                    The agreement has no sales unit yet. Make one; its webhooks are then registered without \
                    being asked for again.
                    """)
            try refuse(message, envelope, refusal, agreement: message.agreementID, db)
        }
        for unit in units { try queue(.ensureWebhooks(unit, asked: true), message.agreementID, envelope, db) }
    }

    private func queueForAgreement(
        _ job: SetupJob, _ agreement: AgreementID, _ message: some MessageContract, _ envelope: Envelope, _ db: Database
    ) throws {
        guard try store.hasAgreement(agreement, tenant: envelope.tenantID, in: db) else {
            try refuse(message, envelope, Self.noAgreement, agreement: agreement, db)
            return
        }
        try queue(job, agreement, envelope, db)
    }

    private func queueForUnit(
        _ job: SetupJob, _ unit: SalesUnitID, _ message: some MessageContract, _ envelope: Envelope, _ db: Database
    ) throws {
        guard let known = try store.salesUnit(unit, tenant: envelope.tenantID, in: db) else {
            let refusal = Refusal(
                code: Refusal.OwnCode.invalidRequest, detail: "The sales unit is not known. Save it again.")
            try refuse(message, envelope, refusal, agreement: nil, salesUnit: unit, db)
            return
        }
        try queue(job, known.agreementID, envelope, db)
    }

    private func queueForCode(
        _ job: SetupJob, _ codeID: String, _ unit: SalesUnitID, _ message: some MessageContract, _ envelope: Envelope,
        _ db: Database
    ) throws {
        guard (1...128).contains(codeID.utf8.count) else {
            let refusal = Refusal(
                code: Refusal.OwnCode.invalidRequest, detail: "The id of the code must have 1 to 128 characters.")
            try refuse(message, envelope, refusal, agreement: nil, salesUnit: unit, db)
            return
        }
        try queueForUnit(job, unit, message, envelope, db)
    }

    private func queue(_ job: SetupJob, _ agreement: AgreementID, _ envelope: Envelope, _ db: Database) throws {
        try store.queue(
            job, of: agreement, tenant: envelope.tenantID, cause: envelope.asCause, at: now(), in: db)
    }

    private func refuse(
        _ message: some MessageContract, _ envelope: Envelope, _ refusal: Refusal, agreement: AgreementID?,
        salesUnit: SalesUnitID? = nil, _ db: Database
    ) throws {
        let now = now()
        let failed = SetupMessages.failure(
            command: type(of: message).type, subject: message.subject, agreement: agreement, salesUnit: salesUnit,
            refusal: refusal, at: now)
        try store.messages.append(
            failed, tenantID: envelope.tenantID, cause: envelope.asCause, at: now, in: db)
    }

    private static let noAgreement = Refusal(
        code: Refusal.OwnCode.keysMissing, detail: "The Vipps agreement is not known. Save it again with its keys.")
}
