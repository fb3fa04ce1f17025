import CrashPoints
import Foundation
import Logging
import Messaging
import Metrics
import ZeroMQ

/// The bus between processes: one publisher socket of our own, one subscriber socket to each other service, all with
/// CURVE. Only keys of the bus directory get in, and each peer is known by its key.
///
/// ZeroMQ cannot promise memory or acknowledgement: what a peer does not hear is gone. `DurableBus` makes up for it.
package actor ZeroMQTransport: MessageTransport {
    private enum Limits {
        /// Messages queued for one slow subscriber before more are dropped: some ten megabytes, a few seconds of burst.
        static let queueMax: Int32 = 10_000
        /// Events that wait for the bus; what comes on top is dropped and repaired later.
        static let eventsMax = 10_000
        /// Messages read from one peer before the next has its turn.
        static let readsInTurnMax = 200
        /// Milliseconds in which a closed publisher still sends what is queued.
        static let linger: Int32 = 500
    }

    /// The sockets of one open transport; they go, in this order, when it does.
    private final class Sockets {
        let subscribers: [Subscriber]
        let publisher: Publisher?
        let gate: KeyGate
        let context: ZeroMQContext
        let topicPrefixes: [String]

        init(
            subscribers: [Subscriber], publisher: Publisher?, gate: KeyGate, context: ZeroMQContext,
            topicPrefixes: [String]
        ) {
            self.context = context
            self.topicPrefixes = topicPrefixes
            self.subscribers = subscribers
            self.publisher = publisher
            self.gate = gate
        }
    }
    private final class Subscriber {
        let peer: BusDirectory.Peer
        var socket: Socket
        /// Or when the connection was made.
        var heardAt: ContinuousClock.Instant

        init(peer: BusDirectory.Peer, socket: consuming Socket, at now: ContinuousClock.Instant) {
            self.peer = peer
            self.socket = socket
            heardAt = now
        }
    }
    private final class Publisher {
        let socket: Socket
        init(socket: consuming Socket) { self.socket = socket }
    }

    package nonisolated let peers: [String]
    /// Our own entry; `nil` for an observer, who only listens.
    private let own: BusDirectory.Peer?
    private let directory: BusDirectory
    private let keys: CurveKeyPair
    private let logger: Logger
    private let executor: PollingExecutor
    private let silenceMax: Duration
    private let clock = ContinuousClock()
    private var sockets: Sockets?
    private var events: AsyncStream<TransportEvent>.Continuation?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - secretKey: says which service of the directory this is, or that it is an observer.
    ///   - silenceMax: after such a silence the connection to a peer is made anew. Everybody sends a heartbeat twice a
    ///     second.
    /// - Throws: `BusConfigurationInvalid` when the directory does not list the key.
    package init(
        directory: BusDirectory, secretKey: CurveKeyPair, logger: Logger, silenceMax: Duration = .seconds(10)
    ) throws {
        own = directory.peers.first { $0.publicKey == secretKey.publicKey }
        guard own != nil || directory.observers.contains(secretKey.publicKey) else {
            throw BusConfigurationInvalid(
                field: "secret key",
                reason: "belongs to nobody in the bus directory (public key \(secretKey.publicKey.z85))")
        }
        peers = directory.peers.filter { $0.publicKey != secretKey.publicKey }.map(\.service)
        self.directory = directory
        keys = secretKey
        self.logger = logger
        self.silenceMax = silenceMax
        executor = PollingExecutor(name: "bus \(own?.service ?? "observer")")
    }

    deinit { executor.stop() }

    // MARK: MessageTransport

    package func open(topicPrefixes: [String]) async throws -> AsyncStream<TransportEvent> {
        precondition(sockets == nil, "the transport is open already")
        let context = try ZeroMQContext()
        // The gate first: a server socket without a gate would let everybody in.
        let allowed = directory.peers.map(\.publicKey) + directory.observers
        let gate = try KeyGate(in: context, allowed: Set(allowed))
        let publisher = try own.map { try bindPublisher(at: $0.endpoint, in: context) }
        let subscribers = try directory.peers.filter { $0.publicKey != keys.publicKey }.map { peer in
            let socket = try connectedSocket(to: peer, topicPrefixes: topicPrefixes, in: context)
            return Subscriber(peer: peer, socket: socket, at: clock.now)
        }
        sockets = Sockets(
            subscribers: subscribers, publisher: publisher, gate: gate, context: context, topicPrefixes: topicPrefixes)
        let (stream, continuation) = AsyncStream.makeStream(
            of: TransportEvent.self, bufferingPolicy: .bufferingOldest(Limits.eventsMax))
        events = continuation
        watchSockets()
        return stream
    }

    private func watchSockets() {
        guard let sockets else { return }
        let publisher = sockets.publisher.map { [$0.socket.reference] } ?? []
        executor.watch([sockets.gate.reference] + publisher + sockets.subscribers.map { $0.socket.reference }) {
            [weak self] in self?.assumeIsolated { $0.readSockets() }
        }
    }

    package func publish(topic: String, bytes: Data) async {
        // When we tell that we are alive, we also look who has not told it for long.
        if topic == BusTopic.heartbeat { renewSilentConnections() }
        guard let publisher = sockets?.publisher else { return }
        let isMessage = !topic.hasPrefix("bus.")
        if isMessage { passCrashPoint("bus.publish.before", topic) }
        do {
            _ = try publisher.socket.send([Data(topic.utf8), bytes])
        } catch {
            logger.warning("a message could not be sent; it will be asked for", metadata: ["reason": "\(error)"])
        }
        if isMessage { passCrashPoint("bus.publish.after", topic) }
    }

    package func close() async {
        executor.watch([]) {}
        sockets = nil
        events?.finish()
        events = nil
        executor.stop()
    }

    private func passCrashPoint(_ moment: String, _ topic: String) {
        CrashPoint.pass(moment)
        CrashPoint.pass("\(moment).\(topic)")
    }

    // MARK: Sockets

    private func bindPublisher(at endpoint: String, in context: ZeroMQContext) throws -> Publisher {
        // Extended, because it tells when somebody begins to listen.
        let socket = try Socket(.extendedPublisher, in: context)
        try setLimits(of: socket)
        try socket.setLinger(Limits.linger)
        try socket.setVerbose()
        try socket.setCurveServer(keys, zapDomain: "bus")
        try socket.bind(endpoint)
        return Publisher(socket: socket)
    }

    private func connectedSocket(
        to peer: BusDirectory.Peer, topicPrefixes: [String], in context: ZeroMQContext
    ) throws -> Socket {
        let socket = try Socket(.subscriber, in: context)
        try setLimits(of: socket)
        try socket.setCurveClient(keys, serverKey: peer.publicKey)
        for prefix in topicPrefixes { try socket.subscribe(topicPrefix: prefix) }
        try socket.connect(peer.endpoint)
        return socket
    }

    /// libzmq comes back by itself after a cut connection, but never after one that it ended itself, because something on it
    /// was too large or could not be deciphered. Nobody is told; only silence tells.
    private func renewSilentConnections() {
        guard let sockets else { return }
        let now = clock.now
        var isRenewed = false
        for subscriber in sockets.subscribers where now - subscriber.heardAt > silenceMax {
            do {
                subscriber.socket = try connectedSocket(
                    to: subscriber.peer, topicPrefixes: sockets.topicPrefixes, in: sockets.context)
                subscriber.heardAt = now
                isRenewed = true
                Counter(label: "bus_connections_renewed_total", dimensions: [("peer", subscriber.peer.service)])
                    .increment()
            } catch {
                logger.warning("a connection of the bus cannot be made anew", metadata: ["reason": "\(error)"])
            }
        }
        if isRenewed { watchSockets() }
    }

    private func setLimits(of socket: borrowing Socket) throws {
        try socket.setQueueMax(Limits.queueMax)
        try socket.setMessageBytesMax(Int64(BusLimits.messageBytesMax) * 2)
        try socket.setConnectionCare(heartbeat: 2_000, silence: 6_000, reconnect: 50, reconnectMax: 2_000)
    }

    /// Called on the sockets' thread whenever one of them has something.
    private func readSockets() {
        guard let sockets else { return }
        do {
            let refusals = try sockets.gate.answer()
            if refusals > 0 {
                Counter(label: "bus_strangers_refused_total").increment(by: refusals)
                logger.warning("a stranger was refused at the bus", metadata: ["count": "\(refusals)"])
            }
            if let publisher = sockets.publisher { try readListeners(of: publisher) }
            for subscriber in sockets.subscribers { try readMessages(from: subscriber) }
        } catch {
            logger.warning("a bus socket failed; going on", metadata: ["reason": "\(error)"])
        }
    }

    /// The extended publisher receives `1` and the prefix for each new subscription, `0` for one that is gone.
    private func readListeners(of publisher: Publisher) throws {
        for _ in 0..<Limits.readsInTurnMax {
            guard let frames = try publisher.socket.receive() else { return }
            guard let first = frames.first, first.first == 1 else { continue }
            emit(.listenerArrived(topicPrefix: String(decoding: first.dropFirst(), as: UTF8.self)))
        }
    }

    private func readMessages(from subscriber: Subscriber) throws {
        for _ in 0..<Limits.readsInTurnMax {
            guard let frames = try subscriber.socket.receive() else { return }
            subscriber.heardAt = clock.now
            guard frames.count == 2 else {
                Counter(label: "bus_unreadable_total", dimensions: [("peer", subscriber.peer.service)]).increment()
                continue
            }
            let topic = String(decoding: frames[0], as: UTF8.self)
            emit(.received(TransportMessage(peer: subscriber.peer.service, topic: topic, bytes: frames[1])))
        }
    }

    private func emit(_ event: TransportEvent) {
        if case .dropped = events?.yield(event) { Counter(label: "bus_received_dropped_total").increment() }
    }
}
