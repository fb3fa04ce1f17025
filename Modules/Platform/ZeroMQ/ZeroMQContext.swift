import CZeroMQ

/// The home of sockets. Close the sockets first, then let go of the context.
package final class ZeroMQContext: @unchecked Sendable {
    // `@unchecked`: a context is the one thing of libzmq that threads may share; the handle never changes.
    let handle: UnsafeMutableRawPointer

    package init() throws {
        guard let handle = zmq_ctx_new() else { throw ZeroMQError.last("zmq_ctx_new") }
        self.handle = handle
        zmq_ctx_set(handle, ZMQ_IPV6, 0)
    }

    deinit { zmq_ctx_term(handle) }
}
