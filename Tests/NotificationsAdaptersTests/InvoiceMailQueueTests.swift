import Foundation
import GRDB
import MessageContracts
import Messaging
import Notifications
import NotificationsAdapters
import SQLiteStorage
import SharedKernel
import Testing

private struct Made: Sendable {
    let queue: any InvoiceMailQueue
    let enqueue: @Sendable (SaleCompleted, TenantID, Date) async throws -> Bool
    let told: @Sendable () async throws -> [String]

    enum Kind: CaseIterable { case sqlite, inMemory }

    init(_ kind: Kind) throws {
        switch kind {
        case .sqlite:
            let house = try RelayHouse()
            queue = house.mails
            enqueue = { sale, tenant, now in
                try await house.database.writer.write { db in
                    let cause = Cause(correlationID: "correlation", causationID: nil, trace: .new())
                    return try house.mails.enqueue(sale, of: tenant, cause: cause, now: now, in: db)
                }
            }
            told = { try await house.told().map(\.type) }
        case .inMemory:
            let memory = InMemoryInvoiceMailQueue()
            queue = memory
            enqueue = { sale, tenant, now in
                let recipient = try MailAddress(sale.invoiceEmail ?? "")
                return memory.enqueue(Invoice(sale), to: recipient, of: tenant, now: now)
            }
            told = { memory.published.map { type(of: $0).type } }
        }
    }
}

@Suite("Every queue of invoice mails") struct InvoiceMailQueueTests {
    private let now = RelayHouse.now
    private let sale = SaleID.new(at: RelayHouse.now)

    private func change(_ made: Made, _ commands: InvoiceMailCommand..., at now: Date = RelayHouse.now) async throws {
        for command in commands {
            _ = try await made.queue.change(command, sale: sale, of: .first, now: now).get()
        }
    }

    @Test("keeps one mail for a sale, however often it is asked for", arguments: Made.Kind.allCases)
    private func once(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        #expect(try await made.enqueue(.sample(sale), .first, now))
        #expect(try await !made.enqueue(.sample(sale, email: "other@example.com"), .first, now))
        let letter = try #require(try await made.queue.nextDue(now: now))
        #expect(letter.recipient.revealed == "kari@example.com")
        #expect(letter.invoice.saleIdentifier == "OSL-1000123")
        try await change(made, .begin, .handOver, .conclude(.accepted))
        #expect(try await !made.enqueue(.sample(sale), .first, now))
        #expect(try await made.queue.nextDue(now: .distantFuture) == nil)
    }

    @Test("gives out what is due, the longest waiting first", arguments: Made.Kind.allCases)
    private func due(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        let early = SaleID.new(at: now)
        _ = try await made.enqueue(.sample(sale), .first, now)
        _ = try await made.enqueue(.sample(early), .second, now.addingTimeInterval(-5))
        #expect(try await made.queue.nextDue(now: now.addingTimeInterval(-10)) == nil)
        #expect(try await made.queue.nextDue(now: now)?.mail.saleID == early)
        #expect(try await made.queue.nextDueAt() == now.addingTimeInterval(-5))
        _ = try await made.queue.change(.begin, sale: early, of: .second, now: now).get()
        #expect(try await made.queue.nextDue(now: now)?.mail.saleID == sale)
    }

    @Test("waits with a mail that was postponed", arguments: Made.Kind.allCases)
    private func postponed(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        _ = try await made.enqueue(.sample(sale), .first, now)
        try await change(made, .begin, .conclude(.postponed(reason: "451")))
        #expect(try await made.queue.nextDue(now: now.addingTimeInterval(29)) == nil)
        #expect(try await made.queue.nextDue(now: now.addingTimeInterval(30))?.mail.attempts == 1)
        #expect(try await made.told().isEmpty)
    }

    @Test("lets no mail wait for a clock that was set back by hours", arguments: Made.Kind.allCases)
    private func clockSetBack(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        _ = try await made.enqueue(.sample(sale), .first, now)
        try await change(made, .begin, .conclude(.postponed(reason: "451")))
        let setBack = now.addingTimeInterval(-5 * 3600)
        #expect(try await made.queue.nextDue(now: setBack)?.mail.saleID == sale)
        try await change(made, .begin, .conclude(.postponed(reason: "451")), at: setBack)
        #expect(try await made.queue.nextDue(now: setBack.addingTimeInterval(59)) == nil)
        #expect(try await made.queue.nextDue(now: setBack.addingTimeInterval(60))?.mail.attempts == 2)
    }

    @Test("erases address and content of a sent mail and tells it once", arguments: Made.Kind.allCases)
    private func sent(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        _ = try await made.enqueue(.sample(sale), .first, now)
        try await change(made, .begin, .handOver, .conclude(.accepted))
        let mail = try #require(try await made.queue.mails(of: .first, in: nil, queuedBefore: nil, limit: 10).first)
        #expect(mail.state == .mailed(at: now))
        #expect(mail.isErased)
        #expect(mail.maskedAddress == "k•••@example.com")
        #expect(try await made.told() == [InvoiceMailed.type])
        #expect(
            try await made.queue.change(.resend, sale: sale, of: .first, now: now) == .failure(.alreadyMailed))
    }

    @Test("tells a failure and a doubt, and sends again when asked", arguments: Made.Kind.allCases)
    private func failed(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        _ = try await made.enqueue(.sample(sale), .first, now)
        try await change(made, .begin, .conclude(.refused(reason: "550 no")))
        #expect(try await made.queue.nextDue(now: .distantFuture) == nil)
        try await change(made, .resend, .begin, .handOver, .conclude(.unknown(reason: "timeout")))
        #expect(try await made.queue.mails(of: .first, in: .inDoubt, queuedBefore: nil, limit: 10).count == 1)
        try await change(made, .resend)
        #expect(try await made.queue.nextDue(now: now)?.mail.saleID == sale)
        #expect(try await made.told() == [InvoiceMailFailed.type, InvoiceMailFailed.type])
    }

    @Test("after a crash sends what was not handed over, and flags the rest", arguments: Made.Kind.allCases)
    private func recovery(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        let other = SaleID.new(at: now)
        for sale in [sale, other] { _ = try await made.enqueue(.sample(sale), .first, now) }
        try await change(made, .begin)
        _ = try await made.queue.change(.begin, sale: other, of: .first, now: now).get()
        _ = try made.queue.changeNow(.handOver, sale: other, of: .first, now: now).get()
        try await made.queue.recover(now: now)
        #expect(try await made.queue.nextDue(now: now)?.mail.saleID == sale)
        #expect(
            try await made.queue.mails(of: .first, in: .inDoubt, queuedBefore: nil, limit: 10).map(\.saleID) == [other])
        #expect(try await made.told() == [InvoiceMailFailed.type])
        try await made.queue.recover(now: now)
        #expect(try await made.told().count == 1)
    }

    @Test("erases addresses of mails that failed long ago", arguments: Made.Kind.allCases)
    private func erased(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        _ = try await made.enqueue(.sample(sale), .first, now)
        try await change(made, .begin, .conclude(.refused(reason: "550 no")))
        try await made.queue.erase(endedBefore: now)
        #expect(try await made.queue.mails(of: .first, in: nil, queuedBefore: nil, limit: 1).first?.isErased == false)
        try await made.queue.erase(endedBefore: now.addingTimeInterval(1))
        #expect(try await made.queue.change(.resend, sale: sale, of: .first, now: now) == .failure(.erased))
    }

    @Test("keeps tenants apart, and lists newest first by state and time", arguments: Made.Kind.allCases)
    private func listed(_ kind: Made.Kind) async throws {
        let made = try Made(kind)
        let later = SaleID.new(at: now)
        _ = try await made.enqueue(.sample(sale), .first, now)
        _ = try await made.enqueue(.sample(later), .first, now.addingTimeInterval(1))
        _ = try await made.enqueue(.sample(sale), .second, now)
        func list(_ state: InvoiceMailStateName? = nil, before: Date? = nil, limit: Int = 10) async throws -> [SaleID] {
            try await made.queue.mails(of: .first, in: state, queuedBefore: before, limit: limit).map(\.saleID)
        }
        #expect(try await list() == [later, sale])
        #expect(try await list(limit: 1) == [later])
        #expect(try await list(before: now.addingTimeInterval(1)) == [sale])
        try await change(made, .begin)
        #expect(try await list(.sending) == [sale])
        #expect(try await list(.waiting) == [later])
        #expect(
            try await made.queue.change(.resend, sale: later, of: .second, now: now) == .failure(.notFound))
        #expect(try await made.queue.mails(of: .second, in: .waiting, queuedBefore: nil, limit: 10).count == 1)
    }
}

@Suite("The relay's file") struct RelayFileTests {
    @Test("holds no address once the mail is sent, not even in its free pages") func erased() async throws {
        let house = try RelayHouse()
        let sale = SaleID.new(at: RelayHouse.now)
        try await house.hear(SaleCompleted.sample(sale, email: "erase.me.kari@example.com"))
        for command in [InvoiceMailCommand.begin, .handOver, .conclude(.accepted)] {
            _ = try await house.mails.change(command, sale: sale, of: .first, now: RelayHouse.now).get()
        }
        try await house.database.writer.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        for ending in ["", "-wal"] {
            let bytes = FileManager.default.contents(atPath: house.database.path + ending) ?? Data()
            #expect(bytes.range(of: Data("erase.me".utf8)) == nil)
        }
    }

    @Test("refuses an address that is none, tells it, and keeps nothing of it") func noAddress() async throws {
        let house = try RelayHouse()
        try await house.hear(SaleCompleted.sample(email: "kari@example.com\r\nBcc: all@example.com"))
        let mail = try #require(try await house.mails.mails(of: .first, in: nil, queuedBefore: nil, limit: 1).first)
        #expect(mail.state.name == .failed)
        #expect(mail.isErased)
        #expect(try await house.told().map(\.type) == [InvoiceMailFailed.type])
        #expect(try await house.mails.nextDue(now: .distantFuture) == nil)
    }

    @Test("has no mail for a sale without an address") func without() async throws {
        let house = try RelayHouse()
        try await house.hear(SaleCompleted.sample(email: nil))
        #expect(try await house.mails.mails(of: .first, in: nil, queuedBefore: nil, limit: 1).isEmpty)
    }
}

@Suite("A queue of invoice mails that was restored from a copy") struct RestoredInvoiceMailQueueTests {
    private let now = RelayHouse.now

    private func enqueue(_ sale: SaleCompleted, in house: RelayHouse) async throws {
        try await house.database.writer.write { db in
            let cause = Cause(correlationID: "correlation", causationID: nil, trace: .new())
            _ = try house.mails.enqueue(sale, of: .first, cause: cause, now: now, in: db)
        }
    }

    @Test("sends nothing by itself that may have been sent since the copy was made") func waiting() async throws {
        let house = try RelayHouse()
        let sale = SaleID.new(at: now)
        try await enqueue(.sample(sale), in: house)
        try await house.database.writer.write { db in
            try db.execute(
                sql: "INSERT INTO bus_restored (restored_at) VALUES (?)", arguments: [now.timeIntervalSince1970])
        }
        try await house.mails.recover(now: now)
        #expect(try await house.mails.nextDue(now: .distantFuture) == nil)
        // An operator may have it sent, and then it stays so.
        _ = try await house.mails.change(.resend, sale: sale, of: .first, now: now).get()
        try await house.mails.recover(now: now)
        #expect(try await house.mails.nextDue(now: now)?.mail.saleID == sale)
    }

    @Test("sends what was begun after it was restored, and nothing older") func heardAgain() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "restored-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "relay.sqlite").path
        let copy = try SQLiteDatabase(path: path, migrator: NotificationsSchema.migrator)
        try await copy.write { db in
            try db.execute(
                sql: "INSERT INTO bus_restored (restored_at) VALUES (?)", arguments: [now.timeIntervalSince1970])
        }
        try copy.close()
        let house = try RelayHouse(database: SQLiteDatabase(path: path, migrator: NotificationsSchema.migrator))
        let (before, after) = (SaleID.new(at: now), SaleID.new(at: now))
        try await enqueue(.sample(before, startedAt: now - 60), in: house)
        try await enqueue(.sample(after, startedAt: now + 60), in: house)
        #expect(try await house.mails.nextDue(now: .distantFuture)?.mail.saleID == after)
        let states = try await house.database.writer.read { db in
            try String.fetchAll(db, sql: "SELECT state FROM invoice_mail ORDER BY state")
        }
        #expect(states == ["in-doubt", "waiting"])
    }
}
