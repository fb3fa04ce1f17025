import Foundation
import GRDB
import MessageContracts
import Payments
import SQLiteStorage
import SharedKernel

/// One sales unit and topic of one tenant: what a webhook registration is for.
struct WebhookSlot: Sendable, Hashable {
    let tenantID: TenantID
    let agreementID: AgreementID
    let msn: String
    let topic: WebhookTopic
}

extension SQLiteSetupStore {
    /// What is remembered about a slot, without the secrets.
    struct RememberedSlot: Sendable {
        struct Registration: Sendable {
            let url: String
            let webhookID: String?
            let secretEnvelope: Data?
            let isOutdated: Bool
        }
        let registrations: [Registration]
        let addressesElsewhere: Set<String>
    }

    func remembered(_ slot: WebhookSlot) async throws -> RememberedSlot {
        try await database.read { db in
            let own = try Row.fetchAll(
                db,
                sql: """
                    SELECT url, webhook_id, secret_envelope, retired_at, is_outdated FROM webhook_registration
                    WHERE tenant_id = ? AND msn = ? AND topic = ? ORDER BY created_at, token
                    """, arguments: [slot.tenantID.text, slot.msn, slot.topic.rawValue])
            let elsewhere = try String.fetchSet(
                db,
                sql: """
                    SELECT url FROM webhook_registration
                    WHERE msn = ?1 AND NOT (tenant_id = ?2 AND topic = ?3)
                    """, arguments: [slot.msn, slot.tenantID.text, slot.topic.rawValue])
            return RememberedSlot(
                registrations: own.map { row in
                    let isRetired = (row["retired_at"] as Double?) != nil
                    return RememberedSlot.Registration(
                        url: row["url"], webhookID: row["webhook_id"],
                        secretEnvelope: isRetired ? nil : row["secret_envelope"], isOutdated: row["is_outdated"])
                }, addressesElsewhere: elsewhere)
        }
    }

    /// What stands for the agreement's sales units, by whichever agreement it was registered, is to be replaced. Until then its
    /// deliveries are taken.
    func outdateRegistrations(of agreement: AgreementID, tenant: TenantID, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE webhook_registration SET is_outdated = 1 WHERE tenant_id = ?1
                    AND msn IN (SELECT msn FROM setup_sales_unit WHERE agreement_id = ?2 AND tenant_id = ?1)
                """, arguments: [tenant.text, agreement.text])
    }

    /// Remembers that we are about to register `url`, so that a lost answer leaves no stranger behind at Vipps.
    func intendRegistration(token: String, url: String, for slot: WebhookSlot, at now: Date) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO webhook_registration (token, tenant_id, agreement_id, msn, topic, url, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    token, slot.tenantID.text, slot.agreementID.text, slot.msn, slot.topic.rawValue, url,
                    now.timeIntervalSince1970,
                ])
        }
    }

    /// Keeps the registration with its sealed secret and tells of it, together.
    func registered(
        token: String, webhookID: String, secretEnvelope: Data, by job: QueuedSetupJob, slot: WebhookSlot, at now: Date
    ) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE webhook_registration SET webhook_id = ?, secret_envelope = ?, registered_at = ?
                    WHERE token = ?
                    """, arguments: [webhookID, secretEnvelope, now.timeIntervalSince1970, token])
            let fact = SetupFact.webhookRegistered(msn: slot.msn, slot.topic, webhookID: webhookID)
            try SetupMessages.tell(
                fact, of: job.agreementID, tenant: job.tenantID, cause: job.cause, at: now, through: messages, in: db)
            try remember(state: Self.state(of: fact), msn: slot.msn, slot.topic, tenant: slot.tenantID, in: db)
        }
    }

    /// The registration is gone at Vipps. Its secret stays for a while, for deliveries that are still under way, but not where
    /// somebody wanted another: strangers may know it.
    func retire(url: String, of slot: WebhookSlot, at now: Date) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE webhook_registration SET retired_at = coalesce(retired_at, ?),
                        secret_envelope = CASE WHEN is_outdated THEN NULL ELSE secret_envelope END
                    WHERE url = ? AND tenant_id = ?
                    """, arguments: [now.timeIntervalSince1970, url, slot.tenantID.text])
        }
    }

    /// Tells a fact. What a watch finds unchanged is not told again; what a person asked for is.
    func tell(_ fact: SetupFact, of job: QueuedSetupJob, at now: Date, in db: Database) throws {
        switch fact {
        case .webhookRegistered(let msn, let topic, _), .webhookMissing(let msn, let topic, _, _):
            let state = Self.state(of: fact)
            let told = try String.fetchOne(
                db, sql: "SELECT state FROM webhook_told WHERE tenant_id = ? AND msn = ? AND topic = ?",
                arguments: [job.tenantID.text, msn, topic.rawValue])
            let isAsked = if case .ensureWebhooks(_, asked: true) = job.job { true } else { false }
            if told == state, !isAsked { return }
            try remember(state: state, msn: msn, topic, tenant: job.tenantID, in: db)
        case .keysChecked, .merchantQRsSynced, .merchantQRImageFetched, .failed: break
        }
        try SetupMessages.tell(
            fact, of: job.agreementID, tenant: job.tenantID, cause: job.cause, at: now, through: messages, in: db)
    }

    private func remember(
        state: String, msn: String, _ topic: WebhookTopic, tenant: TenantID, in db: Database
    ) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO webhook_told (tenant_id, msn, topic, state) VALUES (?, ?, ?, ?)",
            arguments: [tenant.text, msn, topic.rawValue, state])
    }

    private static func state(of fact: SetupFact) -> String {
        switch fact {
        case .webhookRegistered(_, _, let webhookID): "registered \(webhookID)"
        case .webhookMissing(_, _, let absence, _): absence.rawValue
        case .keysChecked, .merchantQRsSynced, .merchantQRImageFetched, .failed: ""
        }
    }

    /// Forgets what has served: registrations gone for longer than Vipps' retries last, raw webhooks after thirty days,
    /// tokens of check-ins soon after they have expired.
    package func tidy(at now: Date) async throws {
        let day: TimeInterval = 86_400
        let instant = now.timeIntervalSince1970
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM webhook_registration WHERE retired_at < ?", arguments: [instant - 8 * day])
            try db.execute(
                sql: """
                    DELETE FROM webhook_inbox WHERE number IN
                        (SELECT number FROM webhook_inbox WHERE received_at < ? ORDER BY received_at LIMIT 1000)
                    """, arguments: [instant - 30 * day])
            try db.execute(
                sql: "UPDATE check_in SET token_envelope = NULL WHERE valid_until < ? AND token_envelope IS NOT NULL",
                arguments: [instant - CheckIn.tokenKeptAfterwards])
            try db.execute(sql: "DELETE FROM check_in WHERE valid_until < ?", arguments: [instant - day])
        }
    }
}
