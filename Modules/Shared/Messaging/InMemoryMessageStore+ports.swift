import Foundation
import SharedKernel
import Synchronization

extension InMemoryMessageStore {
    package func tryOut() async throws {}

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
        _ batch: [IncomingMessage], with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> ApplyOutcome {
        try write { transaction in
            var outcome = ApplyOutcome()
            for message in batch where !transaction.contents.isRepeat(message) {
                try transaction.contents.requireNext(message)
                do {
                    let envelope = try message.envelope()
                    let lane = Lane(message.subscription, envelope.tenantID)
                    if transaction.contents.setAside.contains(where: { $0.lane == lane }) {
                        transaction.contents.setAside.append((lane, message, refusals: 0))
                        outcome.setAside.append((message, lane))
                    } else if try refusal(of: envelope, by: handler, in: transaction) == nil {
                        outcome.applied.append(message)
                    } else {
                        transaction.contents.setAside.append((lane, message, refusals: 1))
                        outcome.setAside.append((message, lane))
                    }
                } catch let error as UnreadableEnvelope {
                    outcome.buried.append(
                        transaction.contents.bury(message, reason: RefusalReason.text(error), attempts: 1, at: now))
                }
                transaction.contents.moveCursor(over: message)
            }
            return outcome
        }
    }

    /// Why the handler refused the message, of which nothing stays then; `nil` when it is applied.
    private func refusal(
        of envelope: Envelope, by handler: any MessageHandler<Transaction>, in transaction: Transaction
    ) throws -> String? {
        let savepoint = (transaction.contents, transaction.hasAppended)
        do {
            try TraceContext.$current.withValue(envelope.cause.trace.child()) {
                try handler.handle(envelope, in: transaction)
            }
            return nil
        } catch let error as StoreUnavailable {
            throw error
        } catch {
            (transaction.contents, transaction.hasAppended) = savepoint
            return RefusalReason.text(error)
        }
    }

    package func lanes() async throws -> [Lane: Int] {
        contents.withLock { contents in Dictionary(grouping: contents.setAside, by: \.lane).mapValues(\.count) }
    }

    package func applySetAside(
        _ lane: Lane, limit: Int, attemptsMax: Int, with handler: any MessageHandler<Transaction>, at now: Date
    ) async throws -> LaneOutcome {
        try write { transaction in
            var outcome = LaneOutcome()
            while outcome.applied < limit,
                let index = transaction.contents.setAside.firstIndex(where: { $0.lane == lane })
            {
                let (_, message, refusals) = transaction.contents.setAside[index]
                let reason = try refusal(of: try message.envelope(), by: handler, in: transaction)
                guard let reason else {
                    transaction.contents.setAside.remove(at: index)
                    outcome.applied += 1
                    continue
                }
                if refusals + 1 < attemptsMax {
                    transaction.contents.setAside[index].refusals += 1
                    outcome.refusals = refusals + 1
                } else {
                    transaction.contents.setAside.remove(at: index)
                    outcome.buried = transaction.contents.bury(
                        message, reason: reason, attempts: refusals + 1, at: now)
                }
                break
            }
            outcome.left = transaction.contents.setAside.count { $0.lane == lane }
            return outcome
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
