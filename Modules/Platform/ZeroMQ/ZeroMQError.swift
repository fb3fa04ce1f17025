import CZeroMQ

/// What libzmq said, with the call that failed.
package struct ZeroMQError: Error, Sendable, Hashable, CustomStringConvertible {
    package let code: Int32
    package let call: String

    package var description: String { "\(call): \(String(cString: zmq_strerror(code)))" }

    /// The error of the call that has just failed on this thread.
    static func last(_ call: String) -> ZeroMQError { ZeroMQError(code: czmq_errno(), call: call) }

    static func check(_ result: Int32, _ call: @autoclosure () -> String) throws(ZeroMQError) {
        if result < 0 { throw last(call()) }
    }
}
