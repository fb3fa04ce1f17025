import Foundation

/// The medium between services. It forgets: a message may be lost, repeated, late or out of order, and nobody is told.
/// `DurableBus` makes up for that; whatever stands above never sees a transport.
package protocol MessageTransport: Sendable {
    /// Names of the services this one hears and is heard by.
    var peers: [String] { get }

    /// Joins the network and begins to listen to topics that start with one of `topicPrefixes`. Called once.
    ///
    /// The sequence ends when the transport is closed. It is bounded: when its reader is too slow, messages are
    /// dropped.
    /// - Throws: when the network cannot be joined, for instance because the address is taken.
    func open(topicPrefixes: [String]) async throws -> AsyncStream<TransportEvent>

    /// Sends to whoever listens at this moment. Messages of one publisher leave in the order of the calls.
    func publish(topic: String, bytes: Data) async

    /// Leaves the network. May be called again.
    func close() async
}

package enum TransportEvent: Sendable, Hashable {
    case received(TransportMessage)
    /// Somebody has just begun to listen to topics with this prefix: the moment to tell what there is.
    case listenerArrived(topicPrefix: String)
}

package struct TransportMessage: Sendable, Hashable {
    /// The service that sent it, as the medium itself knows (by its key), not as the message claims.
    package let peer: String
    package let topic: String
    package let bytes: Data

    package init(peer: String, topic: String, bytes: Data) {
        self.peer = peer
        self.topic = topic
        self.bytes = bytes
    }
}
