import GRDB

/// The tables of webhooks: registrations with sealed secrets, what was told about them, the raw inbox, and check-ins.
package enum WebhookSchema {
    package static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("webhooks-1") { db in
            try db.execute(
                sql: """
                    -- A row is written before Vipps is asked; without webhook_id nobody knows whether it was heard.
                    CREATE TABLE webhook_registration (
                        token TEXT PRIMARY KEY NOT NULL,
                        tenant_id TEXT NOT NULL,
                        agreement_id TEXT NOT NULL,
                        msn TEXT NOT NULL,
                        topic TEXT NOT NULL,
                        url TEXT NOT NULL UNIQUE,
                        webhook_id TEXT,
                        secret_envelope BLOB,          -- CMS to our own certificate
                        created_at REAL NOT NULL,
                        registered_at REAL,
                        retired_at REAL,
                        delivery_told_at REAL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX webhook_registration_unit ON webhook_registration (msn, topic, created_at);

                    CREATE TABLE webhook_told (
                        tenant_id TEXT NOT NULL,
                        msn TEXT NOT NULL,
                        topic TEXT NOT NULL,
                        state TEXT NOT NULL,
                        PRIMARY KEY (tenant_id, msn, topic)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE webhook_inbox (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        tenant_id TEXT NOT NULL,
                        event_key TEXT NOT NULL,       -- the same event is kept once, however often it comes
                        webhook_token TEXT NOT NULL,
                        received_at REAL NOT NULL,
                        body BLOB,                     -- absent where it would hold a customer's token or data
                        UNIQUE (tenant_id, event_key)
                    ) STRICT;
                    CREATE INDEX webhook_inbox_received ON webhook_inbox (received_at);

                    CREATE TABLE check_in (
                        check_in_id TEXT PRIMARY KEY NOT NULL,
                        tenant_id TEXT NOT NULL,
                        msn TEXT NOT NULL,
                        merchant_qr_id TEXT NOT NULL,
                        initiated_at REAL NOT NULL,
                        valid_until REAL NOT NULL,
                        token_envelope BLOB            -- CMS; erased when used, or soon after it has expired
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX check_in_valid_until ON check_in (valid_until);
                    """)
        }
        migrator.registerMigration("webhooks-2") { db in
            try db.execute(
                sql: "ALTER TABLE webhook_registration ADD COLUMN is_outdated INTEGER NOT NULL DEFAULT 0")
        }
    }
}
