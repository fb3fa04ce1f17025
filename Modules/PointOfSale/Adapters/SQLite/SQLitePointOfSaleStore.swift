import CrashPoints
import Foundation
import GRDB
import PointOfSale
import SQLiteStorage
import SharedKernel

/// Sales and set-up in pos-service's SQLite file, and the messages that tell of them in the same transactions.
package struct SQLitePointOfSaleStore: SaleStore, SetUpStore {
    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let sessions: EndedSessions
    let now: Now

    /// - Parameter sessions: is told of every session that ends, for the doors that only verify signatures.
    package init(
        database: SQLiteDatabase, messages: SQLiteMessageStore, sessions: EndedSessions, now: @escaping Now
    ) {
        self.database = database
        self.messages = messages
        self.sessions = sessions
        self.now = now
    }

    package func readSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        try await read { try body($0) }
    }

    package func writeSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        try await write { try body($0) }
    }

    package func readSetUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SetUpTransaction) throws -> Value
    ) async throws -> Value {
        try await read { try body($0) }
    }

    package func writeSetUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SetUpTransaction) throws -> Value
    ) async throws -> Value {
        try await write { try body($0) }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (SQLitePointOfSaleTransaction) throws -> Value
    ) async throws -> Value {
        let now = now()
        return try await database.read { db in
            try body(SQLitePointOfSaleTransaction(db, of: self, cause: .beginning(at: now), now: now))
        }
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (SQLitePointOfSaleTransaction) throws -> Value
    ) async throws -> Value {
        let now = now()
        let cause = Cause.beginning(at: now)
        return try await database.write { db in
            let transaction = SQLitePointOfSaleTransaction(db, of: self, cause: cause, now: now)
            let value = try body(transaction)
            try transaction.finish()
            return value
        }
    }

    /// For message handlers: the same inside the transaction that moves the inbox.
    func handle(
        _ cause: Cause, in db: Database, _ body: (SQLitePointOfSaleTransaction) throws -> Void
    ) throws {
        let transaction = SQLitePointOfSaleTransaction(db, of: self, cause: cause, now: now())
        try body(transaction)
        try transaction.finish()
    }
}

/// One open transaction. Collects the views that have changed and publishes them once, at the end.
final class SQLitePointOfSaleTransaction: SaleTransaction, SetUpTransaction {
    let db: Database
    let messages: SQLiteMessageStore
    let sessions: EndedSessions
    let cause: Cause
    let now: Date
    private var views: [TenantID: [ChangedView]] = [:]
    private var moments: [String] = []

    init(_ db: Database, of store: SQLitePointOfSaleStore, cause: Cause, now: Date) {
        self.db = db
        messages = store.messages
        sessions = store.sessions
        self.cause = cause
        self.now = now
    }

    func changed(_ view: ChangedView, in tenant: TenantID) {
        if views[tenant]?.contains(view) != true { views[tenant, default: []].append(view) }
    }

    /// Names a moment at which a test may kill the process, just before and just after the commit.
    func mark(_ moment: String) { moments.append(moment) }

    func finish() throws {
        for (tenant, changed) in views { try publishChanged(changed, in: tenant) }
        views = [:]
        for moment in moments {
            db.afterNextTransaction { _ in CrashPoint.pass("pos.\(moment).after-commit") }
            CrashPoint.pass("pos.\(moment).before-commit")
        }
        moments = []
    }

    /// Runs an upsert whose `WHERE` keeps other tenants' rows untouched.
    func upsert(_ what: String, sql: String, arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
        guard db.changesCount > 0 else { throw Unknown(what) }
    }

    func one(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func all(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}
