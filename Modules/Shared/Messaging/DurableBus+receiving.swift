import Foundation
import Logging
import SharedKernel

extension DurableBus {
    func receive(_ events: AsyncStream<TransportEvent>) async {
        for await event in events {
            switch event {
            case .listenerArrived(let prefix):
                if prefix == BusTopic.heartbeat { heartbeatSignal.wake() }
            case .received(let message):
                do {
                    try await receive(message)
                } catch {
                    metrics.unreadable(from: message.peer)
                    logger.warning(
                        "a message on the bus cannot be read",
                        metadata: [
                            "peer": "\(message.peer)", "topic": "\(message.topic)",
                            "reason": "\(RefusalReason.text(error))",
                        ])
                }
            }
        }
    }

    private func receive(_ message: TransportMessage) async throws {
        switch message.topic {
        case BusTopic.heartbeat:
            try await hear(decode(Heartbeat.self, message), from: message.peer)
        case BusTopic.replayRequest(to: service):
            let request = try decode(ReplayRequest.self, message)
            guard request.subscriber == message.peer else {
                throw UnreadableEnvelope(reason: "subscriber: not the sender")
            }
            questions[ReplayKey(subscriber: message.peer, stream: request.stream)] = request
            answerSignal.wake()
        case BusTopic.replayNotice(to: service):
            let notice = try decode(ReplayNotice.self, message)
            let subscription = Subscription(publisher: message.peer, stream: notice.stream)
            await change(subscription) { receiver, now in receiver.hear(notice, now: now) }
        default:
            let isReplay = message.topic == BusTopic.replay(to: service)
            guard isReplay || subscriptions.contains(where: { $0.stream.rawValue == message.topic }) else { return }
            let incoming = try IncomingMessage(bytes: message.bytes, from: message.peer)
            guard isReplay || incoming.stream.rawValue == message.topic else {
                throw UnreadableEnvelope(reason: "stream: is not the topic")
            }
            await change(incoming.subscription) { receiver, now in receiver.receive(incoming, now: now) }
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ message: TransportMessage) throws -> Value {
        try JSONDecoder.house.decode(Value.self, from: message.bytes)
    }

    private func hear(_ heartbeat: Heartbeat, from peer: String) async throws {
        guard heartbeat.service == peer else { throw UnreadableEnvelope(reason: "service: is not the sender") }
        lastHeardAt[peer] = now()
        remember(heartbeat, of: peer)
        for subscription in subscriptions where subscription.publisher == peer {
            // A stream that is not named has no messages: after a restored backup that matters.
            let head = heartbeat.heads[subscription.stream.rawValue] ?? StreamHead(first: 1, last: 0)
            await change(subscription) { receiver, now in
                receiver.hear(head: head, epoch: heartbeat.epoch, now: now)
            }
        }
    }

    /// What a subscriber has applied of ours, for retention.
    private func remember(_ heartbeat: Heartbeat, of peer: String) {
        if subscribers[peer]?.isRetired == true {
            logger.warning(
                "a retired subscriber is back; messages are kept for it again", metadata: ["peer": "\(peer)"])
        }
        var acknowledged: [MessageStream: Int64] = [:]
        for cursor in heartbeat.cursors where cursor.publisher == service {
            acknowledged[cursor.stream] = cursor.epoch == published.epoch ? cursor.sequence : 0
        }
        subscribers[peer] = SubscriberRecord(
            service: peer, acknowledged: acknowledged, lastHeardAt: now(), isRetired: false)
    }

    /// Lets the receiver of a stream decide, and does what it decided. A stream we do not listen to passes by.
    func change(
        _ subscription: Subscription, _ decide: (inout StreamReceiver, ContinuousClock.Instant) -> StreamReceiver.Action
    ) async {
        // In place: a copy would copy the waiting messages as well.
        guard let index = receivers.index(forKey: subscription) else { return }
        let action = decide(&receivers.values[index], clock.now)
        if !receivers.values[index].ready.isEmpty { applySignal.wake() }
        await perform(action, for: subscription)
    }

    func perform(_ action: StreamReceiver.Action, for subscription: Subscription) async {
        let names: Logger.Metadata = [
            "publisher": "\(subscription.publisher)", "stream": "\(subscription.stream.rawValue)",
        ]
        switch action {
        case .none: break
        case .ask(let id, let after, let limit):
            metrics.replayRequested(subscription.stream)
            let request = ReplayRequest(
                id: id, subscriber: service, stream: subscription.stream, after: after, limit: limit)
            await send(request, topic: BusTopic.replayRequest(to: subscription.publisher))
        case .refuse(let refusal):
            metrics.refused(subscription.stream, true)
            logger.error(
                "stream refused: \(refusal)", metadata: names.merging(["kind": "\(refusal.kind)"]) { $1 })
        case .resume:
            metrics.refused(subscription.stream, false)
            logger.notice("stream is no longer refused: its history is ours again", metadata: names)
        }
    }

    // MARK: Applying

    func applyAsReady() async {
        while !isStopping {
            while !isStopping, await applyBatch() {}
            if isStopping { return }
            if let instant = notBefore.values.min() {
                await applySignal.wait(atMost: max(.zero, instant - clock.now))
            } else {
                await applySignal.wait()
            }
        }
    }

    /// Applies what is waiting, in one transaction. `false` when nothing could be done for now.
    private func applyBatch() async -> Bool {
        let batch = nextBatch()
        guard !batch.isEmpty else { return false }
        do {
            let outcome = try await store.apply(batch, with: handler)
            storeWorked()
            await note(applied: outcome.applied)
            for refused in outcome.refused { try await note(refused) }
            // Nothing done and nothing refused: the stored cursors are not those in memory.
            if outcome.applied.isEmpty, outcome.refused.isEmpty { try await readCursorsAgain() }
            return true
        } catch let error as CursorMismatch {
            logger.warning("cursors are read again", metadata: ["reason": "\(error)"])
            do { try await readCursorsAgain() } catch { storeFailed(error) }
        } catch {
            storeFailed(error)
        }
        let instant = clock.now + storeDelay
        for message in batch { notBefore[message.subscription] = instant }
        return false
    }

    private func nextBatch() -> [IncomingMessage] {
        let instant = clock.now
        notBefore = notBefore.filter { $0.value > instant }
        var batch: [IncomingMessage] = []
        let waiting = subscriptions.filter { notBefore[$0] == nil && receivers[$0]?.ready.isEmpty == false }
        for (index, subscription) in waiting.enumerated() {
            // Each stream gets its share, so that a long queue does not hold up a short one.
            let share = (BusLimits.applyBatchMax - batch.count) / (waiting.count - index)
            batch += receivers[subscription]?.ready.prefix(max(1, share)) ?? []
        }
        return batch
    }

    private func note(applied: [IncomingMessage]) async {
        for (subscription, messages) in Dictionary(grouping: applied, by: \.subscription) {
            guard let last = messages.last else { continue }
            deliveries[subscription] = nil
            metrics.applied(subscription.stream, messages.count)
            await change(subscription) { receiver, now in receiver.applied(through: last, now: now) }
        }
    }

    private func note(_ refused: ApplyOutcome.Refused) async throws {
        let message = refused.message
        let subscription = message.subscription
        metrics.refusedByHandler(subscription.stream)
        var delivery = deliveries[subscription] ?? Delivery(sequence: message.sequence)
        if delivery.sequence != message.sequence { delivery = Delivery(sequence: message.sequence) }
        let action = delivery.failed(delays: timing.retryDelays)
        deliveries[subscription] = delivery
        switch action {
        case .retry(let delay):
            notBefore[subscription] = clock.now + delay
            logger.debug(
                "a message was refused; trying again",
                metadata: ["stream": "\(message.stream.rawValue)", "sequence": "\(message.sequence)"])
        case .bury:
            try await store.bury(message, reason: refused.reason, attempts: delivery.failures, at: now())
            deliveries[subscription] = nil
            deadLetterCount += 1
            metrics.buried(subscription.stream)
            logger.error(
                "a message was put to the dead letters",
                metadata: [
                    "publisher": "\(message.publisher)", "stream": "\(message.stream.rawValue)",
                    "sequence": "\(message.sequence)", "id": "\(message.id)", "reason": "\(refused.reason)",
                ])
            await change(subscription) { receiver, now in receiver.applied(through: message, now: now) }
        }
    }

    func readCursorsAgain() async throws {
        let cursors = try await store.cursors()
        for subscription in subscriptions { receivers[subscription]?.reset(to: cursors[subscription]) }
    }
}
