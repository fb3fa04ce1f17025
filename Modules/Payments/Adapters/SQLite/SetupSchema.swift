import GRDB

/// The tables of set-up at Vipps: agreements with sealed keys, sales units, and what is still to be done.
package enum SetupSchema {
    package static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("setup-1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE setup_agreement (
                        agreement_id TEXT PRIMARY KEY NOT NULL,
                        tenant_id TEXT NOT NULL,
                        display_name TEXT NOT NULL,
                        keys_envelope BLOB,            -- CMS, opened for a call only
                        keys_set_at REAL,
                        webhooks_wanted INTEGER NOT NULL DEFAULT 0
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE setup_sales_unit (
                        sales_unit_id TEXT PRIMARY KEY NOT NULL,
                        tenant_id TEXT NOT NULL,
                        agreement_id TEXT NOT NULL,
                        msn TEXT NOT NULL,
                        UNIQUE (tenant_id, msn)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX setup_sales_unit_agreement ON setup_sales_unit (agreement_id);

                    CREATE TABLE setup_job (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        tenant_id TEXT NOT NULL,
                        agreement_id TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        sales_unit_id TEXT,
                        code_id TEXT,
                        location_description TEXT,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        due_at REAL NOT NULL,
                        correlation_id TEXT NOT NULL,
                        causation_id TEXT,
                        traceparent TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX setup_job_agreement ON setup_job (agreement_id, number);
                    """)
        }
    }
}
