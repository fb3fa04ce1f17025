import Foundation
import GRDB
import SQLiteStorage
import SharedKernel

extension SQLitePointOfSaleStore {
    /// Seconds: no client repeats a command after thirty days.
    private static let commandLife: TimeInterval = 30 * 24 * 3600
    /// Seconds from their expiry: old sessions only serve to remember the user's last till.
    private static let sessionLife: TimeInterval = 90 * 24 * 3600

    /// Removes commands, sessions and check-ins that have outlived their use, of all tenants, the oldest first and at most
    /// `limit` of each, in one transaction.
    ///
    /// - Returns: whether there may be more.
    package func removeOutlived(limit: Int) async throws -> Bool {
        let now = now()
        return try await database.write { db in
            func remove(from table: String, _ instant: String, before age: TimeInterval) throws -> Bool {
                try db.execute(
                    sql: """
                        DELETE FROM \(table) WHERE rowid IN
                            (SELECT rowid FROM \(table) WHERE \(instant) < ? ORDER BY \(instant) LIMIT ?)
                        """, arguments: [now.addingTimeInterval(-age).milliseconds, limit])
                return db.changesCount == limit
            }
            let more = [
                try remove(from: "sale_command", "processed_at", before: Self.commandLife),
                try remove(from: "session", "expires_at", before: Self.sessionLife),
                try remove(from: "check_in", "valid_until", before: 0),
            ]
            return more.contains(true)
        }
    }
}
