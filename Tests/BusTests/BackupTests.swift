import Foundation
import GRDB
import Messaging
import SQLiteStorage
import SharedKernel
import Testing

@Suite("A copy of a service's file")
struct BackupTests {
    private func with(_ body: (_ store: SQLiteMessageStore, _ folder: URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "copies-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = SQLiteMessageStore(
            database: try .temporary(migrator: DatabaseMigrator()), service: "teller")
        try await store.append(1...3, perTransaction: 3, tenant: nil)
        try await body(store, folder)
    }

    private func mode(_ url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    @Test("is whole, of one instant, and for its owner's eyes only")
    func whole() async throws {
        try await with { store, folder in
            try await SQLiteBackups(of: store, in: folder.path).take(named: "evening-1")
            try await store.append(4...5, perTransaction: 2, tenant: nil)
            let place = folder.appending(path: "evening-1")
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["teller.sqlite"])
            #expect(try mode(place) == 0o700)
            #expect(try mode(place.appending(path: "teller.sqlite")) == 0o600)
            let copy = try SQLiteDatabase(
                path: place.appending(path: "teller.sqlite").path, migrator: DatabaseMigrator())
            let opened = SQLiteMessageStore(database: copy, service: "teller")
            #expect(try await opened.outboxHead().streams[Numbered.stream] == StreamHead(first: 1, last: 3))
            #expect(try await opened.outboxHead().epoch == store.outboxHead().epoch)
        }
    }

    @Test("is made while somebody writes, with the whole of each transaction or nothing of it")
    func whileWriting() async throws {
        try await with { store, folder in
            let writing = Task {
                var number = 4
                while !Task.isCancelled {
                    try await store.append(number...number + 9, perTransaction: 10, tenant: nil)
                    number += 10
                }
            }
            for number in 1...5 { try await SQLiteBackups(of: store, in: folder.path).take(named: "copy-\(number)") }
            writing.cancel()
            _ = await writing.result
            for number in 1...5 {
                let copy = try DatabaseQueue(path: folder.appending(path: "copy-\(number)/teller.sqlite").path)
                let (kept, last) = try await copy.read { db in
                    (
                        try Int.fetchOne(db, sql: "SELECT count(*) FROM bus_outbox") ?? -1,
                        try Int.fetchOne(db, sql: "SELECT last_sequence FROM bus_outbox_stream") ?? -2
                    )
                }
                #expect(kept == last && kept % 10 == 3)
            }
        }
    }

    @Test(
        "has a name that cannot lead anywhere else",
        arguments: ["", ".", "..", ".hidden", "a/b", "../a", "a b", "å", String(repeating: "a", count: 65), "a\n"])
    func names(name: String) async throws {
        try await with { store, folder in
            let refused = await #expect(throws: BusOperationRefused.self) {
                try await SQLiteBackups(of: store, in: folder.path).take(named: name)
            }
            #expect(refused?.field == "name" && refused?.slug == "not-valid")
            #expect(!FileManager.default.fileExists(atPath: folder.path))
        }
    }

    @Test("never takes the place of another")
    func taken() async throws {
        try await with { store, folder in
            let backups = SQLiteBackups(of: store, in: folder.path)
            try await backups.take(named: "evening")
            let refused = await #expect(throws: BusOperationRefused.self) { try await backups.take(named: "evening") }
            #expect(refused?.slug == "taken")
        }
    }

    @Test("that cannot be written leaves nothing, and says why")
    func notWritten() async throws {
        try await with { store, folder in
            try Data().write(to: folder)  // A file where the folder should be.
            let refused = await #expect(throws: BusOperationRefused.self) {
                try await SQLiteBackups(of: store, in: folder.path).take(named: "evening")
            }
            #expect(refused?.slug == "not-written")
            let nowhere = await #expect(throws: BusOperationRefused.self) {
                try await SQLiteBackups(of: store, in: nil).take(named: "evening")
            }
            #expect(nowhere?.reason.contains("BACKUP_DIRECTORY") == true)
        }
    }
}

@Suite("A file that was restored")
struct RestoredFileTests {
    @Test("knows when, and is heeded once") func mark() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "restored-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.sqlite").path
        let fresh = try SQLiteDatabase(path: path, migrator: DatabaseMigrator())
        #expect(fresh.restoredAt == nil)
        try await fresh.write { db in
            try RestoredFile.heed(in: db) { Issue.record("nothing was restored") }
            try db.execute(sql: "INSERT INTO bus_restored (restored_at) VALUES (1795000000)")
        }
        try fresh.close()
        let restored = try SQLiteDatabase(path: path, migrator: DatabaseMigrator())
        #expect(restored.restoredAt == Date(timeIntervalSince1970: 1_795_000_000))
        let heeded = try await restored.write { db in
            var times = 0
            for _ in 1...2 { try RestoredFile.heed(in: db) { times += 1 } }
            return times
        }
        #expect(heeded == 1)
    }
}
