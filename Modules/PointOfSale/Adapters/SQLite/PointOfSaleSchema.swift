import GRDB
import SQLiteStorage

/// The tables of pos-service. A migration that has been shipped is never changed; a new one follows it.
package enum PointOfSaleSchema {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("shop") { db in try db.execute(sql: shop) }
        migrator.registerMigration("vipps") { db in try db.execute(sql: vipps) }
        migrator.registerMigration("sales") { db in try db.execute(sql: sales) }
        migrator.registerMigration("payment options by tenant") { db in try db.execute(sql: paymentOptionsByTenant) }
        migrator.registerMigration("payments without a sale") { db in try db.execute(sql: paymentsWithoutSale) }
        migrator.registerMigration("ended sessions") { db in
            try EndedSessions.makeTable(in: db)
            try db.execute(
                sql: """
                    INSERT INTO ended_session (id, expires_at)
                        SELECT id, expires_at / 1000.0 FROM session WHERE ended_at IS NOT NULL
                    """)
        }
        migrator.registerMigration("customers to forget") { db in try db.execute(sql: customersToForget) }
        return migrator
    }

    // Instants are whole milliseconds since 1970, identifiers lower-case text.
    private static let shop = """
        CREATE TABLE tenant (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, market TEXT NOT NULL, currency TEXT NOT NULL, features TEXT NOT NULL
        );
        CREATE TABLE organizational_unit (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), name TEXT NOT NULL, code TEXT NOT NULL,
            next_number INTEGER NOT NULL,
            UNIQUE (tenant_id, code)
        );
        CREATE TABLE user (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), user_name TEXT NOT NULL,
            display_name TEXT NOT NULL, roles TEXT NOT NULL, language TEXT NOT NULL, is_active INTEGER NOT NULL,
            password_hash TEXT NOT NULL,
            UNIQUE (tenant_id, user_name)
        );
        CREATE INDEX user_by_name ON user (user_name);
        CREATE TABLE session (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, user_id TEXT NOT NULL REFERENCES user (id), csrf TEXT NOT NULL,
            agent_profile_id TEXT, started_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER
        );
        CREATE INDEX session_by_user ON session (user_id, started_at);
        CREATE INDEX session_by_expiry ON session (expires_at);
        CREATE TABLE product (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), number TEXT NOT NULL, barcode TEXT,
            name TEXT NOT NULL, sort_name TEXT NOT NULL, search_text TEXT NOT NULL, price INTEGER NOT NULL,
            currency TEXT NOT NULL, vat_rate INTEGER NOT NULL, category TEXT, is_removed INTEGER NOT NULL DEFAULT 0
        );
        CREATE UNIQUE INDEX product_by_number ON product (tenant_id, number) WHERE is_removed = 0;
        CREATE UNIQUE INDEX product_by_barcode ON product (tenant_id, barcode)
            WHERE is_removed = 0 AND barcode IS NOT NULL;
        CREATE INDEX product_by_name ON product (tenant_id, sort_name, id) WHERE is_removed = 0;
        CREATE TABLE agent_instance (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), name TEXT NOT NULL,
            organizational_unit_id TEXT NOT NULL REFERENCES organizational_unit (id), is_no_agent INTEGER NOT NULL
        );
        CREATE INDEX agent_instance_by_tenant ON agent_instance (tenant_id);
        CREATE TABLE payment_option (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL, method TEXT NOT NULL,
            quick_access INTEGER NOT NULL, enabled INTEGER NOT NULL
        );
        CREATE INDEX payment_option_by_tenant ON payment_option (tenant_id);
        """

    private static let vipps = """
        CREATE TABLE agreement (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), display_name TEXT NOT NULL,
            keys_envelope BLOB, keys_set_at INTEGER, keys_set_by TEXT,
            keys_check TEXT NOT NULL, keys_check_at INTEGER, keys_check_code TEXT, keys_check_detail TEXT,
            failure TEXT
        );
        CREATE INDEX agreement_by_tenant ON agreement (tenant_id);
        CREATE TABLE webhook (
            agreement_id TEXT NOT NULL REFERENCES agreement (id), msn TEXT NOT NULL, kind TEXT NOT NULL,
            state TEXT NOT NULL, changed_at INTEGER, last_delivery_at INTEGER, detail TEXT,
            PRIMARY KEY (agreement_id, msn, kind)
        ) WITHOUT ROWID;
        CREATE TABLE sales_unit (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), display_name TEXT NOT NULL,
            organizational_unit_id TEXT NOT NULL REFERENCES organizational_unit (id),
            agreement_id TEXT NOT NULL REFERENCES agreement (id), msn TEXT NOT NULL, currency TEXT NOT NULL,
            synced_at INTEGER, failure TEXT,
            UNIQUE (tenant_id, msn)
        );
        CREATE TABLE merchant_qr (
            sales_unit_id TEXT NOT NULL REFERENCES sales_unit (id), merchant_qr_id TEXT NOT NULL,
            location_description TEXT NOT NULL, content TEXT, state TEXT NOT NULL, failure TEXT,
            position INTEGER NOT NULL,
            PRIMARY KEY (sales_unit_id, merchant_qr_id)
        );
        CREATE TABLE merchant_qr_image (
            sales_unit_id TEXT NOT NULL REFERENCES sales_unit (id), merchant_qr_id TEXT NOT NULL, svg TEXT NOT NULL,
            PRIMARY KEY (sales_unit_id, merchant_qr_id)
        );
        CREATE TABLE agent_profile (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL,
            agent_instance_id TEXT NOT NULL REFERENCES agent_instance (id),
            sales_unit_id TEXT REFERENCES sales_unit (id), merchant_qr_id TEXT
        );
        CREATE INDEX agent_profile_by_instance ON agent_profile (agent_instance_id);
        CREATE INDEX agent_profile_by_code ON agent_profile (tenant_id, merchant_qr_id);
        CREATE TABLE check_in (
            agent_instance_id TEXT PRIMARY KEY REFERENCES agent_instance (id), tenant_id TEXT NOT NULL,
            check_in_id TEXT NOT NULL, msn TEXT NOT NULL, initiated_at INTEGER NOT NULL, valid_until INTEGER NOT NULL
        );
        """

    // `document` is the sale; the other columns are what lists and look-ups need of it.
    private static let sales = """
        CREATE TABLE sale (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), identifier TEXT NOT NULL,
            kind TEXT NOT NULL, state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
            organizational_unit_id TEXT NOT NULL REFERENCES organizational_unit (id), agent_instance_id TEXT,
            started_by TEXT NOT NULL, total INTEGER NOT NULL, currency TEXT NOT NULL,
            has_vipps INTEGER NOT NULL, has_cash INTEGER NOT NULL, needs_attention INTEGER NOT NULL,
            document BLOB NOT NULL,
            UNIQUE (tenant_id, identifier)
        );
        CREATE INDEX sale_by_time ON sale (tenant_id, started_at, id);
        CREATE INDEX sale_by_state ON sale (tenant_id, state, started_at, id);
        CREATE INDEX sale_by_kind ON sale (tenant_id, kind, started_at, id);
        CREATE INDEX sale_by_till ON sale (tenant_id, agent_instance_id, started_at, id);
        CREATE INDEX sale_with_vipps ON sale (tenant_id, started_at, id) WHERE has_vipps = 1;
        CREATE INDEX sale_with_cash ON sale (tenant_id, started_at, id) WHERE has_cash = 1;
        CREATE INDEX sale_needing_attention ON sale (tenant_id, started_at, id) WHERE needs_attention = 1;
        CREATE TABLE sale_payment (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, sale_id TEXT NOT NULL REFERENCES sale (id),
            reference TEXT, msn TEXT, agent_instance_id TEXT, is_awaiting INTEGER NOT NULL, started_at INTEGER NOT NULL
        );
        CREATE INDEX sale_payment_by_reference ON sale_payment (tenant_id, reference);
        CREATE INDEX sale_payment_awaiting ON sale_payment (agent_instance_id, started_at) WHERE is_awaiting = 1;
        CREATE TABLE sale_command (
            tenant_id TEXT NOT NULL, command_id TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
            processed_at INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, command_id)
        );
        CREATE INDEX sale_command_by_age ON sale_command (processed_at);
        """

    // Their identifiers are chosen by tenants: two may choose the same.
    private static let paymentOptionsByTenant = """
        CREATE TABLE payment_option_of_tenant (
            tenant_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, method TEXT NOT NULL,
            quick_access INTEGER NOT NULL, enabled INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, id)
        ) WITHOUT ROWID;
        INSERT INTO payment_option_of_tenant (tenant_id, id, name, method, quick_access, enabled)
            SELECT tenant_id, id, name, method, quick_access, enabled FROM payment_option;
        DROP TABLE payment_option;
        ALTER TABLE payment_option_of_tenant RENAME TO payment_option;
        """

    private static let paymentsWithoutSale = """
        CREATE TABLE payment_without_sale (
            id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenant (id), reference TEXT NOT NULL,
            captured INTEGER NOT NULL, refunded INTEGER NOT NULL, currency TEXT NOT NULL, noticed_at INTEGER NOT NULL
        );
        CREATE INDEX payment_without_sale_by_tenant ON payment_without_sale (tenant_id, noticed_at)
            WHERE refunded < captured;
        """

    // 1 in every row that is there already, without writing one: whoever looks at such a sale writes what is true.
    private static let customersToForget = """
        ALTER TABLE sale ADD COLUMN has_customer_to_forget INTEGER NOT NULL DEFAULT 1;
        CREATE INDEX sale_with_customer_to_forget ON sale (ended_at) WHERE has_customer_to_forget = 1;
        """
}
