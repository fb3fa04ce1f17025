import Foundation
import GRDB

/// The mark that `Tools/backup restore` leaves in a file it puts back: a row of `bus_restored` each time.
package enum RestoredFile {
    static let instant: @Sendable (Database) throws -> Date? = { db in
        try Double.fetchOne(db, sql: "SELECT max(restored_at) FROM bus_restored").map(Date.init(timeIntervalSince1970:))
    }

    /// Does `body` once after each restoration, in the caller's transaction.
    package static func heed(in db: Database, _ body: () throws -> Void) throws {
        try db.execute(sql: "UPDATE bus_restored SET is_heeded = 1 WHERE is_heeded = 0")
        if db.changesCount > 0 { try body() }
    }
}
