import Foundation
import Glibc
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

/// Over real sockets: what is tested here is what becomes of a connection.
@Suite("The server of a service", .timeLimit(.minutes(1))) struct HouseServerTests {
    private func with(
        idle: Duration = .milliseconds(300), _ body: @Sendable @escaping (Wire) throws -> Void
    ) async throws {
        let router = houseRouter(
            service: "test", verifier: nil, now: { Date() }, checks: [], metricsText: { "" },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        router.post("refuse") { _, _ -> Response in throw Problem.signedOut }
        router.post("read") { request, _ in
            _ = try await collectBody(of: request)
            return Response(status: .noContent)
        }
        let app = Application(
            router: router, server: houseServer(idle: idle),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await app.test(.live) { client in
            let wire = try Wire(port: try #require(client.port))
            defer { wire.hangUp() }
            try body(wire)
        }
    }

    @Test(
        "closes on whoever sends half a request and waits",
        arguments: ["", "POST /read HT", "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"])
    func half(request: String) async throws {
        try await with { wire in
            try wire.send(request)
            #expect(wire.isClosed(within: 30))
        }
    }

    @Test("lets nobody keep a connection by sending more than is read") func tooMuch() async throws {
        try await with { wire in
            try wire.send("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\nConnection: close\r\n\r\n")
            // As long as the connection is held, what is sent waits in it; when it is closed, sending fails.
            #expect(wire.isRefused(within: 30))
        }
    }

    @Test("answers a body that is not sent as HTTP demands with 400") func chunks() async throws {
        try await with(idle: .seconds(60)) { wire in
            try wire.send("POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
            #expect(wire.answer().hasPrefix("HTTP/1.1 400"))
        }
    }
}

/// A bare TCP connection.
private final class Wire: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    func hangUp() { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    /// What comes first.
    func answer() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Whether the other side hangs up.
    func isClosed(within seconds: Double) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while ContinuousClock.now < deadline {
            if wait(for: POLLIN, milliseconds: 50), recv(descriptor, &buffer, buffer.count, 0) <= 0 { return true }
        }
        return false
    }

    /// Whether sending without end fails at last.
    func isRefused(within seconds: Double) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        let bytes = [UInt8](repeating: 32, count: 65_536)
        while ContinuousClock.now < deadline {
            if wait(for: POLLOUT, milliseconds: 50) {
                if Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) < 0,
                    errno == ECONNRESET || errno == EPIPE
                {
                    return true
                }
            }
        }
        return false
    }

    private func wait(for event: Int32, milliseconds: Int32) -> Bool {
        var item = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return poll(&item, 1, milliseconds) > 0
    }
}
