import Foundation
import GRDB
import Messaging
import SQLiteStorage
import ServiceLifecycle
import SharedKernel
import Testing

@Suite("A store whose disk is full or fails", .timeLimit(.minutes(3)))
struct StoreTroubleTests {
    private func makeDatabase() throws -> SQLiteDatabase { try .temporary(migrator: DatabaseMigrator()) }

    /// Every write is refused, as on a disk that has become read-only, or none.
    private func refuseWrites(_ isRefusing: Bool, in database: SQLiteDatabase) async throws {
        try await database.writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = \(isRefusing ? 1 : 0)")
        }
    }

    @Test("says so at every door, also when asked later, and says when it is over")
    func doors() async throws {
        let database = try makeDatabase()
        #expect(await database.trouble() == nil)
        try await refuseWrites(true, in: database)
        await #expect(throws: StoreUnavailable.self) {
            try await database.write { try $0.execute(sql: "CREATE TABLE t (x INTEGER)") }
        }
        #expect(throws: StoreUnavailable.self) {
            try database.writeNow { try $0.execute(sql: "CREATE TABLE t (x INTEGER)") }
        }
        #expect(await database.trouble()?.contains("readonly") == true)
        try await refuseWrites(false, in: database)
        #expect(await database.trouble() == nil)
    }

    @Test("says what to do when there is no space")
    func advice() async throws {
        let database = try makeDatabase()
        try await database.writer.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA max_page_count = 30") }
        let error = await #expect(throws: StoreUnavailable.self) {
            try await database.write { db in
                try db.execute(sql: "CREATE TABLE heap (bytes BLOB)")
                try db.execute(sql: "INSERT INTO heap VALUES (zeroblob(1000000))")
            }
        }
        #expect(error?.reason.contains("make space") == true)
    }

    @Test("lets other errors be what they are, and takes them for no trouble")
    func otherErrors() async throws {
        let database = try makeDatabase()
        await #expect(throws: DatabaseError.self) { try await database.write { try $0.execute(sql: "NO SUCH WORDS") } }
        #expect(await database.trouble() == nil)
    }

    @Test("goes on by itself, although no message comes that would show that it works again")
    func quietBus() async throws {
        let database = try makeDatabase()
        let store = SQLiteMessageStore(database: database, service: "listener")
        let network = InMemoryNetwork(services: ["teller", "listener"])
        let probe = Probe()
        let bus = DurableBus(
            service: "listener", store: store, transport: network.transport(of: "listener"), subscriptions: [],
            handler: MessageRouter<Database>(), logger: probe.logger("listener"), timing: World.timing,
            now: {
                probe.touch()
                return Date()
            })
        let teller = DurableBus(
            service: "teller", store: InMemoryMessageStore(service: "teller", value: 0),
            transport: network.transport(of: "teller"),
            subscriptions: [Subscription(publisher: "listener", stream: Numbered.stream)],
            handler: MessageRouter<InMemoryMessageStore<Int>.Transaction>(), logger: probe.logger("teller"),
            timing: World.timing)
        let group = ServiceGroup(services: [bus, teller], logger: probe.logger("group"))
        let running = Task { try await group.run() }
        // Retention writes down that the teller was heard.
        try await probe.until("the teller to be known") { try await !store.subscribers().isEmpty }
        try await refuseWrites(true, in: database)
        try await probe.until("the trouble") { await !bus.health.isReady }
        try await refuseWrites(false, in: database)
        try await probe.until("the end of it") { await bus.health.isReady }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    @Test("is not opened when the log that was left beside it cannot be brought to the disk")
    func unreadableLog() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.sqlite").path
        try FileManager.default.createDirectory(atPath: path + "-wal", withIntermediateDirectories: true)
        let refusal = #expect(throws: DatabaseRefused.self) {
            try SQLiteDatabase(path: path, migrator: DatabaseMigrator())
        }
        #expect(refusal?.reason.contains("its log cannot be brought to the disk") == true)
    }
}
