import Foundation
import SharedKernel

/// Outbox and inbox of one service, beside the service's own data and under the same transactions.
///
/// Promises: what a transaction appends is kept with its other changes or not at all; numbers of a stream have no gaps;
/// a cursor moves in the transaction of the effect; `appended` is raised after every commit that appended.
/// - Throws: all methods throw `StoreUnavailable` when the disk is full, broken or locked: not the message's fault.
package protocol MessageStore<Transaction>: Outbox, Inbox {
    /// Name of the service this store belongs to.
    var service: String { get }

    /// Writes a little that changes nothing, to find out whether the store works again.
    func tryOut() async throws
}

/// What this service tells others.
package protocol Outbox<Transaction>: Sendable {
    associatedtype Transaction

    /// Raised after each commit that appended; the publisher waits for it.
    var appended: WakeSignal { get }

    /// Puts a message into the caller's transaction, with the next number of its stream.
    ///
    /// - Throws: `MessageTooLarge`, or the store's own error.
    @discardableResult
    func append(
        _ message: some MessageContract, tenantID: TenantID, cause: Cause, at now: Date, in transaction: Transaction
    ) throws -> Envelope

    func outboxHead() async throws -> OutboxHead

    /// Messages of all streams in the order of their commits, beginning behind `position`.
    func outboxMessages(behind position: Int64, limit: Int) async throws -> [OutboxMessage]

    /// Messages of one stream in order, beginning behind number `sequence`.
    func outboxMessages(of stream: MessageStream, behind sequence: Int64, limit: Int) async throws -> [OutboxMessage]

    /// The message that bears this number here; `nil` when there is none, or none any more.
    func outboxMessageID(of stream: MessageStream, sequence: Int64) async throws -> MessageID?

    /// Removes up to `limit` messages of the stream, numbers up to `sequence`, that are older than `instant`. Returns
    /// how many.
    func removeOutboxMessages(
        of stream: MessageStream, through sequence: Int64, appendedBefore instant: Date, limit: Int
    ) async throws -> Int

    /// What is known of each subscriber, whether it is here or away.
    func subscribers() async throws -> [SubscriberRecord]
    func saveSubscribers(_ records: [SubscriberRecord]) async throws
}

/// What this service has heard of others.
package protocol Inbox<Transaction>: Sendable {
    associatedtype Transaction

    func cursors() async throws -> [Subscription: InboxCursor]

    /// Sets a cursor by an operator's decision, over whatever it was.
    func setCursor(_ cursor: InboxCursor, of subscription: Subscription) async throws

    /// Applies the messages in order in one transaction, each with its own savepoint, and moves the cursors over them.
    ///
    /// A repeat does nothing. A message that is refused leaves no trace and is set aside, and so is, untried, what follows
    /// it in its lane: a tenant's messages stay in order, and no other tenant waits. A message that cannot be read at all
    /// goes to the dead letters.
    /// - Throws: `StoreUnavailable`, `CursorMismatch`; nothing is kept then.
    func apply(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> ApplyOutcome

    /// Lanes in which something is set aside, with how much.
    func lanes() async throws -> [Lane: Int]

    /// Tries up to `limit` messages that are set aside in a lane, in order, in one transaction, until one is refused. One
    /// that has been refused `attemptsMax` times goes to the dead letters.
    ///
    /// - Throws: `StoreUnavailable`; nothing is kept then.
    func applySetAside(
        _ lane: Lane, limit: Int, attemptsMax: Int, with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> LaneOutcome

    /// The oldest first.
    func deadLetters(limit: Int) async throws -> [DeadLetter]
    func deadLetterCount() async throws -> Int

    /// Applies a dead letter now; it is gone if that succeeds.
    ///
    /// - Returns: `false` when there is no such letter.
    /// - Throws: what the handler threw; the letter stays.
    func retryDeadLetter(_ id: Int64, with handler: any MessageHandler<Transaction>) async throws -> Bool

    /// - Returns: `false` when there is no such letter.
    func dropDeadLetter(_ id: Int64) async throws -> Bool
}

package struct OutboxHead: Sendable, Hashable {
    /// Made with the file that holds the outbox.
    package var epoch: String
    /// Position of the newest message; 0 when there never was one.
    package var position: Int64
    package var streams: [MessageStream: StreamHead]

    package init(epoch: String, position: Int64, streams: [MessageStream: StreamHead]) {
        self.epoch = epoch
        self.position = position
        self.streams = streams
    }
}

/// The numbers a publisher can still send.
package struct StreamHead: Sendable, Hashable, Codable {
    /// The oldest number kept; `last + 1` when none is.
    package var first: Int64
    /// The newest number given; 0 when none was.
    package var last: Int64

    package init(first: Int64, last: Int64) {
        self.first = first
        self.last = last
    }
}

package struct OutboxMessage: Sendable, Hashable {
    /// Order of commit over all streams.
    package let position: Int64
    package let stream: MessageStream
    package let sequence: Int64
    /// The envelope as it is sent.
    package let bytes: Data

    package init(position: Int64, stream: MessageStream, sequence: Int64, bytes: Data) {
        self.position = position
        self.stream = stream
        self.sequence = sequence
        self.bytes = bytes
    }
}

/// How far a subscriber has come in one stream.
package struct InboxCursor: Sendable, Hashable, Codable {
    /// The history the number belongs to.
    package var epoch: String
    /// The last number applied; 0 before the first.
    package var sequence: Int64
    /// The message that bore that number; proof that publisher and subscriber tell the same history.
    package var messageID: MessageID?

    package init(epoch: String, sequence: Int64, messageID: MessageID?) {
        self.epoch = epoch
        self.sequence = sequence
        self.messageID = messageID
    }
}

/// The messages of one tenant in one stream. They take effect in order; those of another lane never wait for them.
package struct Lane: Sendable, Hashable {
    package let subscription: Subscription
    package let tenantID: TenantID

    package init(_ subscription: Subscription, _ tenantID: TenantID) {
        self.subscription = subscription
        self.tenantID = tenantID
    }
}

/// What became of a batch. The cursors stand behind all of it.
package struct ApplyOutcome: Sendable {
    package var applied: [IncomingMessage] = []
    /// Refused, or waiting behind a refused one.
    package var setAside: [(message: IncomingMessage, lane: Lane)] = []
    package var buried: [BuriedMessage] = []

    package init() {}

    package var isEmpty: Bool { applied.isEmpty && setAside.isEmpty && buried.isEmpty }
}

/// What became of messages that were set aside.
package struct LaneOutcome: Sendable {
    package var applied = 0
    package var buried: BuriedMessage?
    /// How often the message at the head has been refused; 0 when the head has not been tried since it came there.
    package var refusals = 0
    package var left = 0

    package init() {}
}

/// A message that became a dead letter.
package struct BuriedMessage: Sendable {
    package let message: IncomingMessage
    /// What the handler threw, in words without the message's data.
    package let reason: String

    package init(message: IncomingMessage, reason: String) {
        self.message = message
        self.reason = reason
    }
}

/// A message its handler refused again and again. The stream went on without it.
package struct DeadLetter: Sendable, Hashable, Codable {
    package let id: Int64
    package let publisher: String
    package let stream: MessageStream
    package let sequence: Int64
    package let type: String
    package let subject: String
    package let reason: String
    package let attempts: Int
    package let diedAt: Date

    package init(
        id: Int64, publisher: String, stream: MessageStream, sequence: Int64, type: String, subject: String,
        reason: String, attempts: Int, diedAt: Date
    ) {
        self.id = id
        self.publisher = publisher
        self.stream = stream
        self.sequence = sequence
        self.type = type
        self.subject = subject
        self.reason = reason
        self.attempts = attempts
        self.diedAt = diedAt
    }
}

/// What a publisher remembers of one subscriber, so that nothing is removed that it still needs.
package struct SubscriberRecord: Sendable, Hashable {
    package let service: String
    /// Numbers it has applied, of our present epoch; a stream it listens to is listed even at 0.
    package var acknowledged: [MessageStream: Int64]
    package var lastHeardAt: Date
    /// By an operator's hand: it needs nothing any more. Taken back when it is heard again.
    package var isRetired: Bool

    package init(service: String, acknowledged: [MessageStream: Int64], lastHeardAt: Date, isRetired: Bool) {
        self.service = service
        self.acknowledged = acknowledged
        self.lastHeardAt = lastHeardAt
        self.isRetired = isRetired
    }
}

/// The store cannot work for now (disk full, file locked or broken). Not the message's fault: wait and try again.
package struct StoreUnavailable: StartRefusal {
    /// In words for an operator, without any data.
    package let reason: String
    package var exitCode: Int32 { 74 }  // EX_IOERR
    package init(reason: String) { self.reason = reason }
    package var description: String { "store unavailable: \(reason)" }
}

/// A batch did not begin behind the stored cursor: our own mistake, or an operator moved the cursor meanwhile.
package struct CursorMismatch: Error, Sendable, CustomStringConvertible {
    package let stored: Int64
    package let offered: Int64
    package init(stored: Int64, offered: Int64) {
        self.stored = stored
        self.offered = offered
    }
    package var description: String { "message \(offered) does not follow the stored cursor \(stored)" }
}

/// A message beyond `BusLimits.messageBytesMax`: refused where it is made, because nobody would hear it.
package struct MessageTooLarge: Error, Sendable, CustomStringConvertible {
    package let type: String
    package let bytes: Int
    package init(type: String, bytes: Int) {
        self.type = type
        self.bytes = bytes
    }
    package var description: String { "\(type) has \(bytes) bytes, at most \(BusLimits.messageBytesMax) are allowed" }
}
