import Foundation
import Logging
import ServiceLifecycle
import SharedKernel
import Synchronization

/// Exactly-once effects over a medium that forgets: publishes the outbox, keeps the inbox in order, repairs what was
/// lost.
///
/// One loop per task, each woken by its signal: publishing (a commit appended), receiving (the medium delivered),
/// applying (a message is next), answering (a subscriber asks). Timers only repair: heartbeats, questions asked again,
/// retention. On graceful shutdown the transaction in hand is finished and what was committed is published; then the
/// medium is left.
package actor DurableBus<Store: MessageStore>: Service {
    package nonisolated let service: String
    let store: Store
    let transport: any MessageTransport
    let handler: any MessageHandler<Store.Transaction>
    let subscriptions: [Subscription]
    let logger: Logger
    let timing: BusTiming
    let now: Now
    let clock = ContinuousClock()

    let applySignal = WakeSignal()
    let answerSignal = WakeSignal()
    let heartbeatSignal = WakeSignal()
    let retentionSignal = WakeSignal()
    let stopping = Atomic(false)

    /// What was published, as far as this process knows.
    var published = OutboxHead(epoch: "", position: 0, streams: [:])
    var receivers: [Subscription: StreamReceiver] = [:]
    /// Streams that have to wait for the store.
    var notBefore: [Subscription: ContinuousClock.Instant] = [:]
    /// Lanes in which something is set aside, and when it is tried again.
    var lanes: [Lane: ContinuousClock.Instant] = [:]
    /// Messages in these lanes.
    var setAside = 0
    var questions: [ReplayKey: ReplayRequest] = [:]
    var subscribers: [String: SubscriberRecord] = [:]
    var lastHeardAt: [String: Date] = [:]
    /// Until then nothing is applied, by an operator's wish.
    var heldUntil: ContinuousClock.Instant?
    var isApplying = false {
        didSet {
            guard !isApplying else { return }
            for waiter in waitingForRest { waiter.resume() }
            waitingForRest = []
        }
    }
    var waitingForRest: [CheckedContinuation<Void, Never>] = []
    var storeTrouble: String?
    var storeFailures = 0
    var deadLetterCount = 0
    var metrics = BusMetrics()

    /// - Parameters:
    ///   - subscriptions: the streams to hear; each publisher must be one of the transport's peers.
    ///   - handler: applies messages inside the store's transaction.
    package init(
        service: String, store: Store, transport: any MessageTransport, subscriptions: [Subscription],
        handler: any MessageHandler<Store.Transaction>, logger: Logger, timing: BusTiming = BusTiming(),
        now: @escaping Now = { Date() }
    ) {
        precondition(store.service == service, "the store belongs to \(store.service), the bus to \(service)")
        self.service = service
        self.store = store
        self.transport = transport
        self.subscriptions = subscriptions
        self.handler = handler
        self.logger = logger
        self.timing = timing
        self.now = now
    }

    /// - Throws: `StoreUnavailable`, `UnknownPublisher`, or what the transport throws when it cannot join the network.
    package func run() async throws {
        try await load()
        let events = try await transport.open(topicPrefixes: topicPrefixes)
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.receive(events) }
                group.addTask {
                    await self.work()
                    await self.transport.close()
                }
            }
        } onGracefulShutdown: {
            self.stop()
        }
    }

    private func load() async throws {
        for subscription in subscriptions where !transport.peers.contains(subscription.publisher) {
            throw UnknownPublisher(subscription: subscription, peers: transport.peers)
        }
        published = try await store.outboxHead()
        let cursors = try await store.cursors()
        for subscription in subscriptions {
            receivers[subscription] = StreamReceiver(
                cursor: cursors[subscription], replayTimeout: timing.replayTimeout, newQuestionID: { UUID() })
        }
        for record in try await store.subscribers() { subscribers[record.service] = record }
        for (lane, count) in try await store.lanes() {
            lanes[lane] = clock.now
            setAside += count
        }
        deadLetterCount = try await store.deadLetterCount()
    }

    private var topicPrefixes: [String] {
        // The heartbeat last: who hears it may answer at once, and is heard then.
        Set(subscriptions.map(\.stream.rawValue)).sorted() + [
            BusTopic.replayRequest(to: service), BusTopic.replayNotice(to: service), BusTopic.replay(to: service),
            BusTopic.heartbeat,
        ]
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.publishAsAppended() }
            group.addTask { await self.applyAsReady() }
            group.addTask { await self.answerAsAsked() }
            group.addTask { await self.beat() }
            group.addTask { await self.retain() }
        }
    }

    private nonisolated func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        for signal in [store.appended, applySignal, answerSignal, heartbeatSignal, retentionSignal] { signal.wake() }
    }

    nonisolated var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) || Task.isCancelled }

    // MARK: Trouble of the store

    /// Says it once, and lets every loop try again later.
    func storeFailed(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        let words = RefusalReason.text(error)
        if storeTrouble == nil {
            logger.error(
                "the bus stands still: its store does not work; trying again", metadata: ["reason": "\(words)"])
        }
        storeTrouble = words
        storeFailures += 1
    }

    func storeWorked() {
        guard storeTrouble != nil else { return }
        logger.notice("the bus goes on: its store works again")
        storeTrouble = nil
        storeFailures = 0
    }

    var storeDelay: Duration {
        timing.storeDelays[max(0, min(storeFailures, timing.storeDelays.count) - 1)]
    }
}

/// One question a subscriber and stream at a time; a newer one takes the older one's place.
struct ReplayKey: Hashable {
    let subscriber: String
    let stream: MessageStream
}

/// A subscription names a publisher that the network does not have.
package struct UnknownPublisher: Error, Sendable, CustomStringConvertible {
    package let subscription: Subscription
    package let peers: [String]
    package var description: String {
        "stream \(subscription.stream.rawValue): \(subscription.publisher) is not in the bus directory "
            + "(\(peers.joined(separator: ", ")))"
    }
}
