import Foundation
import GRDB
import Messaging
import SQLiteStorage
import SharedKernel
import Testing

@Suite("A SQLite file")
struct SQLiteStorageTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appending(path: "a.sqlite").path)
    }

    private var later: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("of-tomorrow") { db in try db.execute(sql: "CREATE TABLE tomorrow (x INTEGER)") }
        return migrator
    }

    @Test("is written with synchronous=FULL, in WAL, with foreign keys, and what is erased is overwritten")
    func settings() async throws {
        let database = try SQLiteDatabase.temporary(migrator: DatabaseMigrator())
        func setting(_ name: String) async throws -> String? {
            try await database.writer.write { db in try String.fetchOne(db, sql: "PRAGMA \(name)") }
        }
        #expect(try await setting("synchronous") == "2")
        #expect(try await setting("journal_mode") == "wal")
        #expect(try await setting("foreign_keys") == "1")
        #expect(try await setting("secure_delete") == "1")
    }

    @Test("has one owner")
    func oneOwner() async throws {
        try await withFolder { path in
            let first = try SQLiteDatabase(path: path, migrator: DatabaseMigrator())
            let error = #expect(throws: DatabaseRefused.self) {
                try SQLiteDatabase(path: path, migrator: DatabaseMigrator())
            }
            #expect(error?.reason.contains("\(getpid())") == true)
            try first.close()
            try SQLiteDatabase(path: path, migrator: DatabaseMigrator()).close()
        }
    }

    @Test("is refused when a newer version has changed its schema")
    func newerSchema() async throws {
        try await withFolder { path in
            try SQLiteDatabase(path: path, migrator: later).close()
            #expect(throws: DatabaseRefused.self) { try SQLiteDatabase(path: path, migrator: DatabaseMigrator()) }
            try SQLiteDatabase(path: path, migrator: later).close()
        }
    }

    @Test("in a temporary folder goes with its last user")
    func temporary() throws {
        var database: SQLiteDatabase? = try SQLiteDatabase.temporary(migrator: DatabaseMigrator())
        let path = try #require(database?.path)
        #expect(FileManager.default.fileExists(atPath: path))
        database = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("keeps a message with its transaction or not at all, and numbers without gaps")
    func appendInTransaction() async throws {
        let store = SQLiteMessageStore(
            database: try .temporary(migrator: DatabaseMigrator()), service: "teller")
        struct GivenUp: Error {}
        func append(_ number: Int, thenFail: Bool = false) async throws -> Envelope {
            try await store.database.writer.write { db in
                let envelope = try store.append(
                    Numbered(number: number), tenantID: TenantID(UUID()), cause: .beginning(at: Date()), at: Date(),
                    in: db)
                if thenFail { throw GivenUp() }
                return envelope
            }
        }
        #expect(try await append(1).sequence == 1)
        await #expect(throws: GivenUp.self) { try await append(2, thenFail: true) }
        #expect(try await append(3).sequence == 2)
        let kept = try await store.database.writer.read { try store.appendedEnvelopes(in: $0) }
        #expect(try kept.map { try $0.decode(Numbered.self).number } == [1, 3])
    }

    @Test("that is full makes the store unavailable, not the message a dead letter")
    func full() async throws {
        let store = SQLiteMessageStore(
            database: try .temporary(migrator: DatabaseMigrator()), service: "listener")
        try await store.database.writer.writeWithoutTransaction { db in
            try db.execute(sql: "CREATE TABLE heap (bytes BLOB)")
            try db.execute(sql: "PRAGMA max_page_count = 40")
        }
        let teller = InMemoryMessageStore(service: "teller", value: [Int]())
        try await teller.append(1...3, perTransaction: 3, tenant: nil)
        let batch = try await teller.outboxMessages(behind: 0, limit: 10).map {
            try IncomingMessage(bytes: $0.bytes, from: "teller")
        }
        var router = MessageRouter<Database>()
        router.on(Numbered.self) { message, _, db in
            let size = message.number == 2 ? 1_000_000 : 10
            try db.execute(sql: "INSERT INTO heap VALUES (zeroblob(?))", arguments: [size])
        }
        let handler = router
        await #expect(throws: StoreUnavailable.self) { try await store.apply(batch, with: handler, at: Date()) }
        #expect(try await store.cursors().isEmpty)
        try await store.database.writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 9999") }
        #expect(try await store.apply(batch, with: handler, at: Date()).applied.count == 3)
    }

    @Test("takes no batch that does not follow its cursor")
    func mismatch() async throws {
        let store = SQLiteMessageStore(
            database: try .temporary(migrator: DatabaseMigrator()), service: "listener")
        let teller = InMemoryMessageStore(service: "teller", value: [Int]())
        try await teller.append(1...3, perTransaction: 3, tenant: nil)
        let messages = try await teller.outboxMessages(behind: 0, limit: 10).map {
            try IncomingMessage(bytes: $0.bytes, from: "teller")
        }
        let router = MessageRouter<Database>()
        await #expect(throws: CursorMismatch.self) { try await store.apply([messages[1]], with: router, at: Date()) }
        #expect(try await store.apply([messages[0]], with: router, at: Date()).applied.count == 1)
        #expect(try await store.apply([messages[0]], with: router, at: Date()).applied.isEmpty)
        await #expect(throws: CursorMismatch.self) { try await store.apply([messages[2]], with: router, at: Date()) }
    }
}
