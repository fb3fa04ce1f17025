import CZeroMQ
import Foundation

/// One ZeroMQ socket. It belongs to one thread and cannot be copied; it is closed when its owner lets go of it.
///
/// A value of this kind dies after its last use, not at the end of the scope: keep it in an owner that lives long
/// enough.
package struct Socket: ~Copyable {
    package enum Kind: Sendable {
        case extendedPublisher, subscriber, reply, request

        fileprivate var code: Int32 {
            switch self {
            case .extendedPublisher: ZMQ_XPUB
            case .subscriber: ZMQ_SUB
            case .reply: ZMQ_REP
            case .request: ZMQ_REQ
            }
        }
    }

    let handle: UnsafeMutableRawPointer
    private let context: ZeroMQContext

    package init(_ kind: Kind, in context: ZeroMQContext) throws {
        guard let handle = zmq_socket(context.handle, kind.code) else { throw ZeroMQError.last("zmq_socket") }
        self.handle = handle
        self.context = context
        var noLinger: Int32 = 0
        zmq_setsockopt(handle, ZMQ_LINGER, &noLinger, MemoryLayout<Int32>.size)
    }

    deinit { zmq_close(handle) }

    // MARK: Options

    /// How long a closed socket still sends what is queued.
    package func setLinger(_ milliseconds: Int32) throws { try set(ZMQ_LINGER, to: milliseconds) }

    /// Messages queued for each peer; what comes on top is dropped (publisher) or held back at the peer (subscriber).
    package func setQueueMax(_ messages: Int32) throws {
        try set(ZMQ_SNDHWM, to: messages)
        try set(ZMQ_RCVHWM, to: messages)
    }

    /// A peer that sends more is disconnected.
    package func setMessageBytesMax(_ bytes: Int64) throws {
        var bytes = bytes
        try ZeroMQError.check(
            zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &bytes, MemoryLayout<Int64>.size), "ZMQ_MAXMSGSIZE")
    }

    /// Notices dead connections and comes back, all in milliseconds.
    package func setConnectionCare(heartbeat: Int32, silence: Int32, reconnect: Int32, reconnectMax: Int32) throws {
        try set(ZMQ_HEARTBEAT_IVL, to: heartbeat)
        try set(ZMQ_HEARTBEAT_TIMEOUT, to: silence)
        try set(ZMQ_RECONNECT_IVL, to: reconnect)
        try set(ZMQ_RECONNECT_IVL_MAX, to: reconnectMax)
    }

    /// Every subscription is told, also one that somebody else has made already (extended publisher).
    package func setVerbose() throws { try set(ZMQ_XPUB_VERBOSE, to: 1) }

    /// Takes only clients with CURVE whose key the ZAP handler of this context lets in.
    package func setCurveServer(_ keys: CurveKeyPair, zapDomain: String) throws {
        try set(ZMQ_ZAP_DOMAIN, to: zapDomain)
        try set(ZMQ_CURVE_SERVER, to: 1)
        try set(ZMQ_CURVE_SECRETKEY, to: keys.secretKey.z85)
    }

    /// Talks only to the server that holds the secret half of `serverKey`.
    package func setCurveClient(_ keys: CurveKeyPair, serverKey: CurveKey) throws {
        try set(ZMQ_CURVE_SERVERKEY, to: serverKey.z85)
        try set(ZMQ_CURVE_PUBLICKEY, to: keys.publicKey.z85)
        try set(ZMQ_CURVE_SECRETKEY, to: keys.secretKey.z85)
    }

    package func subscribe(topicPrefix: String) throws { try set(ZMQ_SUBSCRIBE, to: topicPrefix) }

    private func set(_ option: Int32, to value: Int32) throws {
        var value = value
        try ZeroMQError.check(
            zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size), "zmq_setsockopt \(option)")
    }

    private func set(_ option: Int32, to value: String) throws {
        try ZeroMQError.check(zmq_setsockopt(handle, option, value, value.utf8.count), "zmq_setsockopt \(option)")
    }

    // MARK: Addresses

    package func bind(_ endpoint: String) throws {
        try ZeroMQError.check(zmq_bind(handle, endpoint), "bind \(endpoint)")
    }

    package func connect(_ endpoint: String) throws {
        try ZeroMQError.check(zmq_connect(handle, endpoint), "connect \(endpoint)")
    }

    /// The address bound last, with the port that was given for `*`.
    package func lastEndpoint() throws -> String {
        var text = [CChar](repeating: 0, count: 256)
        var length = text.count
        try ZeroMQError.check(zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &length), "ZMQ_LAST_ENDPOINT")
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // MARK: Messages

    /// Sends all frames without waiting. `false` when the queue is full.
    package func send(_ frames: [Data]) throws -> Bool {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index < frames.count - 1 ? ZMQ_SNDMORE : 0)
            let sent = frame.withUnsafeBytes { zmq_send(handle, $0.baseAddress, $0.count, flags) }
            if sent < 0 {
                let error = ZeroMQError.last("zmq_send")
                if error.code == EAGAIN { return false }
                throw error
            }
        }
        return true
    }

    /// The frames of the next message; `nil` when none is waiting.
    package func receive() throws -> [Data]? {
        var frames: [Data] = []
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            if zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
                let error = ZeroMQError.last("zmq_msg_recv")
                if error.code == EAGAIN { return nil }
                throw error
            }
            frames.append(Data(bytes: zmq_msg_data(&message), count: zmq_msg_size(&message)))
            if zmq_msg_more(&message) == 0 { return frames }
        }
    }
}
