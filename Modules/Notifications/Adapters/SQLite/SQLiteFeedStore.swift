import Foundation
import GRDB
import Notifications
import SQLiteStorage
import SharedKernel

package struct SQLiteFeedStore: FeedStore {
    private let database: SQLiteDatabase

    package init(database: SQLiteDatabase) { self.database = database }

    package func state(of tenant: TenantID) async throws -> FeedState {
        try await database.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT (SELECT epoch FROM feed_identity) AS epoch,
                        (SELECT newest FROM feed_head WHERE tenant_id = :tenant) AS newest,
                        (SELECT min(number) FROM feed_event WHERE tenant_id = :tenant) AS oldest
                    """, arguments: ["tenant": tenant.text])
            let newest: Int64 = row?["newest"] ?? 0
            return FeedState(epoch: row?["epoch"] ?? "", newest: newest, oldest: row?["oldest"] ?? newest + 1)
        }
    }

    package func events(of tenant: TenantID, after number: Int64, limit: Int) async throws -> [FeedEvent] {
        try await database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM feed_event WHERE tenant_id = ? AND number > ? ORDER BY number LIMIT ?",
                arguments: [tenant.text, number, limit]
            ).map { row in
                let views: String = row["views"]
                return FeedEvent(
                    number: row["number"], views: try JSONDecoder.house.decode([String].self, from: Data(views.utf8)))
            }
        }
    }

    @discardableResult
    package func append(views: [String], of tenant: TenantID, now: Date) async throws -> FeedEvent {
        try await database.write { try append(views: views, of: tenant, now: now, in: $0) }
    }

    /// The same, in the transaction of a message's cursor.
    package func append(views: [String], of tenant: TenantID, now: Date, in db: Database) throws -> FeedEvent {
        try db.cachedStatement(
            sql: """
                INSERT INTO feed_head (tenant_id, newest) VALUES (?, 1)
                ON CONFLICT (tenant_id) DO UPDATE SET newest = newest + 1
                """
        ).execute(arguments: [tenant.text])
        let number =
            try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT newest FROM feed_head WHERE tenant_id = ?"), arguments: [tenant.text])
            ?? 0
        try db.cachedStatement(
            sql: "INSERT INTO feed_event (tenant_id, number, views, kept_at) VALUES (?, ?, ?, ?)"
        ).execute(
            arguments: [
                tenant.text, number, String(decoding: try JSONEncoder.house.encode(views), as: UTF8.self),
                now.timeIntervalSince1970,
            ])
        return FeedEvent(number: number, views: views)
    }

    package func prune(now: Date, keeping retention: FeedRetention) async throws {
        let oldest = now.timeIntervalSince1970 - retention.age / .seconds(1)
        try await database.write { db in
            // By number, so that a clock that once jumped makes no hole.
            try db.execute(
                sql: """
                    DELETE FROM feed_event WHERE number <= max(
                        (SELECT newest FROM feed_head h WHERE h.tenant_id = feed_event.tenant_id) - :most,
                        coalesce((SELECT max(number) FROM feed_event old
                            WHERE old.tenant_id = feed_event.tenant_id AND old.kept_at < :oldest), 0))
                    """, arguments: ["most": retention.eventsMax, "oldest": oldest])
        }
    }
}
