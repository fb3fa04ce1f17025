import Foundation
import Logging
import Messaging
import ServiceLifecycle
import SharedKernel
import Synchronization

/// One service of a test: its store, and its bus while it runs. Over either world.
protocol Node: Sendable {
    var service: String { get }
    var behaviour: Behaviour { get }
    func start() async throws
    /// As SIGTERM does.
    func stop() async throws
    /// As SIGKILL does: nothing is finished.
    func kill() async throws
    /// For one tenant, or each number for a tenant of its own.
    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws
    func append(letters: ClosedRange<Int>) async throws
    func effects() async throws -> [Int]
    func backUp() async throws
    /// Puts the backup in place; the node must be stopped.
    func restoreBackup() async throws
    /// Begins with an empty file; the node must be stopped.
    func replaceWithEmpty() async throws
    func health() async throws -> BusHealth
    func deadLetters() async throws -> [DeadLetter]
    func retry(_ id: Int64) async throws
    func drop(_ id: Int64) async throws
    func acceptEpoch(_ epoch: String, of publisher: String, stream: MessageStream, after: Int64) async throws
    func retireSubscriber(_ service: String) async throws
    func hold(seconds: Int) async throws
    func release() async throws
    func kept(of stream: MessageStream) async throws -> StreamHead?
}

extension Node {
    func append(_ numbers: ClosedRange<Int>, perTransaction: Int = 100) async throws {
        try await append(numbers, perTransaction: perTransaction, tenant: nil)
    }
    func append(_ numbers: ClosedRange<Int>, of tenant: TenantID) async throws {
        try await append(numbers, perTransaction: 100, tenant: tenant)
    }
}

/// How a node's handler behaves; changed while it runs.
final class Behaviour: Sendable {
    private struct State {
        var poison: Set<Int> = []
        var isUnavailable = false
        var attempts: [Int: Int] = [:]
    }

    private let state = Mutex(State())

    func poison(_ numbers: Set<Int>) { state.withLock { $0.poison = numbers } }
    /// The store fails under every message, as on a full disk.
    func setUnavailable(_ isUnavailable: Bool) { state.withLock { $0.isUnavailable = isUnavailable } }
    func attempts(at number: Int) -> Int { state.withLock { $0.attempts[number] ?? 0 } }

    func check(_ number: Int) throws {
        let state = state.withLock { state in
            state.attempts[number, default: 0] += 1
            return state
        }
        if state.isUnavailable { throw StoreUnavailable(reason: "the disk is full, says the test") }
        if state.poison.contains(number) { throw Poisoned(number: number) }
    }
}

actor StoreNode<Store: TestStore>: Node {
    nonisolated let service: String
    nonisolated let behaviour = Behaviour()
    private let subscriptions: [Subscription]
    private let timing: BusTiming
    private let probe: Probe
    private let makeTransport: @Sendable () throws -> any MessageTransport
    private let makeEmpty: @Sendable () throws -> Store
    private var store: Store
    private var backup: (@Sendable () throws -> Store)?
    private var bus: DurableBus<Store>?
    private var group: ServiceGroup?
    private var running: Task<Void, any Error>?

    init(
        service: String, subscriptions: [Subscription], timing: BusTiming, probe: Probe,
        makeEmpty: @escaping @Sendable () throws -> Store,
        makeTransport: @escaping @Sendable () throws -> any MessageTransport
    ) throws {
        self.service = service
        self.subscriptions = subscriptions
        self.timing = timing
        self.probe = probe
        self.makeEmpty = makeEmpty
        self.makeTransport = makeTransport
        store = try makeEmpty()
    }

    func start() async throws {
        precondition(bus == nil, "\(service) runs already")
        var router = MessageRouter<Store.Transaction>()
        let behaviour = behaviour
        router.on(Numbered.self) { message, _, transaction in
            // First the effect, then the refusal: nothing of it may stay.
            try Store.takeEffect(message.number, in: transaction)
            try behaviour.check(message.number)
        }
        router.on(Lettered.self) { message, _, transaction in
            try Store.takeEffect(-message.number, in: transaction)
        }
        // Each heartbeat asks for the time, so the probe hears of it.
        let probe = probe
        let bus = DurableBus(
            service: service, store: store, transport: try makeTransport(), subscriptions: subscriptions,
            handler: router, logger: probe.logger(service), timing: timing,
            now: {
                probe.touch()
                return Date()
            })
        let group = ServiceGroup(services: [bus], logger: Logger(label: service) { _ in SwiftLogNoOpLogHandler() })
        self.bus = bus
        self.group = group
        let logger = probe.logger(service)
        running = Task {
            do {
                try await group.run()
            } catch is CancellationError {
            } catch {
                logger.error("the bus did not run", metadata: ["reason": "\(error)"])
                throw error
            }
        }
    }

    func stop() async throws {
        await group?.triggerGracefulShutdown()
        try await running?.value
        try ended()
    }

    func kill() async throws {
        running?.cancel()
        _ = await running?.result
        try ended()
    }

    private func ended() throws {
        guard bus != nil else { return }
        (bus, group, running) = (nil, nil, nil)
        store = try store.reopened()
    }

    func append(_ numbers: ClosedRange<Int>, perTransaction: Int, tenant: TenantID?) async throws {
        try await store.append(numbers, perTransaction: perTransaction, tenant: tenant)
    }
    func append(letters: ClosedRange<Int>) async throws { try await store.append(letters: letters) }
    func effects() async throws -> [Int] { try await store.effects() }

    func backUp() async throws { backup = try await store.backedUp() }
    func restoreBackup() async throws {
        guard let backup, bus == nil else { throw NodeIsNotThere() }
        try store.close()
        store = try backup()
    }
    func replaceWithEmpty() async throws {
        try store.close()
        store = try makeEmpty()
    }

    private var there: DurableBus<Store> {
        get throws {
            guard let bus else { throw NodeIsNotThere() }
            return bus
        }
    }

    func health() async throws -> BusHealth { try await there.health }
    func deadLetters() async throws -> [DeadLetter] { try await there.deadLetters() }
    func retry(_ id: Int64) async throws { try await there.retry(id) }
    func drop(_ id: Int64) async throws { try await there.drop(id) }
    func acceptEpoch(_ epoch: String, of publisher: String, stream: MessageStream, after: Int64) async throws {
        try await there.acceptEpoch(epoch, of: publisher, stream: stream, after: after)
    }
    func retireSubscriber(_ service: String) async throws { try await there.retireSubscriber(service) }
    func hold(seconds: Int) async throws { try await there.hold(seconds: seconds) }
    func release() async throws { try await there.release() }
    func kept(of stream: MessageStream) async throws -> StreamHead? { try await store.outboxHead().streams[stream] }
}

struct NodeIsNotThere: Error {}
