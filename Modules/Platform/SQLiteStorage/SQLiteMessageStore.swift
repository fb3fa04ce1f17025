import Foundation
import GRDB
import Messaging
import SharedKernel

/// Outbox and inbox of one service in its SQLite file.
package final class SQLiteMessageStore: MessageStore {
    package typealias Transaction = Database

    package let service: String
    package let appended = WakeSignal()
    /// The file it lives in.
    package let database: SQLiteDatabase

    package init(database: SQLiteDatabase, service: String) {
        self.database = database
        self.service = service
    }

    @discardableResult
    package func append(
        _ message: some MessageContract, tenantID: TenantID, cause: Cause, at now: Date, in db: Database
    ) throws -> Envelope {
        let stream = type(of: message).stream
        let last = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT last_sequence, last_message_id FROM bus_outbox_stream WHERE stream = ?"),
            arguments: [stream.rawValue])
        let epoch = try Self.epoch(db)
        let envelope = Envelope(
            id: .new(at: now), source: "/\(service)", type: type(of: message).type, subject: message.subject, time: now,
            tenantID: tenantID, stream: stream, sequence: (last?["last_sequence"] ?? 0) + 1, epoch: epoch,
            cause: cause, data: try JSONEncoder.house.encode(message))
        let previousID: String? = last?["last_message_id"]
        let bytes = try EnvelopeCoding.encode(envelope, previousID: previousID.flatMap { MessageID($0) })
        guard bytes.count <= BusLimits.messageBytesMax else {
            throw MessageTooLarge(type: envelope.type, bytes: bytes.count)
        }
        try db.cachedStatement(
            sql: """
                INSERT INTO bus_outbox (stream, sequence, message_id, appended_at, bytes) VALUES (?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                stream.rawValue, envelope.sequence, envelope.id.text, now.timeIntervalSince1970, bytes,
            ])
        try db.cachedStatement(
            sql: """
                INSERT INTO bus_outbox_stream (stream, last_sequence, last_message_id) VALUES (?, ?, ?)
                ON CONFLICT (stream) DO UPDATE SET last_sequence = excluded.last_sequence,
                    last_message_id = excluded.last_message_id
                """
        ).execute(arguments: [stream.rawValue, envelope.sequence, envelope.id.text])
        db.afterNextTransaction { [appended] _ in appended.wake() }
        return envelope
    }

    /// Everything appended behind `position` and not yet removed, in the order of the commits.
    package func appendedEnvelopes(behind position: Int64 = 0, limit: Int = 1_000, in db: Database) throws -> [Envelope]
    {
        try Data.fetchAll(
            db, sql: "SELECT bytes FROM bus_outbox WHERE position > ? ORDER BY position LIMIT ?",
            arguments: [position, limit]
        ).map(EnvelopeCoding.decode)
    }

    package func tryOut() async throws { try await database.tryOut() }

    static func epoch(_ db: Database) throws -> String {
        guard let epoch = try String.fetchOne(db.cachedStatement(sql: "SELECT epoch FROM bus_identity")) else {
            throw StoreUnavailable(reason: "the outbox has no epoch")
        }
        return epoch
    }

    func read<Value: Sendable>(_ body: @Sendable @escaping (Database) throws -> Value) async throws -> Value {
        try await database.read(body)
    }

    func write<Value: Sendable>(_ body: @Sendable @escaping (Database) throws -> Value) async throws -> Value {
        try await database.write(body)
    }

    static func classified(_ error: any Error) -> any Error { StoreUnavailable.classified(error) }
}
