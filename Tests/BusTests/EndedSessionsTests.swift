import Foundation
import GRDB
import SQLiteStorage
import SharedKernel
import Testing

@Suite("Sessions that were ended before their time") struct EndedSessionsTests {
    private let now = Date(timeIntervalSince1970: 1_795_000_000)
    private let session = SessionID(UUID())
    private let database: SQLiteDatabase

    init() throws {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("sessions") { try EndedSessions.makeTable(in: $0) }
        database = try SQLiteDatabase.temporary(migrator: migrator)
    }

    private func note(_ sessions: EndedSessions, _ session: SessionID, after seconds: TimeInterval = 0) async throws {
        let instant = now.addingTimeInterval(seconds)
        try await database.write { db in
            try sessions.note(session, until: instant.addingTimeInterval(3600), now: instant, in: db)
        }
    }

    @Test("are known from the commit on, and after a restart; twice told is once") func known() async throws {
        let sessions = try EndedSessions(in: database)
        #expect(!sessions.contains(session))
        try await note(sessions, session)
        try await note(sessions, session)
        #expect(sessions.contains(session))
        #expect(!sessions.contains(SessionID(UUID())))
        #expect(try EndedSessions(in: database).contains(session))
    }

    @Test("are not known when the transaction is undone") func undone() async throws {
        struct Undone: Error {}
        let sessions = try EndedSessions(in: database)
        await #expect(throws: Undone.self) {
            try await database.write { [now, session] db in
                try sessions.note(session, until: now, now: now, in: db)
                throw Undone()
            }
        }
        #expect(!sessions.contains(session))
        #expect(try !EndedSessions(in: database).contains(session))
    }

    @Test("are forgotten a day after they would have expired, when another is told") func forgotten() async throws {
        let (sessions, other) = (try EndedSessions(in: database), SessionID(UUID()))
        try await note(sessions, session)
        try await note(sessions, other, after: 24 * 3600)
        #expect(sessions.contains(session))
        try await note(sessions, SessionID(UUID()), after: 26 * 3600)
        #expect(!sessions.contains(session) && sessions.contains(other))
        #expect(try !EndedSessions(in: database).contains(session))
    }
}
