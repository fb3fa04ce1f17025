import Foundation
import GRDB
import Messaging

/// Copies of a service's file, in the folder that its settings name.
package struct SQLiteBackups: Backups {
    private let store: SQLiteMessageStore
    private let folder: String?

    /// - Parameter folder: `nil` where none is wanted: then none is made.
    package init(of store: SQLiteMessageStore, in folder: String?) {
        self.store = store
        self.folder = folder
    }

    /// `<folder>/<name>/<service>.sqlite`: the state of one instant, for its owner's eyes only. What was erased is not in it.
    package func take(named name: String) async throws {
        guard let folder else {
            throw Self.refused(
                "no-folder", "the service has no folder for backups: set BACKUP_DIRECTORY and start it again")
        }
        guard name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/) != nil else {
            throw Self.refused(
                "not-valid", "must be 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first")
        }
        let place = URL(filePath: folder).appending(path: name)
        let file = place.appending(path: "\(store.service).sqlite").path
        do {
            try FileManager.default.createDirectory(
                at: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Self.notWritten(error.localizedDescription)
        }
        guard access(file, F_OK) != 0 else { throw Self.taken }
        try await copy(to: file + ".partial")
        do {
            try Self.sync(file + ".partial")
            guard rename(file + ".partial", file) == 0 else { throw Self.failure }
            try Self.sync(place.path)
        } catch {
            unlink(file + ".partial")
            throw error
        }
    }

    private func copy(to path: String) async throws {
        // Whoever else makes this copy just now keeps it.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw errno == EEXIST ? Self.taken : Self.failure }
        close(descriptor)
        do {
            try await store.database.copy(to: path)
        } catch {
            unlink(path)
            guard let error = error as? DatabaseError else { throw error }
            throw Self.notWritten(StoreUnavailable(error).reason)
        }
    }

    private static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure }
    }

    private static func refused(_ slug: String, _ reason: String) -> BusOperationRefused {
        BusOperationRefused(field: "name", slug: slug, reason: reason)
    }

    private static let taken = refused(
        "taken", "there is a backup of this name, or the rest of one that was broken off: take another name")

    private static func notWritten(_ reason: String) -> BusOperationRefused {
        refused("not-written", "the copy cannot be written: \(reason); the service itself is not touched by that")
    }

    /// By `errno`.
    private static var failure: BusOperationRefused { notWritten(String(cString: strerror(errno))) }
}
