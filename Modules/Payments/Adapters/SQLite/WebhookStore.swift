import CrashPoints
import Cryptography
import Foundation
import GRDB
import MessageContracts
import Payments
import SQLiteStorage
import SharedKernel

/// A registration as an incoming webhook needs it.
package struct WebhookRegistration: Sendable, Hashable {
    package let token: String
    package let tenantID: TenantID
    package let agreementID: AgreementID
    package let msn: String
    package let topic: WebhookTopic
    /// As registered: its host, path and query are what Vipps signs.
    package let url: String
    /// `nil` while the answer to the registration is not yet here.
    package let webhookID: String?
    package let secretEnvelope: Data
}

/// The inbox of webhooks and the check-ins that come out of it.
package struct SQLiteWebhookStore: Sendable {
    /// A delivery is told at most this often per registration, in seconds.
    package static let tellingInterval: TimeInterval = 60

    private let database: SQLiteDatabase
    private let messages: SQLiteMessageStore
    private let sealing: SealingCertificates
    private let opening: OpeningKeys
    private let recorder: (any PaymentWebhookRecorder)?

    package init(
        database: SQLiteDatabase, messages: SQLiteMessageStore, sealing: SealingCertificates, opening: OpeningKeys,
        recorder: (any PaymentWebhookRecorder)?
    ) {
        self.database = database
        self.messages = messages
        self.sealing = sealing
        self.opening = opening
        self.recorder = recorder
    }

    /// The registration with this secret path part; `nil` when there is none with a secret.
    package func registration(token: String) async throws -> WebhookRegistration? {
        try await database.read { db in
            guard
                let row = try Row.fetchOne(
                    db.cachedStatement(
                        sql: """
                            SELECT * FROM webhook_registration WHERE token = ? AND secret_envelope IS NOT NULL
                            """), arguments: [token]),
                let tenantID = TenantID(row["tenant_id"] as String),
                let agreementID = AgreementID(row["agreement_id"] as String),
                let topic = WebhookTopic(rawValue: row["topic"])
            else { return nil }
            return WebhookRegistration(
                token: token, tenantID: tenantID, agreementID: agreementID, msn: row["msn"], topic: topic,
                url: row["url"], webhookID: row["webhook_id"], secretEnvelope: row["secret_envelope"])
        }
    }

    /// Keeps a verified webhook. What came before is kept once.
    ///
    /// - Returns: whether it is new.
    package func keep(
        _ content: WebhookContent, body: Data, of registration: WebhookRegistration, cause: Cause, at now: Date
    ) async throws -> Bool {
        // Sealing is work for the processor, not for the one writer.
        let sealedToken: Data? =
            if case .checkIn(let checkIn) = content { try sealing.seal(Data(checkIn.token.text.utf8)) } else { nil }
        let isNew = try await database.write { db in
            try db.cachedStatement(
                sql: """
                    INSERT OR IGNORE INTO webhook_inbox (tenant_id, event_key, webhook_token, received_at, body)
                    VALUES (?, ?, ?, ?, ?)
                    """
            ).execute(
                arguments: [
                    registration.tenantID.text, content.eventKey(of: body), registration.token,
                    now.timeIntervalSince1970, content.mayBeKept ? body : nil,
                ])
            let isNew = db.changesCount == 1
            if isNew {
                switch content {
                case .payment(let webhook): try recorder?.record(webhook, cause: cause, at: now, in: db)
                case .checkIn(let checkIn):
                    guard let sealedToken else { preconditionFailure("a check-in's token is sealed above") }
                    try keep(checkIn, sealedToken: sealedToken, of: registration, cause: cause, at: now, in: db)
                case .unreadable: break
                }
            }
            try tellDelivery(of: registration, cause: cause, at: now, in: db)
            CrashPoint.pass("gateway.webhook.before-commit")
            return isNew
        }
        CrashPoint.pass("gateway.webhook.after-commit")
        return isNew
    }

    private func keep(
        _ scan: WebhookContent.Scan, sealedToken: Data, of registration: WebhookRegistration, cause: Cause,
        at now: Date, in db: Database
    ) throws {
        let checkIn = CheckIn(
            checkInID: .new(at: now), tenantID: registration.tenantID, msn: registration.msn,
            merchantQRID: scan.merchantQRID, initiatedAt: scan.initiatedAt,
            validUntil: CheckIn.validUntil(initiatedAt: scan.initiatedAt, sentAt: scan.sentAt, receivedAt: now))
        guard checkIn.validUntil > now else { return }
        try db.execute(
            sql: """
                INSERT INTO check_in (check_in_id, tenant_id, msn, merchant_qr_id, initiated_at, valid_until,
                    token_envelope) VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                checkIn.checkInID.text, checkIn.tenantID.text, checkIn.msn, checkIn.merchantQRID,
                checkIn.initiatedAt.timeIntervalSince1970, checkIn.validUntil.timeIntervalSince1970, sealedToken,
            ])
        try messages.append(
            CustomerCheckedIn(
                checkInID: checkIn.checkInID, msn: checkIn.msn, merchantQRID: checkIn.merchantQRID,
                initiatedAt: checkIn.initiatedAt, validUntil: checkIn.validUntil),
            tenantID: checkIn.tenantID, cause: cause, at: now, in: db)
    }

    private func tellDelivery(
        of registration: WebhookRegistration, cause: Cause, at now: Date, in db: Database
    ) throws {
        let instant = now.timeIntervalSince1970
        try db.cachedStatement(
            sql: """
                UPDATE webhook_registration SET delivery_told_at = ?1
                WHERE token = ?2 AND (delivery_told_at IS NULL OR abs(delivery_told_at - ?1) >= ?3)
                """
        ).execute(arguments: [instant, registration.token, Self.tellingInterval])
        guard db.changesCount == 1 else { return }
        try messages.append(
            WebhookDelivered(
                agreementID: registration.agreementID, msn: registration.msn,
                kind: SetupMessages.kind(of: registration.topic), deliveredAt: now),
            tenantID: registration.tenantID, cause: cause, at: now, in: db)
    }

    /// The secret of a registration; `nil` when it does not open.
    package func secret(of registration: WebhookRegistration) -> Data? {
        try? opening.open(registration.secretEnvelope)
    }
}

extension SQLiteWebhookStore: CheckInTokens {
    /// `nil` also once the token is erased.
    package func token(for checkIn: CheckInID, of tenant: TenantID) async throws -> CheckInToken? {
        let found = try await database.read { db -> (envelope: Data, validUntil: Date)? in
            guard
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT token_envelope, valid_until FROM check_in
                        WHERE check_in_id = ? AND tenant_id = ? AND token_envelope IS NOT NULL
                        """,
                    arguments: [checkIn.text, tenant.text])
            else { return nil }
            return (row["token_envelope"], Date(timeIntervalSince1970: row["valid_until"]))
        }
        guard let found else { return nil }
        return CheckInToken(
            token: CustomerToken(String(decoding: try opening.open(found.envelope), as: UTF8.self)),
            validUntil: found.validUntil)
    }

    /// Erases the token of a check-in whose payment has been made or has ended.
    package func eraseToken(of checkIn: CheckInID, tenant: TenantID, in db: Database) throws {
        try db.execute(
            sql: "UPDATE check_in SET token_envelope = NULL WHERE check_in_id = ? AND tenant_id = ?",
            arguments: [checkIn.text, tenant.text])
    }
}
