import Foundation
import SharedKernel
import Synchronization

/// The twin of the SQLite store: outbox, inbox and the service's own `Value` under one lock, for tests.
package final class InMemoryMessageStore<Value: Sendable>: MessageStore {
    /// An open transaction: a working copy that takes the place of the stored one when it commits.
    package final class Transaction {
        /// The service's own data.
        package var value: Value {
            get { contents.value }
            set { contents.value = newValue }
        }
        var contents: InMemoryContents<Value>
        var hasAppended = false

        init(_ contents: InMemoryContents<Value>) { self.contents = contents }
    }

    package let service: String
    package let appended = WakeSignal()
    let contents: Mutex<InMemoryContents<Value>>

    package init(service: String, value: Value) {
        self.service = service
        contents = Mutex(InMemoryContents(value: value))
    }

    /// A copy made now, as a backup of a file: same epoch, same numbers.
    package init(restoring copy: InMemoryContents<Value>, service: String) {
        self.service = service
        contents = Mutex(copy)
    }

    package var copy: InMemoryContents<Value> { contents.withLock { $0 } }

    /// Everything `body` changes and appends is kept, or nothing when it throws.
    @discardableResult
    package func write<Result: Sendable>(_ body: (Transaction) throws -> Result) rethrows -> Result {
        let (result, hasAppended) = try contents.withLock { contents in
            let transaction = Transaction(contents)
            let result = try body(transaction)
            contents = transaction.contents
            return (result, transaction.hasAppended)
        }
        if hasAppended { appended.wake() }
        return result
    }

    @discardableResult
    package func append(
        _ message: some MessageContract, tenantID: TenantID, cause: Cause, at now: Date, in transaction: Transaction
    ) throws -> Envelope {
        let stream = type(of: message).stream
        let last = transaction.contents.lastOfStream[stream]
        let envelope = Envelope(
            id: .new(at: now), source: "/\(service)", type: type(of: message).type, subject: message.subject, time: now,
            tenantID: tenantID, stream: stream, sequence: (last?.sequence ?? 0) + 1,
            epoch: transaction.contents.epoch, cause: cause, data: try JSONEncoder.house.encode(message))
        let bytes = try EnvelopeCoding.encode(envelope, previousID: last?.id)
        guard bytes.count <= BusLimits.messageBytesMax else {
            throw MessageTooLarge(type: envelope.type, bytes: bytes.count)
        }
        transaction.contents.append(envelope, bytes: bytes)
        transaction.hasAppended = true
        return envelope
    }
}

/// What an `InMemoryMessageStore` keeps; a copy of it is a backup.
package struct InMemoryContents<Value: Sendable>: Sendable {
    package internal(set) var value: Value
    var epoch = UUID().uuidString.lowercased()
    var position: Int64 = 0
    var outbox: [(message: OutboxMessage, id: MessageID, appendedAt: Date)] = []
    var lastOfStream: [MessageStream: (sequence: Int64, id: MessageID)] = [:]
    var subscribers: [String: SubscriberRecord] = [:]
    var cursors: [Subscription: InboxCursor] = [:]
    var setAside: [(lane: Lane, message: IncomingMessage, refusals: Int)] = []
    var deadLetters: [(letter: DeadLetter, bytes: Data)] = []
    var lastDeadLetter: Int64 = 0

    init(value: Value) { self.value = value }

    mutating func append(_ envelope: Envelope, bytes: Data) {
        position += 1
        let message = OutboxMessage(
            position: position, stream: envelope.stream, sequence: envelope.sequence, bytes: bytes)
        outbox.append((message, envelope.id, envelope.time))
        lastOfStream[envelope.stream] = (envelope.sequence, envelope.id)
    }

    func requireNext(_ message: IncomingMessage) throws {
        let stored = cursors[message.subscription]
        let isNext = stored.map { $0.epoch == message.epoch && $0.sequence + 1 == message.sequence }
        guard isNext ?? (message.sequence == 1) else {
            throw CursorMismatch(stored: stored?.sequence ?? 0, offered: message.sequence)
        }
    }

    func isRepeat(_ message: IncomingMessage) -> Bool {
        guard let stored = cursors[message.subscription] else { return false }
        return stored.epoch == message.epoch && message.sequence <= stored.sequence
    }

    mutating func bury(_ message: IncomingMessage, reason: String, attempts: Int, at now: Date) -> BuriedMessage {
        let envelope = try? message.envelope()
        lastDeadLetter += 1
        let letter = DeadLetter(
            id: lastDeadLetter, publisher: message.publisher, stream: message.stream, sequence: message.sequence,
            type: envelope?.type ?? "", subject: envelope?.subject ?? "", reason: reason, attempts: attempts,
            diedAt: now)
        deadLetters.append((letter, message.bytes))
        return BuriedMessage(message: message, reason: reason)
    }

    mutating func moveCursor(over message: IncomingMessage) {
        cursors[message.subscription] = InboxCursor(
            epoch: message.epoch, sequence: message.sequence, messageID: message.id)
    }
}
