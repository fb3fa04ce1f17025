import Foundation
import SharedKernel
import Synchronization

extension InMemoryMessageStore {
    package func outboxHead() async throws -> OutboxHead {
        contents.withLock { contents in
            var streams: [MessageStream: StreamHead] = [:]
            for (stream, last) in contents.lastOfStream {
                let first = contents.outbox.first { $0.message.stream == stream }?.message.sequence
                streams[stream] = StreamHead(first: first ?? last.sequence + 1, last: last.sequence)
            }
            return OutboxHead(epoch: contents.epoch, position: contents.position, streams: streams)
        }
    }

    package func outboxMessages(behind position: Int64, limit: Int) async throws -> [OutboxMessage] {
        contents.withLock { contents in
            Array(contents.outbox.lazy.map(\.message).filter { $0.position > position }.prefix(limit))
        }
    }

    package func outboxMessages(
        of stream: MessageStream, behind sequence: Int64, limit: Int
    ) async throws -> [OutboxMessage] {
        contents.withLock { contents in
            Array(
                contents.outbox.lazy.map(\.message).filter { $0.stream == stream && $0.sequence > sequence }
                    .prefix(limit))
        }
    }

    package func outboxMessageID(of stream: MessageStream, sequence: Int64) async throws -> MessageID? {
        contents.withLock { contents in
            if let last = contents.lastOfStream[stream], last.sequence == sequence { return last.id }
            return contents.outbox.first { $0.message.stream == stream && $0.message.sequence == sequence }?.id
        }
    }

    package func removeOutboxMessages(
        of stream: MessageStream, through sequence: Int64, appendedBefore instant: Date, limit: Int
    ) async throws -> Int {
        contents.withLock { contents in
            let removable = contents.outbox.lazy.filter { $0.message.stream == stream }
                .prefix { $0.message.sequence <= sequence && $0.appendedAt < instant }.prefix(limit)
            let positions = Set(removable.map(\.message.position))
            contents.outbox.removeAll { positions.contains($0.message.position) }
            return positions.count
        }
    }

    package func subscribers() async throws -> [SubscriberRecord] {
        contents.withLock { $0.subscribers.values.sorted { $0.service < $1.service } }
    }

    package func saveSubscribers(_ records: [SubscriberRecord]) async throws {
        contents.withLock { contents in
            for record in records { contents.subscribers[record.service] = record }
        }
    }

    package func cursors() async throws -> [Subscription: InboxCursor] { contents.withLock { $0.cursors } }

    package func setCursor(_ cursor: InboxCursor, of subscription: Subscription) async throws {
        contents.withLock { $0.cursors[subscription] = cursor }
    }

    package func apply(
        _ batch: [IncomingMessage], with handler: any MessageHandler<Transaction>
    ) async throws -> ApplyOutcome {
        try write { transaction in
            var outcome = ApplyOutcome()
            var stopped: Set<Subscription> = []
            for message in batch where !stopped.contains(message.subscription) {
                if transaction.contents.isRepeat(message) { continue }
                try transaction.contents.requireNext(message)
                let savepoint = (transaction.contents, transaction.hasAppended)
                do {
                    let envelope = try message.envelope()
                    try TraceContext.$current.withValue(envelope.cause.trace.child()) {
                        try handler.handle(envelope, in: transaction)
                    }
                    transaction.contents.moveCursor(over: message)
                    outcome.applied.append(message)
                } catch let error as StoreUnavailable {
                    throw error
                } catch {
                    (transaction.contents, transaction.hasAppended) = savepoint
                    stopped.insert(message.subscription)
                    outcome.refused.append(.init(message: message, reason: RefusalReason.text(error)))
                }
            }
            return outcome
        }
    }

    package func bury(_ message: IncomingMessage, reason: String, attempts: Int, at now: Date) async throws {
        try contents.withLock { contents in
            if contents.isRepeat(message) { return }
            try contents.requireNext(message)
            let envelope = try? message.envelope()
            contents.lastDeadLetter += 1
            let letter = DeadLetter(
                id: contents.lastDeadLetter, publisher: message.publisher, stream: message.stream,
                sequence: message.sequence, type: envelope?.type ?? "", subject: envelope?.subject ?? "",
                reason: reason, attempts: attempts, diedAt: now)
            contents.deadLetters.append((letter, message.bytes))
            contents.moveCursor(over: message)
        }
    }

    package func deadLetters(limit: Int) async throws -> [DeadLetter] {
        contents.withLock { Array($0.deadLetters.map(\.letter).prefix(limit)) }
    }

    package func deadLetterCount() async throws -> Int { contents.withLock { $0.deadLetters.count } }

    package func retryDeadLetter(_ id: Int64, with handler: any MessageHandler<Transaction>) async throws -> Bool {
        try write { transaction in
            guard let found = transaction.contents.deadLetters.first(where: { $0.letter.id == id }) else {
                return false
            }
            try handler.handle(try EnvelopeCoding.decode(found.bytes), in: transaction)
            transaction.contents.deadLetters.removeAll { $0.letter.id == id }
            return true
        }
    }

    package func dropDeadLetter(_ id: Int64) async throws -> Bool {
        contents.withLock { contents in
            let count = contents.deadLetters.count
            contents.deadLetters.removeAll { $0.letter.id == id }
            return contents.deadLetters.count < count
        }
    }
}
