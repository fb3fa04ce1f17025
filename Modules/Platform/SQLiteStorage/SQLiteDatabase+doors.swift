import GRDB
import Messaging
import Synchronization

extension SQLiteDatabase {
    /// - Throws: `StoreUnavailable`, or what `body` throws.
    package func read<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        do { return try await writer.read(body) } catch { throw noted(error) }
    }

    /// In one transaction, on disk when it returns.
    ///
    /// - Throws: `StoreUnavailable`, or what `body` throws; nothing is kept then. Only when a sync failed and the
    ///   process ends before it has written again may it be there after the next start.
    package func write<Value: Sendable>(
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        do {
            let value = try await writer.write(body)
            lastTrouble.set(nil)
            return value
        } catch {
            throw noted(error)
        }
    }

    /// `write` for callers that cannot wait in another way.
    package func writeNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do {
            let value = try writer.write(body)
            lastTrouble.set(nil)
            return value
        } catch {
            throw noted(error)
        }
    }

    /// Why the file does not work, in words for an operator; `nil` when it does. After trouble it is tried out, so that
    /// whoever asks hears when it is over.
    package func trouble() async -> String? {
        do {
            if lastTrouble.value == nil {
                try await read { try $0.execute(sql: "SELECT epoch FROM bus_identity") }
            } else {
                try await tryOut()
            }
            return nil
        } catch {
            return (error as? StoreUnavailable)?.reason ?? "\(error)"
        }
    }

    /// Writes as much as some work needs, and takes it back. One row would still fit where nothing else does.
    func tryOut() async throws {
        try await write { try $0.execute(sql: "UPDATE bus_identity SET room = zeroblob(\(Self.roomForWork))") }
        try await write { try $0.execute(sql: "UPDATE bus_identity SET room = NULL") }
    }

    private static let roomForWork = 65_536

    private func noted(_ error: any Error) -> any Error {
        let error = StoreUnavailable.classified(error)
        if let unavailable = error as? StoreUnavailable { lastTrouble.set(unavailable.reason) }
        return error
    }
}

/// What the last failure was; `nil` after a success.
final class LastTrouble: Sendable {
    private let reason = Mutex<String?>(nil)
    var value: String? { reason.withLock { $0 } }
    func set(_ value: String?) { reason.withLock { $0 = value } }
}

extension StoreUnavailable {
    /// Trouble of the disk or the file becomes `StoreUnavailable`; everything else stays what it is.
    static func classified(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError, troubles.contains(error.resultCode) else { return error }
        return StoreUnavailable(error)
    }

    private static let troubles: [ResultCode] = [
        .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_NOMEM, .SQLITE_READONLY, .SQLITE_CANTOPEN,
        .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_PROTOCOL, .SQLITE_INTERRUPT, .SQLITE_ABORT,
    ]

    /// Without the statement and its values, which may hold what no log may hold.
    init(_ error: DatabaseError) {
        let advice =
            switch error.resultCode {
            case .SQLITE_FULL: "; make space on its disk"
            case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
                "; see to its disk: space, rights, and what the kernel says of it"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "; the file is damaged: restore it from a backup"
            default: ""
            }
        self.init(reason: "\(error.message ?? "no message") (code \(error.extendedResultCode.rawValue))\(advice)")
    }
}
