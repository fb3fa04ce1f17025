import Foundation
import GRDB
import Messaging
import SQLiteStorage
import SharedKernel

/// What the contract suite needs of a store beside the port: effects to count, crashes and backups.
protocol TestStore: MessageStore {
    /// Appends each number in a transaction of `perTransaction` messages, for one tenant, or each for a tenant of its own.
    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws
    func append(letters: ClosedRange<Int>) async throws
    /// Numbers in the order in which they took effect.
    func effects() async throws -> [Int]
    static func takeEffect(_ number: Int, in transaction: Transaction) throws
    /// As the next process of the service would open it.
    func reopened() throws -> Self
    /// A backup made now; opens as the service's store in place of this one, which must not be used after.
    func backedUp() async throws -> @Sendable () throws -> Self
    func close() throws
}

extension TestStore {
    fileprivate func put(
        _ numbers: ClosedRange<Int>, of tenant: TenantID? = nil, _ make: (Int) -> any MessageContract,
        in db: Transaction
    ) throws {
        for number in numbers {
            try append(
                make(number), tenantID: tenant ?? TenantID(UUID()), cause: .beginning(at: Date()), at: Date(), in: db)
        }
    }
}

private func slices(_ numbers: ClosedRange<Int>, _ size: Int) -> [ClosedRange<Int>] {
    stride(from: numbers.lowerBound, through: numbers.upperBound, by: size).map {
        $0...min($0 + size - 1, numbers.upperBound)
    }
}

extension InMemoryMessageStore: TestStore where Value == [Int] {
    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws {
        for slice in slices(numbers, perTransaction) {
            try write { try put(slice, of: tenant, { Numbered(number: $0) }, in: $0) }
        }
    }

    func append(letters: ClosedRange<Int>) async throws {
        try write { try put(letters, { Lettered(number: $0) }, in: $0) }
    }

    func effects() async throws -> [Int] { copy.value }

    static func takeEffect(_ number: Int, in transaction: Transaction) throws { transaction.value.append(number) }

    func reopened() throws -> Self { self }

    func backedUp() async throws -> @Sendable () throws -> InMemoryMessageStore<[Int]> {
        let (copy, service) = (copy, service)
        return { InMemoryMessageStore(restoring: copy, service: service) }
    }

    func close() throws {}
}

extension SQLiteMessageStore: TestStore {
    /// A store over a file with a table of effects.
    static func open(path: String, service: String) throws -> SQLiteMessageStore {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("effects") { db in
            try db.execute(sql: "CREATE TABLE effect (position INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER)")
        }
        return SQLiteMessageStore(database: try SQLiteDatabase(path: path, migrator: migrator), service: service)
    }

    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws {
        for slice in slices(numbers, perTransaction) {
            try await database.writer.write { db in try self.put(slice, of: tenant, { Numbered(number: $0) }, in: db) }
        }
    }

    func append(letters: ClosedRange<Int>) async throws {
        try await database.writer.write { db in try self.put(letters, { Lettered(number: $0) }, in: db) }
    }

    func effects() async throws -> [Int] {
        try await database.writer.read { try Int.fetchAll($0, sql: "SELECT number FROM effect ORDER BY position") }
    }

    static func takeEffect(_ number: Int, in db: Database) throws {
        try db.execute(sql: "INSERT INTO effect (number) VALUES (?)", arguments: [number])
    }

    func reopened() throws -> SQLiteMessageStore {
        try close()
        return try Self.open(path: database.path, service: service)
    }

    func backedUp() async throws -> @Sendable () throws -> SQLiteMessageStore {
        let (path, service) = (database.path, service)
        let copy = "\(path).backup-\(UUID().uuidString)"
        try await database.copy(to: copy)
        return {
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            try FileManager.default.moveItem(atPath: copy, toPath: path)
            return try SQLiteMessageStore.open(path: path, service: service)
        }
    }

    func close() throws { try database.close() }
}
