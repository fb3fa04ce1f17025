import Foundation
import Logging
import MessageContracts
import Messaging
import SharedKernel
import ZeroMQMessaging

/// A service that the test plays: a real bus with that service's key, and everything it has heard.
final class PlayedService: Sendable {
    typealias Store = InMemoryMessageStore<[Envelope]>

    let name: String
    private let store: Store
    private let transport: ZeroMQTransport
    private let bus: DurableBus<Store>
    private let running: Task<Void, any Error>

    /// Keeps what it hears, in the order in which it took effect.
    private struct Ear: MessageHandler {
        func handle(_ envelope: Envelope, in transaction: Store.Transaction) throws {
            transaction.value.append(envelope)
        }
    }

    init(_ name: String, hears subscriptions: [Subscription], keys: KeyFiles) throws {
        self.name = name
        let silent = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
        store = Store(service: name, value: [])
        transport = try ZeroMQTransport(directory: keys.busDirectory, secretKey: keys.busKeys[name]!, logger: silent)
        bus = DurableBus(
            service: name, store: store, transport: transport, subscriptions: subscriptions, handler: Ear(),
            logger: silent)
        running = Task { [bus] in try await bus.run() }
    }

    func leave() async {
        running.cancel()
        _ = await running.result
    }

    // MARK: Telling

    /// Publishes the message with the next number of its stream.
    @discardableResult
    func tell(_ message: some MessageContract, of tenant: TenantID, cause: Cause? = nil) throws -> Envelope {
        let now = Date()
        return try store.write { transaction in
            try store.append(
                message, tenantID: tenant, cause: cause ?? .beginning(at: now), at: now, in: transaction)
        }
    }

    /// Sends every message of the stream once more, byte for byte, as a network that repeats.
    func repeatAll(of stream: MessageStream) async throws {
        for message in try await store.outboxMessages(of: stream, behind: 0, limit: 1_000) {
            await transport.publish(topic: stream.rawValue, bytes: message.bytes)
        }
    }

    /// Returns when `service` has dealt with everything told on the stream so far.
    func allHeard(_ stream: MessageStream, by service: String) async throws {
        let last = try await store.outboxHead().streams[stream]?.last ?? 0
        _ = try await awaited("\(service) at \(last) of \(stream.rawValue)") {
            // As its heartbeats say.
            let known = await bus.health.subscribers.first { $0.service == service }
            return (known?.acknowledged[stream.rawValue] ?? 0 >= last).orNil
        }
    }

    // MARK: Hearing

    var heard: [Envelope] { store.copy.value }

    func heard<Contract: MessageContract>(_ type: Contract.Type) throws -> [Contract] {
        try heard.filter { $0.type == Contract.type }.map { try $0.decode() }
    }

    /// The first message of this type that fits, as soon as it is heard.
    @discardableResult
    func hears<Contract: MessageContract>(
        _ type: Contract.Type, where fits: (Contract) -> Bool = { _ in true }
    ) async throws -> (message: Contract, envelope: Envelope) {
        try await awaited("\(name) hears \(Contract.type); heard so far: \(heard.map(\.type))") {
            for envelope in heard where envelope.type == Contract.type {
                let message: Contract = try envelope.decode()
                if fits(message) { return (message, envelope) }
            }
            return nil
        }
    }
}
