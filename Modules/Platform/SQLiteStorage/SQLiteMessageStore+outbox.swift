import Foundation
import GRDB
import Messaging
import SharedKernel

extension SQLiteMessageStore {
    package func outboxHead() async throws -> OutboxHead {
        try await read { db in
            let position = try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'bus_outbox'") ?? 0
            var streams: [MessageStream: StreamHead] = [:]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT stream, last_sequence,
                        (SELECT min(sequence) FROM bus_outbox o WHERE o.stream = s.stream) AS first_sequence
                    FROM bus_outbox_stream s
                    """)
            for row in rows {
                let last: Int64 = row["last_sequence"]
                streams[MessageStream(rawValue: row["stream"])] = StreamHead(
                    first: row["first_sequence"] ?? last + 1, last: last)
            }
            return OutboxHead(epoch: try Self.epoch(db), position: position, streams: streams)
        }
    }

    package func outboxMessages(behind position: Int64, limit: Int) async throws -> [OutboxMessage] {
        try await read { db in
            try Self.messages(
                db, sql: "SELECT * FROM bus_outbox WHERE position > ? ORDER BY position LIMIT ?",
                arguments: [position, limit])
        }
    }

    package func outboxMessages(
        of stream: MessageStream, behind sequence: Int64, limit: Int
    ) async throws -> [OutboxMessage] {
        try await read { db in
            try Self.messages(
                db, sql: "SELECT * FROM bus_outbox WHERE stream = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                arguments: [stream.rawValue, sequence, limit])
        }
    }

    private static func messages(
        _ db: Database, sql: String, arguments: StatementArguments
    ) throws -> [OutboxMessage] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments).map { row in
            OutboxMessage(
                position: row["position"], stream: MessageStream(rawValue: row["stream"]), sequence: row["sequence"],
                bytes: row["bytes"])
        }
    }

    package func outboxMessageID(of stream: MessageStream, sequence: Int64) async throws -> MessageID? {
        try await read { db in
            try String.fetchOne(
                db,
                sql: """
                    SELECT message_id FROM bus_outbox WHERE stream = :stream AND sequence = :sequence
                    UNION SELECT last_message_id FROM bus_outbox_stream
                        WHERE stream = :stream AND last_sequence = :sequence
                    """, arguments: ["stream": stream.rawValue, "sequence": sequence]
            ).flatMap { MessageID($0) }
        }
    }

    package func removeOutboxMessages(
        of stream: MessageStream, through sequence: Int64, appendedBefore instant: Date, limit: Int
    ) async throws -> Int {
        try await write { db in
            // Only a beginning of the stream is removed, so that no clock that once jumped can make a hole.
            let keep = try Int64.fetchOne(
                db,
                sql: """
                    SELECT min(sequence) FROM bus_outbox WHERE stream = ? AND (sequence > ? OR appended_at >= ?)
                    """, arguments: [stream.rawValue, sequence, instant.timeIntervalSince1970])
            try db.execute(
                sql: """
                    DELETE FROM bus_outbox WHERE position IN
                        (SELECT position FROM bus_outbox WHERE stream = ? AND sequence < ? ORDER BY sequence LIMIT ?)
                    """, arguments: [stream.rawValue, keep ?? Int64.max, limit])
            return db.changesCount
        }
    }

    package func subscribers() async throws -> [SubscriberRecord] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM bus_subscriber ORDER BY service").map { row in
                let text: String = row["acknowledged"]
                let acknowledged = try JSONDecoder().decode([String: Int64].self, from: Data(text.utf8))
                return SubscriberRecord(
                    service: row["service"],
                    acknowledged: Dictionary(
                        uniqueKeysWithValues: acknowledged.map { (MessageStream(rawValue: $0), $1) }),
                    lastHeardAt: Date(timeIntervalSince1970: row["last_heard_at"]), isRetired: row["is_retired"])
            }
        }
    }

    package func saveSubscribers(_ records: [SubscriberRecord]) async throws {
        try await write { db in
            for record in records {
                let acknowledged = Dictionary(uniqueKeysWithValues: record.acknowledged.map { ($0.rawValue, $1) })
                let text = String(decoding: try JSONEncoder.house.encode(acknowledged), as: UTF8.self)
                try db.execute(
                    sql: """
                        INSERT OR REPLACE INTO bus_subscriber (service, last_heard_at, is_retired, acknowledged)
                        VALUES (?, ?, ?, ?)
                        """,
                    arguments: [record.service, record.lastHeardAt.timeIntervalSince1970, record.isRetired, text])
            }
        }
    }
}
