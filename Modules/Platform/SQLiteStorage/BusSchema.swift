import Foundation
import GRDB

/// The tables of outbox and inbox, in every service's file.
enum BusSchema {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("bus-1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE bus_identity (
                        only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL
                    ) STRICT;
                    CREATE TABLE bus_outbox_stream (
                        stream TEXT NOT NULL PRIMARY KEY, last_sequence INTEGER NOT NULL, last_message_id TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    -- AUTOINCREMENT: positions are never used again, also when retention has emptied the table.
                    CREATE TABLE bus_outbox (
                        position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, sequence INTEGER NOT NULL,
                        message_id TEXT NOT NULL, appended_at REAL NOT NULL, bytes BLOB NOT NULL,
                        UNIQUE (stream, sequence)
                    ) STRICT;
                    CREATE TABLE bus_subscriber (
                        service TEXT NOT NULL PRIMARY KEY, last_heard_at REAL NOT NULL, is_retired INTEGER NOT NULL,
                        acknowledged TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE bus_cursor (
                        publisher TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
                        message_id TEXT, PRIMARY KEY (publisher, stream)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE bus_dead_letter (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, publisher TEXT NOT NULL, stream TEXT NOT NULL,
                        epoch TEXT NOT NULL, sequence INTEGER NOT NULL, message_id TEXT NOT NULL, type TEXT NOT NULL,
                        subject TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL,
                        died_at REAL NOT NULL, bytes BLOB NOT NULL
                    ) STRICT;
                    """)
            try db.execute(
                sql: "INSERT INTO bus_identity (only, epoch) VALUES (1, ?)",
                arguments: [UUID().uuidString.lowercased()])
        }
        migrator.registerMigration("bus-2") { db in
            try db.execute(
                sql: """
                    -- Refused messages and, untried, what followed them in their lane; in order by id.
                    CREATE TABLE bus_set_aside (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, publisher TEXT NOT NULL, stream TEXT NOT NULL,
                        tenant_id TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL,
                        message_id TEXT NOT NULL, refusals INTEGER NOT NULL, bytes BLOB NOT NULL
                    ) STRICT;
                    CREATE INDEX bus_set_aside_lane ON bus_set_aside (publisher, stream, tenant_id, id);
                    """)
        }
        migrator.registerMigration("bus-3") { db in
            // Written and emptied again to find out whether there is space for more than a row.
            try db.execute(sql: "ALTER TABLE bus_identity ADD COLUMN room BLOB")
        }
        migrator.registerMigration("bus-4") { db in
            try db.execute(
                sql: """
                    -- Written by Tools/backup when it puts the file back to an earlier state; seconds since 1970.
                    CREATE TABLE bus_restored (restored_at REAL NOT NULL, is_heeded INTEGER NOT NULL DEFAULT 0) STRICT;
                    """)
        }
    }
}
