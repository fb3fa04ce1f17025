import Foundation
import GRDB
import Messaging
import SharedKernel

extension SQLiteMessageStore {
    package func deadLetters(limit: Int) async throws -> [DeadLetter] {
        try await read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM bus_dead_letter ORDER BY id LIMIT ?", arguments: [limit]).map {
                row in
                DeadLetter(
                    id: row["id"], publisher: row["publisher"], stream: MessageStream(rawValue: row["stream"]),
                    sequence: row["sequence"], type: row["type"], subject: row["subject"], reason: row["reason"],
                    attempts: row["attempts"], diedAt: Date(timeIntervalSince1970: row["died_at"]))
            }
        }
    }

    package func deadLetterCount() async throws -> Int {
        try await read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM bus_dead_letter") ?? 0 }
    }

    package func retryDeadLetter(_ id: Int64, with handler: any MessageHandler<Database>) async throws -> Bool {
        try await write { db in
            guard
                let bytes = try Data.fetchOne(
                    db, sql: "SELECT bytes FROM bus_dead_letter WHERE id = ?", arguments: [id])
            else { return false }
            let envelope = try EnvelopeCoding.decode(bytes)
            try TraceContext.$current.withValue(envelope.cause.trace.child()) {
                try handler.handle(envelope, in: db)
            }
            try db.execute(sql: "DELETE FROM bus_dead_letter WHERE id = ?", arguments: [id])
            return true
        }
    }

    package func dropDeadLetter(_ id: Int64) async throws -> Bool {
        try await write { db in
            try db.execute(sql: "DELETE FROM bus_dead_letter WHERE id = ?", arguments: [id])
            return db.changesCount > 0
        }
    }
}
