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
        try JSONDecoder.house.decode(foreign: message.bytes)
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
            if let heldUntil, heldUntil > clock.now {
                await applySignal.wait(atMost: heldUntil - clock.now)
                continue
            }
            isApplying = true
            let hasApplied = await applyBatch()
            // One lane between two batches: whatever is set aside, the others go on.
            let hasTried = isStopping ? false : await tryLane()
            isApplying = false
            if isStopping { return }
            if hasApplied || hasTried { continue }
            let instants = Array(notBefore.values) + Array(lanes.values)
            if let instant = instants.min() {
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
            let outcome = try await store.apply(batch, with: handler, at: now())
            storeWorked()
            note(outcome)
            await passed(batch, outcome)
            // Nothing was done: the stored cursors are not those in memory.
            if outcome.isEmpty { try await readCursorsAgain() }
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

    private func note(_ outcome: ApplyOutcome) {
        for (stream, messages) in Dictionary(grouping: outcome.applied, by: \.stream) {
            metrics.applied(stream, messages.count)
        }
        for (message, lane) in outcome.setAside {
            setAside += 1
            guard lanes[lane] == nil else { continue }
            lanes[lane] = clock.now + delay(after: 1)
            metrics.refusedByHandler(message.stream)
            logger.warning(
                "a message was refused; what follows of its tenant waits",
                metadata: [
                    "stream": "\(message.stream.rawValue)", "sequence": "\(message.sequence)",
                    "tenant": "\(lane.tenantID)",
                ])
        }
        for buried in outcome.buried { note(buried) }
    }

    private func passed(_ batch: [IncomingMessage], _ outcome: ApplyOutcome) async {
        let passed = Set(
            (outcome.applied + outcome.setAside.map(\.message) + outcome.buried.map(\.message)).map(\.subscription))
        for subscription in passed {
            guard let last = batch.last(where: { $0.subscription == subscription }) else { continue }
            await change(subscription) { receiver, now in receiver.applied(through: last, now: now) }
        }
    }

    // MARK: What is set aside

    /// Tries the lane that is due. `false` when none is.
    private func tryLane() async -> Bool {
        guard let (lane, instant) = lanes.min(by: { $0.value < $1.value }), instant <= clock.now else { return false }
        let stream = lane.subscription.stream
        do {
            let outcome = try await store.applySetAside(
                lane, limit: BusLimits.applyBatchMax, attemptsMax: timing.retryDelays.count + 1, with: handler,
                at: now())
            storeWorked()
            metrics.applied(stream, outcome.applied)
            setAside -= outcome.applied
            if let buried = outcome.buried {
                setAside -= 1
                note(buried)
            }
            if outcome.refusals > 0 { metrics.refusedByHandler(stream) }
            lanes[lane] = outcome.left == 0 ? nil : clock.now + delay(after: outcome.refusals)
        } catch {
            storeFailed(error)
            lanes[lane] = clock.now + storeDelay
        }
        return true
    }

    private func delay(after refusals: Int) -> Duration {
        refusals == 0 ? .zero : timing.retryDelays[min(refusals, timing.retryDelays.count) - 1]
    }

    private func note(_ buried: BuriedMessage) {
        let message = buried.message
        deadLetterCount += 1
        metrics.buried(message.stream)
        logger.error(
            "a message was put to the dead letters",
            metadata: [
                "publisher": "\(message.publisher)", "stream": "\(message.stream.rawValue)",
                "sequence": "\(message.sequence)", "id": "\(message.id)", "reason": "\(buried.reason)",
            ])
    }

    func readCursorsAgain() async throws {
        let cursors = try await store.cursors()
        for subscription in subscriptions { receivers[subscription]?.reset(to: cursors[subscription]) }
    }
}
