import Foundation

/// The doorman of a context (ZAP, RFC 27): lets in clients whose public CURVE key is on the list, and nobody else.
///
/// Bind it before any server socket, and let `answer` run whenever its socket has something to receive.
package final class KeyGate {
    private let socket: Socket
    private let allowed: Set<CurveKey>

    package init(in context: ZeroMQContext, allowed: Set<CurveKey>) throws {
        socket = try Socket(.reply, in: context)
        try socket.bind("inproc://zeromq.zap.01")
        self.allowed = allowed
    }

    package var reference: SocketReference { socket.reference }

    /// Answers every question that is waiting. Returns how many were refused.
    package func answer() throws -> Int {
        var refusals = 0
        while let request = try socket.receive() {
            let isAllowed = isAllowed(request)
            refusals += isAllowed ? 0 : 1
            let requestID = request.count > 1 ? request[1] : Data()
            let reply = [
                Data("1.0".utf8), requestID, Data((isAllowed ? "200" : "400").utf8),
                Data((isAllowed ? "OK" : "unknown key").utf8), Data(), Data(),
            ]
            _ = try socket.send(reply)
        }
        return refusals
    }

    /// Frames: version, request, domain, address, routing id, mechanism, credentials.
    private func isAllowed(_ request: [Data]) -> Bool {
        guard request.count == 7, request[0] == Data("1.0".utf8), request[5] == Data("CURVE".utf8),
            let key = CurveKey(bytes: Array(request[6]))
        else { return false }
        return allowed.contains(key)
    }
}
