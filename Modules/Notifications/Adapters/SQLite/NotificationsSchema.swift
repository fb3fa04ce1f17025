import Foundation
import GRDB
import SQLiteStorage

/// The tables of notification-relay.
package enum NotificationsSchema {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("notifications 1") { db in
            try db.execute(sql: feed)
            let epoch = UUID().uuidString.lowercased().prefix(8)
            try db.execute(sql: "INSERT INTO feed_identity (id, epoch) VALUES (1, ?)", arguments: [String(epoch)])
            try db.execute(sql: mails)
        }
        migrator.registerMigration("ended sessions") { try EndedSessions.makeTable(in: $0) }
        return migrator
    }

    private static let feed = """
        CREATE TABLE feed_identity (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch TEXT NOT NULL
        ) STRICT;
        CREATE TABLE feed_head (
            tenant_id TEXT PRIMARY KEY,
            newest INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE feed_event (
            tenant_id TEXT NOT NULL,
            number INTEGER NOT NULL,
            views TEXT NOT NULL,
            kept_at REAL NOT NULL,
            PRIMARY KEY (tenant_id, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX feed_event_by_age ON feed_event (kept_at);
        """

    /// Instants are seconds since 2001, as `Date` counts: read back they are the very same, so what is due for the
    /// query is due for the decision. `sale` is the message that asked for the mail, with the address: both are gone
    /// when the mail is sent.
    private static let mails = """
        CREATE TABLE invoice_mail (
            tenant_id TEXT NOT NULL,
            sale_id TEXT NOT NULL,
            sale_identifier TEXT NOT NULL,
            masked_address TEXT NOT NULL,
            sale BLOB,
            state TEXT NOT NULL CHECK
                (state IN ('waiting', 'sending', 'handed-over', 'mailed', 'failed', 'in-doubt')),
            not_before REAL,
            attempts INTEGER NOT NULL,
            reason TEXT,
            queued_at REAL NOT NULL,
            ended_at REAL,
            correlation_id TEXT NOT NULL,
            causation_id TEXT,
            traceparent TEXT NOT NULL,
            PRIMARY KEY (tenant_id, sale_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX invoice_mail_due ON invoice_mail (not_before) WHERE state = 'waiting';
        CREATE INDEX invoice_mail_by_time ON invoice_mail (tenant_id, queued_at);
        """
}
