import GRDB
import SQLiteStorage

/// The tables of financial-service.
package enum FinanceSchema {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("finance 1") { db in
            try db.execute(sql: paymentOptions)
            try db.execute(sql: ledger)
            try db.execute(sql: eventLog)
        }
        migrator.registerMigration("ended sessions") { try EndedSessions.makeTable(in: $0) }
        return migrator
    }

    private static let paymentOptions = """
        CREATE TABLE payment_option (
            tenant_id TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('vipps-epayment', 'cash')),
            quick_access INTEGER NOT NULL CHECK (quick_access IN (0, 1)),
            enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
            saved_at TEXT NOT NULL,
            PRIMARY KEY (tenant_id, id),
            UNIQUE (tenant_id, name_key)
        ) STRICT, WITHOUT ROWID;
        """

    /// Entries can be added at the end and nothing else, also not by INSERT OR REPLACE. Who has the file can remove the
    /// triggers, but not mend the hashes unnoticed.
    private static let ledger = """
        CREATE TABLE ledger_entry (
            tenant_id TEXT NOT NULL,
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            id TEXT NOT NULL UNIQUE,
            movement TEXT NOT NULL CHECK (movement IN ('payment', 'refund')),
            kind TEXT NOT NULL CHECK (kind IN ('vipps-epayment', 'cash')),
            payment_id TEXT NOT NULL,
            refund_id TEXT CHECK ((movement = 'refund') = (refund_id IS NOT NULL)),
            outside INTEGER CHECK ((movement = 'refund') = (outside IS NOT NULL)),
            sale_id TEXT NOT NULL,
            reference TEXT,
            minor_units INTEGER NOT NULL CHECK (minor_units > 0),
            currency TEXT NOT NULL,
            occurred_at TEXT NOT NULL,
            day TEXT NOT NULL,
            registered_at TEXT NOT NULL,
            hash BLOB NOT NULL CHECK (length(hash) = 32),
            PRIMARY KEY (tenant_id, sequence),
            UNIQUE (tenant_id, refund_id)
        ) STRICT;
        CREATE INDEX ledger_entry_by_payment ON ledger_entry (tenant_id, payment_id);
        CREATE INDEX ledger_entry_by_sale ON ledger_entry (tenant_id, sale_id);
        CREATE INDEX ledger_entry_by_day ON ledger_entry (tenant_id, day, sequence);
        CREATE TRIGGER ledger_entry_is_never_changed BEFORE UPDATE ON ledger_entry
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER ledger_entry_is_never_removed BEFORE DELETE ON ledger_entry
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER ledger_entry_follows_the_last BEFORE INSERT ON ledger_entry
            WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM ledger_entry
                    WHERE tenant_id = NEW.tenant_id)
                OR EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.id)
                OR EXISTS (SELECT 1 FROM ledger_entry
                    WHERE tenant_id = NEW.tenant_id AND refund_id = NEW.refund_id)
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TABLE vipps_total (
            tenant_id TEXT NOT NULL,
            payment_id TEXT NOT NULL,
            currency TEXT NOT NULL,
            captured INTEGER NOT NULL,
            refunded INTEGER NOT NULL,
            PRIMARY KEY (tenant_id, payment_id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let eventLog = """
        CREATE TABLE payment (
            tenant_id TEXT NOT NULL,
            id TEXT NOT NULL,
            sale_id TEXT NOT NULL,
            reference TEXT,
            msn TEXT,
            state TEXT NOT NULL,
            asked INTEGER,
            captured INTEGER,
            refunded INTEGER,
            currency TEXT,
            failure_code TEXT,
            changed_at TEXT NOT NULL,
            PRIMARY KEY (tenant_id, id)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE payment_event (
            arrival INTEGER PRIMARY KEY,
            tenant_id TEXT NOT NULL,
            id TEXT NOT NULL,
            payment_id TEXT NOT NULL,
            sale_id TEXT NOT NULL,
            reference TEXT NOT NULL,
            origin TEXT NOT NULL,
            name TEXT NOT NULL,
            occurred_at TEXT NOT NULL,
            amount INTEGER,
            currency TEXT,
            success INTEGER NOT NULL,
            idempotency_key TEXT,
            psp_reference TEXT,
            http_status INTEGER,
            error_code TEXT,
            trace_id TEXT,
            detail TEXT,
            UNIQUE (tenant_id, id)
        ) STRICT;
        CREATE INDEX payment_event_by_payment ON payment_event (tenant_id, payment_id, occurred_at, arrival);
        """
}
