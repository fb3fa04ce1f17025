import Foundation
import GRDB
import SharedKernel
import Synchronization

/// The sessions that were ended before their time, for doors that only verify signatures. Kept in the service's file until
/// they would have expired anyway, and known without asking it.
package final class EndedSessions: Sendable {
    private let known: Mutex<[SessionID: Date]>
    /// Seconds by which two clocks may differ, or one be wrong: until then after its expiry a session is told and known.
    package static let clockDifferenceMax: TimeInterval = 24 * 3600

    /// For the service's own migrations.
    package static func makeTable(in db: Database) throws {
        try db.execute(
            sql: """
                -- expires_at: seconds since 1970, when the session would have ended by itself.
                CREATE TABLE ended_session (id TEXT NOT NULL PRIMARY KEY, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID;
                """)
    }

    package init(in database: SQLiteDatabase) throws {
        let rows = try database.writer.read { try Row.fetchAll($0, sql: "SELECT id, expires_at FROM ended_session") }
        let ended = rows.compactMap { row in
            SessionID(row["id"] as String).map { ($0, Date(timeIntervalSince1970: row["expires_at"])) }
        }
        known = Mutex(Dictionary(uniqueKeysWithValues: ended))
    }

    package func contains(_ session: SessionID) -> Bool { known.withLock { $0[session] != nil } }

    /// From the commit of this transaction on it is known; those whose time is over are forgotten.
    package func note(_ session: SessionID, until expiry: Date, now: Date, in db: Database) throws {
        let over = now.addingTimeInterval(-Self.clockDifferenceMax)
        try db.execute(
            sql: "INSERT OR IGNORE INTO ended_session (id, expires_at) VALUES (?, ?)",
            arguments: [session.text, expiry.timeIntervalSince1970])
        try db.execute(sql: "DELETE FROM ended_session WHERE expires_at < ?", arguments: [over.timeIntervalSince1970])
        db.afterNextTransaction { [self] _ in
            known.withLock { known in
                known[session] = expiry
                known = known.filter { $0.value >= over }
            }
        }
    }
}
