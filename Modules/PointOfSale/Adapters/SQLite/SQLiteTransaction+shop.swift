import Foundation
import GRDB
import MessageContracts
import PointOfSale
import SQLiteStorage
import SharedKernel

// Tenants and organizational units.
extension SQLitePointOfSaleTransaction {
    func tenant(_ id: TenantID) throws -> Tenant? {
        try one("SELECT * FROM tenant WHERE id = ?", [id.text]).map { row in try self.tenant(row, prefix: "") }
    }

    private func tenant(_ row: Row, prefix: String) throws -> Tenant {
        try Tenant(
            id: try row.identifier("\(prefix)id"), name: row["\(prefix)name"], market: try row.word("\(prefix)market"),
            currency: try row.word("\(prefix)currency"),
            features: Set(try WordsColumn.words(row["\(prefix)features"])))
    }

    func keep(_ tenant: Tenant) throws {
        try run(
            """
            INSERT INTO tenant (id, name, market, currency, features) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, market = excluded.market, features = excluded.features
            """,
            [
                tenant.id.text, tenant.name, tenant.market.rawValue, tenant.currency.rawValue,
                try WordsColumn.text(tenant.features),
            ])
    }

    func organizationalUnits(in tenant: TenantID) throws -> [OrganizationalUnit] {
        try all("SELECT * FROM organizational_unit WHERE tenant_id = ? ORDER BY name, id", [tenant.text]).map(Self.unit)
    }

    func organizationalUnit(_ id: OrganizationalUnitID, in tenant: TenantID) throws -> OrganizationalUnit? {
        try one("SELECT * FROM organizational_unit WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map(
            Self.unit)
    }

    private static func unit(_ row: Row) throws -> OrganizationalUnit {
        try OrganizationalUnit(id: try row.identifier("id"), name: row["name"], code: row["code"])
    }

    func keep(_ unit: OrganizationalUnit, in tenant: TenantID) throws {
        try upsert(
            "organizational unit",
            sql: """
                INSERT INTO organizational_unit (id, tenant_id, name, code, next_number) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name, code = excluded.code
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [unit.id.text, tenant.text, unit.name, unit.code, SaleIdentifier.firstNumber])
    }

    func hasNumberedSales(_ unit: OrganizationalUnitID) throws -> Bool {
        try one(
            "SELECT 1 FROM organizational_unit WHERE id = ? AND next_number > ?",
            [unit.text, SaleIdentifier.firstNumber])
            != nil
    }
}

// Users and sessions.
extension SQLitePointOfSaleTransaction {
    func users(in tenant: TenantID) throws -> [User] {
        try all("SELECT * FROM user WHERE tenant_id = ? ORDER BY display_name, id", [tenant.text]).map {
            try Self.user($0)
        }
    }

    func user(_ id: UserID, in tenant: TenantID) throws -> User? {
        try one("SELECT * FROM user WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map { try Self.user($0) }
    }

    private static func user(_ row: Row) throws -> User {
        try User(
            id: try row.identifier("id"), userName: row["user_name"], displayName: row["display_name"],
            roles: Set(try WordsColumn.words(row["roles"]).compactMap(UserRole.init(rawValue:))),
            language: try row.word("language"), isActive: row["is_active"])
    }

    func keep(_ user: User, passwordHash: String?, in tenant: TenantID) throws {
        try upsert(
            "user",
            sql: """
                INSERT INTO user (id, tenant_id, user_name, display_name, roles, language, is_active, password_hash)
                VALUES (:id, :tenant, :name, :display, :roles, :language, :active, coalesce(:hash, ''))
                ON CONFLICT (id) DO UPDATE SET user_name = excluded.user_name, display_name = excluded.display_name,
                    roles = excluded.roles, language = excluded.language, is_active = excluded.is_active,
                    password_hash = coalesce(:hash, password_hash)
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                "id": user.id.text, "tenant": tenant.text, "name": user.userName, "display": user.displayName,
                "roles": try WordsColumn.text(user.roles.map(\.rawValue)), "language": user.language.rawValue,
                "active": user.isActive, "hash": passwordHash,
            ])
    }

    func credentials(userName: String) throws -> [Credentials] {
        try all(
            """
            SELECT user.*, tenant.id AS t_id, tenant.name AS t_name, tenant.market AS t_market,
                tenant.currency AS t_currency, tenant.features AS t_features
            FROM user JOIN tenant ON tenant.id = user.tenant_id WHERE user_name = ? LIMIT 1000
            """, [userName]
        ).map {
            Credentials(
                tenant: try tenant($0, prefix: "t_"), user: try Self.user($0), passwordHash: $0["password_hash"])
        }
    }

    func session(_ id: SessionID) throws -> TillSession? {
        try one("SELECT * FROM session WHERE id = ?", [id.text]).map(Self.session)
    }

    private static func session(_ row: Row) throws -> TillSession {
        TillSession(
            id: try row.identifier("id"), tenantID: try row.identifier("tenant_id"),
            userID: try row.identifier("user_id"), csrf: row["csrf"], startedAt: row.instant("started_at"),
            expiresAt: row.instant("expires_at"), endedAt: row.optionalInstant("ended_at"),
            agentProfileID: row.optionalIdentifier("agent_profile_id"))
    }

    func keep(_ session: TillSession) throws {
        try run(
            """
            INSERT INTO session (id, tenant_id, user_id, csrf, agent_profile_id, started_at, expires_at, ended_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET agent_profile_id = excluded.agent_profile_id, ended_at = excluded.ended_at
            """,
            [
                session.id.text, session.tenantID.text, session.userID.text, session.csrf, session.agentProfileID?.text,
                session.startedAt.milliseconds, session.expiresAt.milliseconds, session.endedAt?.milliseconds,
            ])
        if let endedAt = session.endedAt, session.expiresAt > now.addingTimeInterval(-EndedSessions.clockDifferenceMax)
        {
            try sessions.note(session.id, until: session.expiresAt, now: now, in: db)
            try send(
                SessionEnded(sessionID: session.id, endedAt: endedAt, expiresAt: session.expiresAt),
                in: session.tenantID)
        }
    }

    func endSessions(of user: UserID, at now: Date) throws {
        // Those that seem to have expired, too: the clock may be wrong.
        for row in try all("SELECT * FROM session WHERE user_id = ? AND ended_at IS NULL", [user.text]) {
            var session = try Self.session(row)
            session.endedAt = now
            try keep(session)
        }
    }

    func lastAgentProfile(of user: UserID) throws -> AgentProfileID? {
        try one(
            """
            SELECT agent_profile_id FROM session WHERE user_id = ? AND agent_profile_id IS NOT NULL
            ORDER BY started_at DESC LIMIT 1
            """, [user.text]
        )?.optionalIdentifier("agent_profile_id")
    }
}

// Products and payment options.
extension SQLitePointOfSaleTransaction {
    func products(_ query: ProductQuery, in tenant: TenantID) throws -> ProductPage {
        if let code = query.code {
            return ProductPage(products: try [product(code: code, in: tenant)].compactMap(\.self), next: nil)
        }
        var conditions = ["tenant_id = ?", "is_removed = 0"]
        var arguments: StatementArguments = [tenant.text]
        for word in folded(query.search ?? "").split(whereSeparator: \.isWhitespace).prefix(8) {
            conditions.append("search_text LIKE ? ESCAPE '\\'")
            let escaped = word.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
            arguments += ["%\(escaped)%"]
        }
        if let cursor = query.cursor {
            guard let id = ProductID(cursor),
                let row = try one(
                    "SELECT sort_name FROM product WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
            else { throw Invalid(field: "cursor", slug: "unknown", reason: "is not the `next` of a page of this list") }
            conditions.append("(sort_name, id) > (?, ?)")
            arguments += [row["sort_name"] as String, id.text]
        }
        let limit = min(max(query.limit, 1), 200)
        arguments += [limit + 1]
        let rows = try all(
            "SELECT * FROM product WHERE \(conditions.joined(separator: " AND ")) ORDER BY sort_name, id LIMIT ?",
            arguments)
        let products = try rows.prefix(limit).map(Self.product)
        return ProductPage(products: products, next: rows.count > limit ? products.last?.id.text : nil)
    }

    func product(_ id: ProductID, in tenant: TenantID) throws -> Product? {
        try one("SELECT * FROM product WHERE id = ? AND tenant_id = ? AND is_removed = 0", [id.text, tenant.text])
            .map(Self.product)
    }

    func product(withNumber number: String, in tenant: TenantID) throws -> Product? {
        try one("SELECT * FROM product WHERE tenant_id = ? AND number = ? AND is_removed = 0", [tenant.text, number])
            .map(Self.product)
    }

    func product(withBarcode barcode: String, in tenant: TenantID) throws -> Product? {
        try one("SELECT * FROM product WHERE tenant_id = ? AND barcode = ? AND is_removed = 0", [tenant.text, barcode])
            .map(Self.product)
    }

    func product(code: String, in tenant: TenantID) throws -> Product? {
        try product(withBarcode: code, in: tenant) ?? product(withNumber: code, in: tenant)
    }

    private static func product(_ row: Row) throws -> Product {
        try Product(
            id: try row.identifier("id"), number: row["number"], barcode: row["barcode"], name: row["name"],
            price: try row.money("price"), vatRate: try VATRate(basisPoints: row["vat_rate"]),
            category: row["category"],
            currency: try row.word("currency"))
    }

    func keep(_ product: Product, in tenant: TenantID) throws {
        let searchText = [product.name, product.number, product.barcode].compactMap(\.self).map(folded)
        try upsert(
            "product",
            sql: """
                INSERT INTO product (id, tenant_id, number, barcode, name, sort_name, search_text, price, currency,
                    vat_rate, category, is_removed)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
                ON CONFLICT (id) DO UPDATE SET number = excluded.number, barcode = excluded.barcode,
                    name = excluded.name, sort_name = excluded.sort_name, search_text = excluded.search_text,
                    price = excluded.price, vat_rate = excluded.vat_rate, category = excluded.category, is_removed = 0
                    WHERE tenant_id = excluded.tenant_id
                """,
            arguments: [
                product.id.text, tenant.text, product.number, product.barcode, product.name, product.name.lowercased(),
                searchText.joined(separator: " "), product.price.minorUnits, product.price.currency.rawValue,
                product.vatRate.basisPoints, product.category,
            ])
    }

    func removeProduct(_ id: ProductID, in tenant: TenantID) throws {
        try run("UPDATE product SET is_removed = 1 WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
    }

    func paymentOptions(in tenant: TenantID) throws -> [PaymentOption] {
        try all("SELECT * FROM payment_option WHERE tenant_id = ? ORDER BY name, id", [tenant.text]).map(Self.option)
    }

    func paymentOption(_ id: PaymentOptionID, in tenant: TenantID) throws -> PaymentOption? {
        try one("SELECT * FROM payment_option WHERE id = ? AND tenant_id = ?", [id.text, tenant.text]).map(Self.option)
    }

    private static func option(_ row: Row) throws -> PaymentOption {
        PaymentOption(
            id: try row.identifier("id"), name: row["name"], method: try row.word("method"),
            quickAccess: row["quick_access"], enabled: row["enabled"])
    }

    func keep(_ option: PaymentOption, in tenant: TenantID) throws {
        try upsert(
            "payment option",
            sql: """
                INSERT INTO payment_option (id, tenant_id, name, method, quick_access, enabled) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, method = excluded.method,
                    quick_access = excluded.quick_access, enabled = excluded.enabled
                """,
            arguments: [
                option.id.text, tenant.text, option.name, option.method.rawValue, option.quickAccess, option.enabled,
            ])
    }
}
