import Foundation
import Messaging
import SharedKernel
import Synchronization

/// Counts the transactions in which messages are applied, and tells of each.
final class AppliedCount: Sendable {
    private let count = Mutex(0)
    private let probe: Probe

    init(telling probe: Probe) { self.probe = probe }

    var now: Int { count.withLock { $0 } }

    fileprivate func begin() { count.withLock { $0 += 1 } }
    fileprivate func end() { probe.touch() }
}

/// A store as it is, but that its `apply` is counted.
struct CountedStore<Base: TestStore>: TestStore {
    typealias Transaction = Base.Transaction
    let base: Base
    let applied: AppliedCount

    func apply(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> ApplyOutcome {
        applied.begin()
        defer { applied.end() }
        return try await base.apply(batch, with: handler, at: now)
    }

    // MARK: Passed on

    var service: String { base.service }
    var appended: WakeSignal { base.appended }

    func tryOut() async throws { try await base.tryOut() }
    func append(
        _ message: some MessageContract, tenantID: TenantID, cause: Cause, at now: Date, in transaction: Transaction
    ) throws -> Envelope {
        try base.append(message, tenantID: tenantID, cause: cause, at: now, in: transaction)
    }
    func outboxHead() async throws -> OutboxHead { try await base.outboxHead() }
    func outboxMessages(behind position: Int64, limit: Int) async throws -> [OutboxMessage] {
        try await base.outboxMessages(behind: position, limit: limit)
    }
    func outboxMessages(of stream: MessageStream, behind sequence: Int64, limit: Int) async throws -> [OutboxMessage] {
        try await base.outboxMessages(of: stream, behind: sequence, limit: limit)
    }
    func outboxMessageID(of stream: MessageStream, sequence: Int64) async throws -> MessageID? {
        try await base.outboxMessageID(of: stream, sequence: sequence)
    }
    func removeOutboxMessages(
        of stream: MessageStream, through sequence: Int64, appendedBefore instant: Date, limit: Int
    ) async throws -> Int {
        try await base.removeOutboxMessages(of: stream, through: sequence, appendedBefore: instant, limit: limit)
    }
    func subscribers() async throws -> [SubscriberRecord] { try await base.subscribers() }
    func saveSubscribers(_ records: [SubscriberRecord]) async throws { try await base.saveSubscribers(records) }
    func cursors() async throws -> [Subscription: InboxCursor] { try await base.cursors() }
    func setCursor(_ cursor: InboxCursor, of subscription: Subscription) async throws {
        try await base.setCursor(cursor, of: subscription)
    }
    func lanes() async throws -> [Lane: Int] { try await base.lanes() }
    func applySetAside(
        _ lane: Lane, limit: Int, attemptsMax: Int, with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> LaneOutcome {
        try await base.applySetAside(lane, limit: limit, attemptsMax: attemptsMax, with: handler, at: now)
    }
    func deadLetters(limit: Int) async throws -> [DeadLetter] { try await base.deadLetters(limit: limit) }
    func deadLetterCount() async throws -> Int { try await base.deadLetterCount() }
    func retryDeadLetter(_ id: Int64, with handler: any MessageHandler<Transaction>) async throws -> Bool {
        try await base.retryDeadLetter(id, with: handler)
    }
    func dropDeadLetter(_ id: Int64) async throws -> Bool { try await base.dropDeadLetter(id) }

    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws {
        try await base.append(numbers, perTransaction: perTransaction, tenant: tenant)
    }
    func append(letters: ClosedRange<Int>) async throws { try await base.append(letters: letters) }
    func effects() async throws -> [Int] { try await base.effects() }
    static func takeEffect(_ number: Int, in transaction: Transaction) throws {
        try Base.takeEffect(number, in: transaction)
    }
    func reopened() throws -> Self { Self(base: try base.reopened(), applied: applied) }
    func backedUp() async throws -> @Sendable () throws -> Self {
        let (open, applied) = (try await base.backedUp(), applied)
        return { Self(base: try open(), applied: applied) }
    }
    func close() throws { try base.close() }
}
