import Foundation

/// Holds the lock file beside a database as long as it lives. The kernel lets go when the process ends, however it
/// ends.
final class FileOwnership: Sendable {
    let path: String
    private let descriptor: Int32
    private let temporaryFolder: URL?

    /// - Throws: `DatabaseRefused` when somebody else holds it.
    init(of path: String, temporaryFolder: URL? = nil) throws {
        let lockPath = path + ".lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DatabaseRefused(
                path: path, reason: "its lock file cannot be made: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = (try? String(contentsOfFile: lockPath, encoding: .utf8)) ?? ""
            close(descriptor)
            throw DatabaseRefused(
                path: path,
                reason:
                    "process \(owner.isEmpty ? "(unknown)" : owner) owns it; stop that process first"
            )
        }
        ftruncate(descriptor, 0)
        let owner = Data("\(getpid())".utf8)
        _ = owner.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        self.path = path
        self.descriptor = descriptor
        self.temporaryFolder = temporaryFolder
    }

    /// Lets go now; the file stays.
    func release() { flock(descriptor, LOCK_UN) }

    deinit {
        close(descriptor)
        if let temporaryFolder { try? FileManager.default.removeItem(at: temporaryFolder) }
    }
}
