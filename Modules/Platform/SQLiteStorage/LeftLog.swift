import Foundation

/// The write-ahead log that a process which was killed has left.
///
/// When a sync has failed, Linux forgets that the blocks were to be written: they can be read, and no later sync brings
/// them to the disk. SQLite would take what it reads for committed and append to it; and after a power cut recovery
/// would stop where the blocks are missing. So before anybody reads it, it is written once more, byte for byte, and
/// synced (decision 0005).
struct LeftLog {
    private let database: String
    private static let portion = 1 << 20

    init(of database: String) { self.database = database }

    /// - Throws: `DatabaseRefused` when it cannot be read or written.
    func bringToDisk() throws {
        let file = open(database + "-wal", O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw refusal }
            return
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.portion)
        var place: off_t = 0
        while true {
            let count = pread(file, &bytes, bytes.count, place)
            guard count >= 0, pwrite(file, bytes, count, place) == count else { throw refusal }
            if count == 0 { break }
            place += off_t(count)
        }
        guard fsync(file) == 0 else { throw refusal }
    }

    /// So that the log is found again. SQLite does it, too, but does not look whether it worked.
    func syncFolder() throws {
        let folder = open(URL(filePath: database).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw refusal }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw refusal }
    }

    /// By `errno`.
    private var refusal: DatabaseRefused {
        let words = String(cString: strerror(errno))
        return DatabaseRefused(
            path: database,
            reason: "its log cannot be brought to the disk: \(words); see to its disk: space, rights, health")
    }
}
