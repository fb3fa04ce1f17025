import CrashPoints
import Foundation
import GRDB
import Messaging
import SharedKernel

extension SQLiteMessageStore {
    package func cursors() async throws -> [Subscription: InboxCursor] {
        try await read { db in
            var cursors: [Subscription: InboxCursor] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT * FROM bus_cursor") {
                let subscription = Subscription(
                    publisher: row["publisher"], stream: MessageStream(rawValue: row["stream"]))
                cursors[subscription] = Self.cursor(row)
            }
            return cursors
        }
    }

    package func setCursor(_ cursor: InboxCursor, of subscription: Subscription) async throws {
        try await write { db in try Self.save(cursor, of: subscription, in: db) }
    }

    package func apply(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Database>, at now: Date
    ) async throws -> ApplyOutcome {
        let outcome = try await write { db in
            let outcome = try Self.applyEach(batch, with: handler, at: now, in: db)
            Self.passCrashPoints("bus.apply.before-commit", outcome)
            return outcome
        }
        Self.passCrashPoints("bus.apply.after-commit", outcome)
        return outcome
    }

    private static func applyEach(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Database>, at now: Date, in db: Database
    ) throws -> ApplyOutcome {
        var outcome = ApplyOutcome()
        var cursors: [Subscription: InboxCursor] = [:]
        var blocked: [Lane: Bool] = [:]
        for message in batch {
            let subscription = message.subscription
            let stored = try cursors[subscription] ?? cursor(of: subscription, in: db)
            if let stored, stored.epoch == message.epoch, message.sequence <= stored.sequence { continue }
            try requireNext(message, behind: stored)
            do {
                let envelope = try message.envelope()
                let lane = Lane(subscription, envelope.tenantID)
                let isBlocked = try blocked[lane] ?? isBlocked(lane, in: db)
                let isRefused = try !isBlocked && refusal(of: envelope, by: handler, in: db) != nil
                blocked[lane] = isBlocked || isRefused
                if isBlocked || isRefused {
                    try setAside(message, in: lane, refusals: isRefused ? 1 : 0, db)
                    outcome.setAside.append((message, lane))
                } else {
                    outcome.applied.append(message)
                }
            } catch let error as UnreadableEnvelope {
                outcome.buried.append(
                    try bury(message, reason: RefusalReason.text(error), attempts: 1, at: now, in: db))
            }
            cursors[subscription] = InboxCursor(
                epoch: message.epoch, sequence: message.sequence, messageID: message.id)
        }
        for (subscription, cursor) in cursors { try save(cursor, of: subscription, in: db) }
        return outcome
    }

    /// Why the handler refused the message, of which nothing stays then; `nil` when it is applied.
    ///
    /// - Throws: `StoreUnavailable`.
    private static func refusal(
        of envelope: Envelope, by handler: any MessageHandler<Database>, in db: Database
    ) throws -> String? {
        do {
            try db.inSavepoint {
                try TraceContext.$current.withValue(envelope.cause.trace.child()) {
                    try handler.handle(envelope, in: db)
                }
                return .commit
            }
            return nil
        } catch {
            let error = classified(error)
            if error is StoreUnavailable { throw error }
            return RefusalReason.text(error)
        }
    }

    private static func requireNext(_ message: IncomingMessage, behind stored: InboxCursor?) throws {
        let isNext =
            if let stored { stored.epoch == message.epoch && stored.sequence + 1 == message.sequence } else {
                message.sequence == 1
            }
        guard isNext else { throw CursorMismatch(stored: stored?.sequence ?? 0, offered: message.sequence) }
    }

    private static func passCrashPoints(_ moment: String, _ outcome: ApplyOutcome) {
        guard !outcome.applied.isEmpty else { return }
        CrashPoint.pass(moment)
        for stream in Set(outcome.applied.map(\.stream)) { CrashPoint.pass("\(moment).\(stream.rawValue)") }
    }

    private static func bury(
        _ message: IncomingMessage, reason: String, attempts: Int, at now: Date, in db: Database
    ) throws -> BuriedMessage {
        let envelope = try? message.envelope()
        try db.execute(
            sql: """
                INSERT INTO bus_dead_letter (publisher, stream, epoch, sequence, message_id, type, subject, reason,
                    attempts, died_at, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                message.publisher, message.stream.rawValue, message.epoch, message.sequence, message.id.text,
                envelope?.type ?? "", envelope?.subject ?? "", reason, attempts, now.timeIntervalSince1970,
                message.bytes,
            ])
        return BuriedMessage(message: message, reason: reason)
    }

    // MARK: Lanes

    package func lanes() async throws -> [Lane: Int] {
        try await read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT publisher, stream, tenant_id, count(*) AS messages FROM bus_set_aside
                    GROUP BY publisher, stream, tenant_id
                    """)
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    guard let tenant = TenantID(row["tenant_id"] as String) else {
                        throw StoreUnavailable(reason: "bus_set_aside: a tenant_id cannot be read")
                    }
                    let stream = MessageStream(rawValue: row["stream"])
                    return (Lane(Subscription(publisher: row["publisher"], stream: stream), tenant), row["messages"])
                })
        }
    }

    package func applySetAside(
        _ lane: Lane, limit: Int, attemptsMax: Int, with handler: any MessageHandler<Database>, at now: Date
    ) async throws -> LaneOutcome {
        try await write { db in
            var outcome = LaneOutcome()
            while outcome.applied < limit, let row = try Self.head(of: lane, in: db) {
                let (id, refusals): (Int64, Int) = (row["id"], row["refusals"])
                let message = try IncomingMessage(bytes: row["bytes"], from: lane.subscription.publisher)
                let reason = try Self.refusal(of: try message.envelope(), by: handler, in: db)
                if reason != nil, refusals + 1 < attemptsMax {
                    try db.execute(
                        sql: "UPDATE bus_set_aside SET refusals = refusals + 1 WHERE id = ?", arguments: [id])
                    outcome.refusals = refusals + 1
                    break
                }
                try db.execute(sql: "DELETE FROM bus_set_aside WHERE id = ?", arguments: [id])
                if let reason {
                    outcome.buried = try Self.bury(message, reason: reason, attempts: refusals + 1, at: now, in: db)
                    break
                }
                outcome.applied += 1
            }
            outcome.left = try Self.count(lane, in: db)
            return outcome
        }
    }

    private static func setAside(_ message: IncomingMessage, in lane: Lane, refusals: Int, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO bus_set_aside (publisher, stream, tenant_id, epoch, sequence, message_id, refusals, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                message.publisher, message.stream.rawValue, lane.tenantID.text, message.epoch, message.sequence,
                message.id.text, refusals, message.bytes,
            ])
    }

    private static func head(of lane: Lane, in db: Database) throws -> Row? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM bus_set_aside WHERE \(isOfLane) ORDER BY id LIMIT 1"),
            arguments: arguments(lane))
    }

    private static func isBlocked(_ lane: Lane, in db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM bus_set_aside WHERE \(isOfLane))"),
            arguments: arguments(lane)) ?? false
    }

    private static func count(_ lane: Lane, in db: Database) throws -> Int {
        try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM bus_set_aside WHERE \(isOfLane)"),
            arguments: arguments(lane)) ?? 0
    }

    private static let isOfLane = "publisher = ? AND stream = ? AND tenant_id = ?"

    private static func arguments(_ lane: Lane) -> StatementArguments {
        [lane.subscription.publisher, lane.subscription.stream.rawValue, lane.tenantID.text]
    }

    // MARK: Cursor rows

    private static func cursor(of subscription: Subscription, in db: Database) throws -> InboxCursor? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM bus_cursor WHERE publisher = ? AND stream = ?"),
            arguments: [subscription.publisher, subscription.stream.rawValue]
        ).map(cursor)
    }

    private static func cursor(_ row: Row) -> InboxCursor {
        let messageID: String? = row["message_id"]
        return InboxCursor(
            epoch: row["epoch"], sequence: row["sequence"], messageID: messageID.flatMap { MessageID($0) })
    }

    private static func save(_ cursor: InboxCursor, of subscription: Subscription, in db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO bus_cursor (publisher, stream, epoch, sequence, message_id)
                VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                subscription.publisher, subscription.stream.rawValue, cursor.epoch, cursor.sequence,
                cursor.messageID?.text,
            ])
    }
}
