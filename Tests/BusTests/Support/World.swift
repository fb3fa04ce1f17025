import Foundation
import Messaging
import SQLiteStorage
import SharedKernel
import Synchronization
import ZeroMQ
import ZeroMQMessaging

/// The two worlds in which everything the bus promises must hold.
enum WorldKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case inMemory, sqliteAndZeroMQ
    var description: String { rawValue }
}

/// A network of services for one test; cleans up after itself.
final class World: Sendable {
    let kind: WorldKind
    let probe = Probe()
    let network: InMemoryNetwork
    /// Transactions in which anybody applied messages.
    let applied: AppliedCount
    let folder: URL
    let directory: BusDirectory
    let keys: [String: CurveKeyPair]
    private let nodes = Mutex<[any Node]>([])
    private let faults = Mutex<[String: LinkFaults]>([:])
    private let emptyFiles = Mutex(0)

    /// Fast repair, so that tests do not wait.
    static var timing: BusTiming {
        var timing = BusTiming()
        timing.heartbeat = .milliseconds(30)
        timing.replayTimeout = .milliseconds(150)
        timing.retryDelays = Array(repeating: .milliseconds(1), count: 4)
        timing.storeDelays = [.milliseconds(5)]
        timing.retentionInterval = .milliseconds(50)
        return timing
    }

    private init(_ kind: WorldKind, services: [String]) throws {
        self.kind = kind
        network = InMemoryNetwork(services: services)
        applied = AppliedCount(telling: probe)
        folder = FileManager.default.temporaryDirectory.appending(path: "bus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        keys = try Dictionary(uniqueKeysWithValues: services.map { ($0, try CurveKeyPair()) })
        let ports = try freePorts(services.count)
        let keys = keys
        directory = try BusDirectory(
            peers: zip(services, ports).map { service, port in
                BusDirectory.Peer(
                    service: service, endpoint: "tcp://127.0.0.1:\(port)", publicKey: keys[service]!.publicKey)
            }, observers: [])
    }

    /// Runs `body` in a fresh world; all nodes are stopped and all files removed after.
    static func with(
        _ kind: WorldKind, _ services: [String], _ body: (World) async throws -> Void
    ) async throws {
        let world = try World(kind, services: services)
        let result: Result<Void, any Error>
        do { result = .success(try await body(world)) } catch { result = .failure(error) }
        for node in world.nodes.withLock({ $0 }) { try? await node.kill() }
        try? FileManager.default.removeItem(at: world.folder)
        try result.get()
    }

    /// A service that hears the numbers of `publishers`.
    func node(
        _ service: String, hears publishers: [String] = [], streams: [MessageStream] = [Numbered.stream],
        timing: BusTiming = World.timing
    ) throws -> any Node {
        let subscriptions = publishers.flatMap { publisher in
            streams.map { Subscription(publisher: publisher, stream: $0) }
        }
        let node: any Node
        switch kind {
        case .inMemory:
            node = try StoreNode(
                service: service, subscriptions: subscriptions, timing: timing, probe: probe,
                makeEmpty: { [applied] in
                    CountedStore(base: InMemoryMessageStore(service: service, value: [Int]()), applied: applied)
                },
                makeTransport: { [network] in network.transport(of: service) })
        case .sqliteAndZeroMQ:
            node = try StoreNode(
                service: service, subscriptions: subscriptions, timing: timing, probe: probe,
                makeEmpty: { [self] in
                    let number = emptyFiles.withLock { count in
                        count += 1
                        return count
                    }
                    let path = folder.appending(path: "\(service)-\(number).sqlite").path
                    return CountedStore(
                        base: try SQLiteMessageStore.open(path: path, service: service), applied: applied)
                },
                makeTransport: { [self] in
                    let transport = try ZeroMQTransport(
                        directory: directory, secretKey: keys[service]!, logger: probe.logger(service))
                    return FaultyTransport(transport) { [self] message in pass(message, towards: service) }
                })
        }
        nodes.withLock { $0.append(node) }
        return node
    }

    /// From now on everything that comes to `service` meets these faults.
    func setFaults(_ faults: LinkFaults?, towards service: String) {
        network.setFaults(faults, towards: service)
        self.faults.withLock { $0[service] = faults }
    }

    private func pass(_ message: TransportMessage, towards service: String) -> [TransportMessage] {
        faults.withLock { $0[service]?.pass(message) ?? [message] }
    }
}

/// A transport whose incoming messages meet faults.
struct FaultyTransport: MessageTransport {
    private let real: any MessageTransport
    private let pass: @Sendable (TransportMessage) -> [TransportMessage]

    init(_ real: any MessageTransport, pass: @escaping @Sendable (TransportMessage) -> [TransportMessage]) {
        self.real = real
        self.pass = pass
    }

    var peers: [String] { real.peers }

    func open(topicPrefixes: [String]) async throws -> AsyncStream<TransportEvent> {
        let events = try await real.open(topicPrefixes: topicPrefixes)
        let (stream, continuation) = AsyncStream.makeStream(of: TransportEvent.self)
        let pass = pass
        let forwarding = Task {
            for await event in events {
                switch event {
                case .listenerArrived: continuation.yield(event)
                case .received(let message): for one in pass(message) { continuation.yield(.received(one)) }
                }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in forwarding.cancel() }
        return stream
    }

    func publish(topic: String, bytes: Data) async { await real.publish(topic: topic, bytes: bytes) }
    func close() async { await real.close() }
}

/// Ports of the loopback address that are free now, and given to nobody else in this process.
///
/// Below the range from which the system takes ports for outgoing connections: from there a connection of another test
/// (or one to this very port, before somebody listens) could take the port between this moment and the bind.
func freePorts(_ count: Int) throws -> [Int] {
    let context = try ZeroMQContext()
    var ports: [Int] = []
    while ports.count < count {
        let port = nextPort.withLock { next in
            next = next >= 31_999 ? 12_000 : next + 1
            return next
        }
        let socket = try Socket(.extendedPublisher, in: context)
        if (try? socket.bind("tcp://127.0.0.1:\(port)")) != nil { ports.append(port) }
    }
    return ports
}

/// Begins anywhere, so that two test processes at once seldom meet.
private let nextPort = Mutex(Int.random(in: 12_000..<32_000))
