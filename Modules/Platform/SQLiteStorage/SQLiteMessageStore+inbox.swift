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
        _ batch: [IncomingMessage], with handler: any MessageHandler<Database>
    ) async throws -> ApplyOutcome {
        let outcome = try await write { db in
            let outcome = try Self.applyEach(batch, with: handler, in: db)
            Self.passCrashPoints("bus.apply.before-commit", outcome)
            return outcome
        }
        Self.passCrashPoints("bus.apply.after-commit", outcome)
        return outcome
    }

    private static func applyEach(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Database>, in db: Database
    ) throws -> ApplyOutcome {
        var outcome = ApplyOutcome()
        var cursors: [Subscription: InboxCursor] = [:]
        var stopped: Set<Subscription> = []
        for message in batch where !stopped.contains(message.subscription) {
            let subscription = message.subscription
            let stored = try cursors[subscription] ?? cursor(of: subscription, in: db)
            if let stored, stored.epoch == message.epoch, message.sequence <= stored.sequence { continue }
            try requireNext(message, behind: stored)
            do {
                try handle(message, with: handler, in: db)
                cursors[subscription] = InboxCursor(
                    epoch: message.epoch, sequence: message.sequence, messageID: message.id)
                outcome.applied.append(message)
            } catch {
                let error = classified(error)
                if error is StoreUnavailable { throw error }
                stopped.insert(subscription)
                outcome.refused.append(.init(message: message, reason: RefusalReason.text(error)))
            }
        }
        for (subscription, cursor) in cursors { try save(cursor, of: subscription, in: db) }
        return outcome
    }

    private static func handle(
        _ message: IncomingMessage, with handler: any MessageHandler<Database>, in db: Database
    ) throws {
        try db.inSavepoint {
            let envelope = try message.envelope()
            try TraceContext.$current.withValue(envelope.cause.trace.child()) {
                try handler.handle(envelope, in: db)
            }
            return .commit
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

    package func bury(_ message: IncomingMessage, reason: String, attempts: Int, at now: Date) async throws {
        try await write { db in
            let stored = try Self.cursor(of: message.subscription, in: db)
            if let stored, stored.epoch == message.epoch, message.sequence <= stored.sequence { return }
            try Self.requireNext(message, behind: stored)
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
            let cursor = InboxCursor(epoch: message.epoch, sequence: message.sequence, messageID: message.id)
            try Self.save(cursor, of: message.subscription, in: db)
        }
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
