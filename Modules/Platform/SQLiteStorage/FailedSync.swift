import Foundation
import GRDB

/// What is done when the database file itself cannot be synced.
///
/// A checkpoint copies pages from the log into the file. When readers are in its way it copies some, does not sync
/// them, and counts them as copied; a later one syncs. If that fails, Linux has forgotten the blocks of both, SQLite
/// copies only the later ones again, begins the log anew, and a power cut leaves a damaged file. Only a new process,
/// which counts nothing as copied, can tell the file everything once more. So the process ends, before the log is
/// begun anew (decision 0005). A log that cannot be synced does no such harm: the next commit is written over the one
/// that failed.
enum FailedSync {
    /// Takes effect with the first use. To be used before a database is opened.
    static let endProcess: Void = {
        Database.logError = { code, message in
            guard code == .SQLITE_IOERR_FSYNC, !message.contains("-wal") else { return }
            let words =
                "the database file could not be synced (\(message)); the process ends, to begin again from the log\n"
            let bytes = Array(words.utf8)
            _ = write(STDERR_FILENO, bytes, bytes.count)
            _exit(74)  // EX_IOERR
        }
    }()
}
