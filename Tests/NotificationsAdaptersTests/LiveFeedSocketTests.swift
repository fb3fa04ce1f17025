import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Notifications
import NotificationsAdapters
import ServiceLifecycle
import SharedKernel
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A page's end of a live feed: a plain socket that reads only when it is told to.
private final class RawPage: Sendable {
    private let descriptor: Int32

    init(port: Int, session: Session) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var small: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0, let cookie = try RelayHouse.headers(session)[.cookie] else {
            throw CocoaError(.featureUnsupported)
        }
        let head = "GET /notifications/events HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n\r\n"
        _ = send(descriptor, head, head.utf8.count, Int32(MSG_NOSIGNAL))
    }

    deinit { close(descriptor) }

    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

@Suite("The live feed on a real line", .timeLimit(.minutes(1))) struct LiveFeedSocketTests {
    private func served(
        _ house: RelayHouse, _ body: @Sendable @escaping (Int) async throws -> Void
    ) async throws {
        let app = Application(
            router: try house.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await app.test(.live) { client in try await body(try #require(client.port)) }
    }

    @Test("notices a page that went away, without having anything to tell it") func goneAway() async throws {
        let house = try RelayHouse()
        try await served(house) { port in
            let pages = try (0..<4).map { _ in try RawPage(port: port, session: RelayHouse.session()) }
            try await until { house.hub.count == 4 }
            for page in pages { page.hangUp() }
            try await until { house.hub.count == 0 }
        }
    }

    @Test("lets go of a page that does not read, while others hear everything") func doesNotRead() async throws {
        var slowHouse = try RelayHouse(limits: .init(ofSession: 2, inAll: 10, waiting: 16))
        slowHouse.farewell = .milliseconds(50)
        let house = slowHouse
        try await served(house) { port in
            let slow = try RawPage(port: port, session: RelayHouse.session())
            try await until { house.hub.count == 1 }
            let views = (0..<50).map { "sale/\(String(repeating: "x", count: 150))\($0)" }
            var number: Int64 = 0
            // Until the socket's and our own buffers are full and the page is cut off.
            try await until {
                guard house.hub.count > 0 else { return true }
                return false
            } telling: {
                number += 1
                house.hub.publish(FeedEvent(number: number, views: views), to: .first, now: RelayHouse.now)
            }
            withExtendedLifetime(slow) {}
        }
    }

    @Test("does not hold up a service that stops") func stops() async throws {
        let house = try RelayHouse()
        let app = Application(
            router: try house.router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        // The test framework stops the application as SIGTERM would, and waits for it.
        let page = try await app.test(.live) { client in
            let page = try RawPage(port: try #require(client.port), session: RelayHouse.session())
            try await until { house.hub.count == 1 }
            return page
        }
        #expect(house.hub.count == 0)
        withExtendedLifetime(page) {}
    }
}

/// The same as `until`, doing something in between.
private func until(_ condition: () -> Bool, telling: () -> Void) async throws {
    while !condition() {
        telling()
        try await Task.sleep(for: .milliseconds(1))
    }
}
