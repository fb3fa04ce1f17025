import Foundation
import Synchronization

/// Connects the buses of one process, for tests: as forgetful as ZeroMQ, and worse when told to.
package final class InMemoryNetwork: Sendable {
    private struct Listener {
        let prefixes: [String]
        let continuation: AsyncStream<TransportEvent>.Continuation
    }
    private struct State {
        var listeners: [String: Listener] = [:]
        var faults: [String: LinkFaults] = [:]
    }

    package let services: [String]
    private let state = Mutex(State())

    package init(services: [String]) { self.services = services }

    package func transport(of service: String) -> InMemoryTransport {
        precondition(services.contains(service), "\(service) is not in this network")
        return InMemoryTransport(service: service, network: self)
    }

    /// From now on everything that comes to `service` passes through `faults`; `nil` is a perfect network.
    package func setFaults(_ faults: LinkFaults?, towards service: String) {
        state.withLock { $0.faults[service] = faults }
    }

    fileprivate func join(_ service: String, prefixes: [String]) -> AsyncStream<TransportEvent> {
        // As bounded as the queues of the real one: what does not fit is lost.
        let (stream, continuation) = AsyncStream.makeStream(
            of: TransportEvent.self, bufferingPolicy: .bufferingOldest(10_000))
        let others = state.withLock { state in
            precondition(state.listeners[service] == nil, "\(service) has joined already")
            let others = Array(state.listeners.values)
            state.listeners[service] = Listener(prefixes: prefixes, continuation: continuation)
            return others
        }
        for other in others {
            for prefix in prefixes { other.continuation.yield(.listenerArrived(topicPrefix: prefix)) }
        }
        return stream
    }

    fileprivate func leave(_ service: String) {
        state.withLock { $0.listeners.removeValue(forKey: service) }?.continuation.finish()
    }

    fileprivate func publish(_ message: TransportMessage) {
        state.withLock { state in
            guard state.listeners[message.peer] != nil else { return }
            for (service, listener) in state.listeners where service != message.peer {
                guard listener.prefixes.contains(where: message.topic.hasPrefix) else { continue }
                let arriving = state.faults[service]?.pass(message) ?? [message]
                for message in arriving { listener.continuation.yield(.received(message)) }
            }
        }
    }
}

/// One service's place in an `InMemoryNetwork`.
package struct InMemoryTransport: MessageTransport {
    let service: String
    let network: InMemoryNetwork

    package var peers: [String] { network.services.filter { $0 != service } }

    package func open(topicPrefixes: [String]) async throws -> AsyncStream<TransportEvent> {
        network.join(service, prefixes: topicPrefixes)
    }

    package func publish(topic: String, bytes: Data) async {
        network.publish(TransportMessage(peer: service, topic: topic, bytes: bytes))
    }

    package func close() async { network.leave(service) }
}
