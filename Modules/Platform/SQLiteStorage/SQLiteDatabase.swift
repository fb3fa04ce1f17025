import Foundation
import GRDB
import Messaging
import SharedKernel

/// The one door of a SQLite file: WAL, `synchronous=FULL`, foreign keys, migrated, and owned by this process alone. What
/// is erased is overwritten, not only unlinked.
///
/// SQLite before 3.51.3 can lose commits when two connections write or checkpoint one WAL file at the same instant. So
/// a file has one owner, held by a lock file beside it, and nobody else may open it for writing. Back up with
/// `SQLiteBackups`. A disk that is full or fails is told as `StoreUnavailable` by every door (decision 0005).
package struct SQLiteDatabase: Sendable {
    /// For what `read` and `write` do not offer; its errors are SQLite's own.
    package let writer: any DatabaseWriter
    /// When the file was last put back to an earlier state; `nil` for one that never was.
    package let restoredAt: Date?
    private let ownership: FileOwnership
    let lastTrouble = LastTrouble()

    /// Opens or makes the file, brings its schema up to date and adds the tables of the message bus.
    ///
    /// - Throws: `DatabaseRefused` when another process owns the file, when a newer version of this program has
    ///   migrated it, when the required settings did not take, or when the disk is full or fails.
    package init(path: String, migrator: DatabaseMigrator) throws {
        try self.init(ownership: FileOwnership(of: path), migrator: migrator)
    }

    /// A file in a temporary folder, for tests; the folder goes when the last copy of the value does.
    package static func temporary(migrator: DatabaseMigrator) throws -> SQLiteDatabase {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sqlite-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: "database.sqlite").path
        return try SQLiteDatabase(ownership: FileOwnership(of: path, temporaryFolder: folder), migrator: migrator)
    }

    private init(ownership: FileOwnership, migrator: DatabaseMigrator) throws {
        self.ownership = ownership
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "sqlite"
        FailedSync.endProcess
        let log = LeftLog(of: ownership.path)
        try log.bringToDisk()
        do {
            writer = try Self.open(ownership.path, configuration, migrator)
            restoredAt = try writer.read(RestoredFile.instant)
        } catch let error as DatabaseError {
            throw DatabaseRefused(path: ownership.path, reason: StoreUnavailable(error).reason)
        }
        try log.syncFolder()
    }

    private static func open(
        _ path: String, _ configuration: Configuration, _ migrator: DatabaseMigrator
    ) throws -> DatabasePool {
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool sets NORMAL when it turns WAL on, and NORMAL loses commits when the power goes.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            guard synchronous == 2, journal == "wal" else {
                throw DatabaseRefused(path: path, reason: "WAL with synchronous=FULL could not be set")
            }
        }
        var complete = migrator
        BusSchema.register(in: &complete)
        try pool.read { [complete] db in
            guard try !complete.hasBeenSuperseded(db) else {
                throw DatabaseRefused(
                    path: path,
                    reason: "a newer version of this program has changed its schema; start that version")
            }
        }
        try complete.migrate(pool)
        return pool
    }

    /// Path of the file.
    package var path: String { ownership.path }

    /// Closes the file and lets others own it. Nothing may use this database afterwards.
    package func close() throws {
        try writer.close()
        ownership.release()
    }

    /// Writes a complete copy to a file that is new or empty, while others go on writing. It is not synced.
    package func copy(to path: String) async throws {
        try await writer.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
    }
}

/// Why a file was not opened, in words for an operator.
package struct DatabaseRefused: StartRefusal {
    package let path: String
    package let reason: String
    package let exitCode: Int32 = 74  // EX_IOERR
    package var description: String { "database \(path) refused: \(reason)" }
}
