import Foundation
import GRDB
import PointOfSale
import SharedKernel

// Agent instances and profiles.
extension SQLitePointOfSaleTransaction {
    func agentInstances(in tenant: TenantID) throws -> [AgentInstance] {
        let profiles = Dictionary(
            grouping: try all(
                "SELECT * FROM agent_profile WHERE tenant_id = ? ORDER BY rowid", [tenant.text]
            ).map(Self.profile), by: \.agentInstanceID)
        return try all("SELECT * FROM agent_instance WHERE tenant_id = ? ORDER BY is_no_agent, name, id", [tenant.text])
            .map { try Self.agentInstance($0, profiles: profiles[try $0.identifier("id")] ?? []) }
    }

    func agentInstance(_ id: AgentInstanceID, in tenant: TenantID) throws -> AgentInstance? {
        guard let row = try one("SELECT * FROM agent_instance WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
        else { return nil }
        let profiles = try all("SELECT * FROM agent_profile WHERE agent_instance_id = ? ORDER BY rowid", [id.text])
        return try Self.agentInstance(row, profiles: try profiles.map(Self.profile))
    }

    private static func agentInstance(_ row: Row, profiles: [AgentProfile]) throws -> AgentInstance {
        try AgentInstance(
            id: try row.identifier("id"), name: row["name"],
            organizationalUnitID: try row.identifier("organizational_unit_id"), isNoAgent: row["is_no_agent"],
            profiles: profiles)
    }

    private static func profile(_ row: Row) throws -> AgentProfile {
        try AgentProfile(
            id: try row.identifier("id"), agentInstanceID: try row.identifier("agent_instance_id"), name: row["name"],
            salesUnitID: row.optionalIdentifier("sales_unit_id"), merchantQRID: row["merchant_qr_id"])
    }

    func keep(_ agentInstance: AgentInstance, in tenant: TenantID) throws {
        try upsert(
            "agent instance",
            sql: """
                INSERT INTO agent_instance (id, tenant_id, name, organizational_unit_id, is_no_agent) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name,
                    organizational_unit_id = excluded.organizational_unit_id, is_no_agent = excluded.is_no_agent
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                agentInstance.id.text, tenant.text, agentInstance.name, agentInstance.organizationalUnitID.text,
                agentInstance.isNoAgent,
            ])
    }

    func agentProfile(_ id: AgentProfileID, in tenant: TenantID) throws -> AgentProfile? {
        try one("SELECT * FROM agent_profile WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map(Self.profile)
    }

    func keep(_ profile: AgentProfile, in tenant: TenantID) throws {
        try upsert(
            "agent profile",
            sql: """
                INSERT INTO agent_profile (id, tenant_id, name, agent_instance_id, sales_unit_id, merchant_qr_id)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, sales_unit_id = excluded.sales_unit_id,
                    merchant_qr_id = excluded.merchant_qr_id
                    WHERE tenant_id = excluded.tenant_id AND agent_instance_id = excluded.agent_instance_id
                """,
            arguments: [
                profile.id.text, tenant.text, profile.name, profile.agentInstanceID.text, profile.salesUnitID?.text,
                profile.merchantQRID,
            ])
    }

    func removeAgentProfile(_ id: AgentProfileID, in tenant: TenantID) throws {
        try run("DELETE FROM agent_profile WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
    }

    func till(withMerchantQR id: String, msn: String, in tenant: TenantID) throws -> AgentInstanceID? {
        try one(
            """
            SELECT agent_instance_id FROM agent_profile JOIN sales_unit ON sales_unit.id = agent_profile.sales_unit_id
            WHERE agent_profile.tenant_id = ? AND merchant_qr_id = ? AND sales_unit.msn = ? LIMIT 1
            """, [tenant.text, id, msn]
        )?.identifier("agent_instance_id")
    }
}

// Agreements and their webhooks.
extension SQLitePointOfSaleTransaction {
    func agreements(in tenant: TenantID) throws -> [VippsAgreement] {
        try all("SELECT * FROM agreement WHERE tenant_id = ? ORDER BY display_name, id", [tenant.text]).map(
            Self.agreement)
    }

    func agreement(_ id: AgreementID, in tenant: TenantID) throws -> VippsAgreement? {
        try one("SELECT * FROM agreement WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map(Self.agreement)
    }

    private static func agreement(_ row: Row) throws -> VippsAgreement {
        let at = row.optionalInstant("keys_check_at") ?? .distantPast
        let check: KeysCheck
        switch row["keys_check"] as String {
        case "not-checked": check = .notChecked
        case "asked": check = .asked(at: at)
        case "accepted": check = .accepted(at: at)
        case "refused":
            check = .refused(
                Refusal(code: row["keys_check_code"] ?? "", detail: row["keys_check_detail"] ?? ""), at: at)
        default: throw UnreadableRow(column: "keys_check")
        }
        return try VippsAgreement(
            id: try row.identifier("id"), displayName: row["display_name"],
            keysSetAt: row.optionalInstant("keys_set_at"),
            keysSetBy: row.optionalIdentifier("keys_set_by"), keysCheck: check, lastFailure: try row.failure())
    }

    func keep(_ agreement: VippsAgreement, keysEnvelope: Data?, in tenant: TenantID) throws {
        let check: (String, Date?, Refusal?) =
            switch agreement.keysCheck {
            case .notChecked: ("not-checked", nil, nil)
            case .asked(let at): ("asked", at, nil)
            case .accepted(let at): ("accepted", at, nil)
            case .refused(let refusal, let at): ("refused", at, refusal)
            }
        try upsert(
            "Vipps agreement",
            sql: """
                INSERT INTO agreement (id, tenant_id, display_name, keys_envelope, keys_set_at, keys_set_by, keys_check,
                    keys_check_at, keys_check_code, keys_check_detail, failure)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name,
                    keys_envelope = coalesce(excluded.keys_envelope, keys_envelope), keys_set_at = excluded.keys_set_at,
                    keys_set_by = excluded.keys_set_by, keys_check = excluded.keys_check,
                    keys_check_at = excluded.keys_check_at, keys_check_code = excluded.keys_check_code,
                    keys_check_detail = excluded.keys_check_detail, failure = excluded.failure
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                agreement.id.text, tenant.text, agreement.displayName, keysEnvelope, agreement.keysSetAt?.milliseconds,
                agreement.keysSetBy?.text, check.0, check.1?.milliseconds, check.2?.code, check.2?.detail,
                try FailureColumn.text(agreement.lastFailure),
            ])
    }

    func webhooks(of agreement: AgreementID) throws -> [WebhookStatus] {
        try all("SELECT * FROM webhook WHERE agreement_id = ? ORDER BY msn, kind DESC", [agreement.text]).map {
            WebhookStatus(
                msn: $0["msn"], kind: try $0.word("kind"), state: try $0.word("state"),
                changedAt: $0.optionalInstant("changed_at"), lastDeliveryAt: $0.optionalInstant("last_delivery_at"),
                detail: $0["detail"])
        }
    }

    func keep(_ webhook: WebhookStatus, of agreement: AgreementID) throws {
        try run(
            """
            INSERT OR REPLACE INTO webhook (agreement_id, msn, kind, state, changed_at, last_delivery_at, detail)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                agreement.text, webhook.msn, webhook.kind.rawValue, webhook.state.rawValue,
                webhook.changedAt?.milliseconds, webhook.lastDeliveryAt?.milliseconds, webhook.detail,
            ])
    }
}

// Sales units and their codes.
extension SQLitePointOfSaleTransaction {
    func salesUnits(in tenant: TenantID) throws -> [SalesUnit] {
        try all("SELECT * FROM sales_unit WHERE tenant_id = ? ORDER BY display_name, id", [tenant.text]).map(
            Self.salesUnit)
    }

    func salesUnit(_ id: SalesUnitID, in tenant: TenantID) throws -> SalesUnit? {
        try one("SELECT * FROM sales_unit WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map(Self.salesUnit)
    }

    private static func salesUnit(_ row: Row) throws -> SalesUnit {
        try SalesUnit(
            id: try row.identifier("id"), displayName: row["display_name"],
            organizationalUnitID: try row.identifier("organizational_unit_id"),
            agreementID: try row.identifier("agreement_id"), msn: row["msn"], currency: try row.word("currency"))
    }

    func keep(_ unit: SalesUnit, in tenant: TenantID) throws {
        try upsert(
            "sales unit",
            sql: """
                INSERT INTO sales_unit (id, tenant_id, display_name, organizational_unit_id, agreement_id, msn, currency)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name,
                    organizational_unit_id = excluded.organizational_unit_id, agreement_id = excluded.agreement_id,
                    msn = excluded.msn
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                unit.id.text, tenant.text, unit.displayName, unit.organizationalUnitID.text, unit.agreementID.text,
                unit.msn, unit.currency.rawValue,
            ])
    }

    func merchantQRs(of unit: SalesUnitID) throws -> MerchantQRList {
        let row = try one("SELECT synced_at, failure FROM sales_unit WHERE id = ?", [unit.text])
        let codes = try all(
            """
            SELECT merchant_qr.*, EXISTS (SELECT 1 FROM merchant_qr_image i WHERE i.sales_unit_id = merchant_qr.sales_unit_id
                AND i.merchant_qr_id = merchant_qr.merchant_qr_id) AS has_image
            FROM merchant_qr WHERE sales_unit_id = ? ORDER BY position
            """, [unit.text]
        ).map { row in
            MerchantQR(
                salesUnitID: unit, merchantQRID: row["merchant_qr_id"],
                locationDescription: row["location_description"],
                content: row["content"], state: try row.word("state"), hasImage: row["has_image"],
                failure: try row.failure())
        }
        return MerchantQRList(
            syncedAt: row?.optionalInstant("synced_at"), lastFailure: try row?.failure(), codes: codes)
    }

    func keep(_ list: MerchantQRList, of unit: SalesUnitID) throws {
        try run(
            "UPDATE sales_unit SET synced_at = ?, failure = ? WHERE id = ?",
            [list.syncedAt?.milliseconds, try FailureColumn.text(list.lastFailure), unit.text])
        try run("DELETE FROM merchant_qr WHERE sales_unit_id = ?", [unit.text])
        for (position, code) in list.codes.enumerated() {
            try run(
                """
                INSERT INTO merchant_qr (sales_unit_id, merchant_qr_id, location_description, content, state, failure,
                    position)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    unit.text, code.merchantQRID, code.locationDescription, code.content, code.state.rawValue,
                    try FailureColumn.text(code.failure), position,
                ])
        }
        try run(
            """
            DELETE FROM merchant_qr_image WHERE sales_unit_id = ? AND merchant_qr_id NOT IN
                (SELECT merchant_qr_id FROM merchant_qr WHERE sales_unit_id = ?)
            """, [unit.text, unit.text])
    }

    func merchantQRImage(_ id: String, of unit: SalesUnitID) throws -> String? {
        try one(
            "SELECT svg FROM merchant_qr_image WHERE sales_unit_id = ? AND merchant_qr_id = ?", [unit.text, id])?["svg"]
    }

    func keepMerchantQRImage(_ svg: String, of id: String, of unit: SalesUnitID) throws {
        try run(
            "INSERT OR REPLACE INTO merchant_qr_image (sales_unit_id, merchant_qr_id, svg) VALUES (?, ?, ?)",
            [unit.text, id, svg])
    }
}
