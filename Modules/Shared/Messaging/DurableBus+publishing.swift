import Foundation
import Logging
import SharedKernel

extension DurableBus {
    // MARK: New messages

    /// Sends what commits have appended, in their order. What an earlier process committed and did not send is found by
    /// the subscribers themselves, from the heartbeat.
    func publishAsAppended() async {
        while true {
            let isLast = isStopping
            await publishAppended()
            if isLast { return }
            await store.appended.wait()
        }
    }

    private func publishAppended() async {
        var count = BusLimits.publishBatchMax
        while count == BusLimits.publishBatchMax {
            do {
                let batch = try await store.outboxMessages(
                    behind: published.position, limit: BusLimits.publishBatchMax)
                for message in batch { await publish(message) }
                count = batch.count
            } catch {
                // The next heartbeat wakes this loop again.
                return storeFailed(error)
            }
        }
    }

    private func publish(_ message: OutboxMessage) async {
        published.position = message.position
        published.streams[message.stream, default: StreamHead(first: message.sequence, last: 0)].last = message.sequence
        await transport.publish(topic: message.stream.rawValue, bytes: message.bytes)
        metrics.published(message.stream)
    }

    // MARK: Heartbeat

    func beat() async {
        while !isStopping {
            await sendHeartbeat()
            for subscription in subscriptions {
                await change(subscription) { receiver, now in receiver.tick(now: now) }
                guard let receiver = receivers[subscription] else { continue }
                metrics.lag(subscription.stream, receiver.lag)
                metrics.refused(subscription.stream, receiver.refusal != nil)
            }
            metrics.setAside(setAside)
            metrics.deadLetters(deadLetterCount)
            if storeTrouble != nil { await tryOutStore() }
            await heartbeatSignal.wait(atMost: timing.heartbeat)
        }
    }

    /// What waits to be applied finds out by itself, in its own time. Where nothing waits, nobody else would.
    private func tryOutStore() async {
        if receivers.values.allSatisfy(\.ready.isEmpty) {
            do {
                try await store.tryOut()
                storeWorked()
            } catch {
                storeFailed(error)
            }
        }
        store.appended.wake()
    }

    private func sendHeartbeat() async {
        let cursors = subscriptions.compactMap { subscription in
            receivers[subscription].map { receiver in
                Heartbeat.HeardCursor(
                    publisher: subscription.publisher, stream: subscription.stream, epoch: receiver.cursor.epoch,
                    sequence: receiver.cursor.sequence, refusal: receiver.refusal?.kind)
            }
        }
        let heartbeat = Heartbeat(
            service: service, epoch: published.epoch, sentAt: now(),
            heads: Dictionary(uniqueKeysWithValues: published.streams.map { ($0.rawValue, $1) }), cursors: cursors)
        await send(heartbeat, topic: BusTopic.heartbeat)
    }

    func send(_ value: some Encodable, topic: String) async {
        guard let bytes = try? JSONEncoder.house.encode(value) else {
            preconditionFailure("\(topic) cannot be encoded")
        }
        await transport.publish(topic: topic, bytes: bytes)
    }

    // MARK: Replay

    func answerAsAsked() async {
        while !isStopping {
            await answerSignal.wait()
            while !isStopping, let (key, request) = questions.first {
                questions[key] = nil
                do { try await answer(request) } catch { storeFailed(error) }
            }
        }
    }

    private func answer(_ request: ReplayRequest) async throws {
        let head = try await store.outboxHead()
        let notice = ReplayNotice(
            request: request.id, publisher: service, stream: request.stream, epoch: head.epoch,
            head: head.streams[request.stream] ?? StreamHead(first: 1, last: 0),
            messageIDAtAfter: try await store.outboxMessageID(of: request.stream, sequence: request.after))
        await send(notice, topic: BusTopic.replayNotice(to: request.subscriber))
        let limit = max(0, min(request.limit, BusLimits.replayMax))
        let messages = try await store.outboxMessages(of: request.stream, behind: request.after, limit: limit)
        for message in messages {
            await transport.publish(topic: BusTopic.replay(to: request.subscriber), bytes: message.bytes)
        }
        metrics.replayAnswered(request.stream, messages.count)
    }

    // MARK: Retention

    func retain() async {
        while true {
            await retentionSignal.wait(atMost: timing.retentionInterval)
            do { try await removeWhatNobodyNeeds() } catch { storeFailed(error) }
            if isStopping { return }
        }
    }

    private func removeWhatNobodyNeeds() async throws {
        try await store.saveSubscribers(Array(subscribers.values))
        let limit = BusLimits.removeBatchMax
        for (stream, head) in published.streams {
            let through = Retention.removableThrough(
                stream, head: head, peers: transport.peers, subscribers: subscribers)
            var removed = limit
            while removed == limit, !isStopping {
                removed = try await store.removeOutboxMessages(
                    of: stream, through: through, appendedBefore: now() - timing.retentionAgeMin, limit: limit)
            }
        }
        for (stream, head) in try await store.outboxHead().streams { published.streams[stream]?.first = head.first }
    }
}

extension Date {
    fileprivate static func - (instant: Date, age: Duration) -> Date {
        instant.addingTimeInterval(-Double(age.components.seconds) - Double(age.components.attoseconds) * 1e-18)
    }
}
