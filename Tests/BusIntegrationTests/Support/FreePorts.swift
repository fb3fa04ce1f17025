import Synchronization
import ZeroMQ

/// Ports of the loopback address that are free now, and given to nobody else in this process.
///
/// Below the range from which the system takes ports for outgoing connections, or one of those could take the port
/// between this moment and the bind.
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
