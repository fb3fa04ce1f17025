import GRDB

/// The tables of payments, their operations towards Vipps and their event log.
package enum PaymentSchema {
    package static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("payments-1") { db in
            try db.execute(sql: payment)
            try db.execute(sql: operation)
            try db.execute(sql: log)
        }
        // Looks because time has passed are a queue of their own. What is in the file waits in the other until it is next
        // looked at.
        migrator.registerMigration("payments-2") { db in
            try db.execute(
                sql: """
                    ALTER TABLE payment ADD COLUMN look_is_routine INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE payment ADD COLUMN routine_at REAL;
                    CREATE INDEX payment_routine ON payment (agreement_id, routine_at) WHERE routine_at IS NOT NULL;
                    """)
        }
        // Each call of ours is a line, though all of them bear the payment's reference.
        migrator.registerMigration("payments-3") { db in
            try db.execute(
                sql: """
                    DROP INDEX payment_event_once;
                    CREATE UNIQUE INDEX payment_event_once
                        ON payment_event (payment_id, origin, name, psp_reference, success) WHERE \(comesRepeatedly);
                    """)
        }
    }

    /// Lines that are read or delivered more than once.
    static let comesRepeatedly = "psp_reference IS NOT NULL AND origin <> 'gateway'"

    private static let payment = """
        CREATE TABLE payment (
            payment_id TEXT PRIMARY KEY NOT NULL,
            tenant_id TEXT NOT NULL,
            sale_id TEXT NOT NULL,
            sale_identifier TEXT NOT NULL,
            agreement_id TEXT NOT NULL,
            msn TEXT NOT NULL,
            reference TEXT NOT NULL,
            currency TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount > 0),
            description TEXT NOT NULL,
            receipt TEXT NOT NULL,
            requested_at REAL NOT NULL,
            correlation TEXT NOT NULL, causation TEXT, traceparent TEXT NOT NULL,

            phase TEXT NOT NULL CHECK (phase IN ('requested', 'created', 'authorized', 'captured', 'aborted', 'expired',
                'terminated', 'released', 'failed')),
            phase_at REAL CHECK ((phase_at IS NULL) = (phase = 'requested')),
            expires_at REAL CHECK ((expires_at IS NOT NULL) = (phase = 'created')),
            captured_amount INTEGER CHECK ((captured_amount IS NOT NULL) = (phase = 'captured') AND captured_amount > 0),
            failure_code TEXT CHECK ((failure_code IS NOT NULL) = (phase = 'failed')),
            failure_status INTEGER, failure_detail TEXT, failure_trace TEXT,

            given_up_reason TEXT, given_up_at REAL,
            given_up_correlation TEXT, given_up_causation TEXT, given_up_traceparent TEXT,

            -- Vipps' aggregate as last seen: all four or none.
            seen_authorized INTEGER, seen_captured INTEGER, seen_refunded INTEGER, seen_cancelled INTEGER,
            refunded_told INTEGER NOT NULL CHECK (refunded_told BETWEEN 0 AND amount),

            look_at REAL, look_failures INTEGER NOT NULL,
            log_at REAL, log_failures INTEGER NOT NULL,
            attention_since REAL,
            webhook_at REAL,
            calls TEXT NOT NULL,                 -- of the last minute, by endpoint

            -- Derived, for the queue.
            due_at REAL,
            is_open INTEGER NOT NULL,
            is_calling INTEGER NOT NULL,
            UNIQUE (tenant_id, msn, reference)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX payment_due ON payment (agreement_id, due_at) WHERE due_at IS NOT NULL;
        CREATE INDEX payment_open ON payment (requested_at) WHERE is_open = 1;
        CREATE INDEX payment_requested ON payment (requested_at);

        -- Apart, so that it can go without a trace when the payment ends.
        CREATE TABLE payment_customer (
            payment_id TEXT PRIMARY KEY NOT NULL REFERENCES payment,
            kind TEXT NOT NULL CHECK (kind IN ('phone-number', 'personal-qr', 'check-in', 'one-time-qr')),
            envelope BLOB CHECK ((envelope IS NOT NULL) = (kind IN ('phone-number', 'personal-qr'))),
            check_in_id TEXT CHECK ((check_in_id IS NOT NULL) = (kind = 'check-in'))
        ) STRICT, WITHOUT ROWID;
        """

    private static let operation = """
        CREATE TABLE payment_operation (
            payment_id TEXT NOT NULL REFERENCES payment,
            ordinal INTEGER NOT NULL CHECK (ordinal > 0),
            kind TEXT NOT NULL CHECK (kind IN ('create', 'capture', 'cancel', 'refund')),
            amount INTEGER CHECK ((amount IS NOT NULL) = (kind IN ('capture', 'refund')) AND amount > 0),
            transaction_only INTEGER CHECK ((transaction_only IS NOT NULL) = (kind = 'cancel')),
            refund_id TEXT CHECK ((refund_id IS NOT NULL) = (kind = 'refund')),
            sale_id TEXT,
            idempotency_key TEXT NOT NULL UNIQUE CHECK (length(idempotency_key) BETWEEN 1 AND 50),
            planned_at REAL NOT NULL,
            correlation TEXT NOT NULL, causation TEXT, traceparent TEXT NOT NULL,

            progress TEXT NOT NULL CHECK (progress IN ('waiting', 'calling', 'in-doubt', 'done', 'refused', 'dropped')),
            progress_at REAL CHECK ((progress_at IS NULL) = (progress = 'in-doubt')),
            unknown_reason TEXT,
            refusal_code TEXT, refusal_status INTEGER, refusal_detail TEXT, refusal_trace TEXT,
            attempts INTEGER NOT NULL,
            refusals INTEGER NOT NULL,
            may_have_acted INTEGER NOT NULL,
            last_attempt_at REAL,
            PRIMARY KEY (payment_id, ordinal),
            UNIQUE (payment_id, refund_id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let log = """
        CREATE TABLE payment_event (
            event_id TEXT PRIMARY KEY NOT NULL,
            payment_id TEXT NOT NULL REFERENCES payment,
            origin TEXT NOT NULL CHECK (origin IN ('vipps', 'gateway', 'webhook')),
            name TEXT NOT NULL,
            occurred_at REAL NOT NULL,
            amount INTEGER,
            success INTEGER NOT NULL,
            idempotency_key TEXT, psp_reference TEXT, http_status INTEGER, error_code TEXT, trace_id TEXT, detail TEXT
        ) STRICT;
        CREATE INDEX payment_event_payment ON payment_event (payment_id, occurred_at);
        -- A line of Vipps is told once, however often it is read or delivered. A failure and a success are two lines.
        CREATE UNIQUE INDEX payment_event_once ON payment_event (payment_id, origin, name, psp_reference, success)
            WHERE psp_reference IS NOT NULL;

        CREATE TABLE payment_refused_command (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id TEXT NOT NULL, command TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL,
            refused_at REAL NOT NULL
        ) STRICT;
        """
}
