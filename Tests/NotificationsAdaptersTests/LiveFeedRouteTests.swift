import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Notifications
import NotificationsAdapters
import SharedKernel
import Testing

@Suite("The live feed over HTTP", .timeLimit(.minutes(1))) struct LiveFeedRouteTests {
    private let address = "/notifications/events"

    /// Connects, lets `during` happen once the page is connected, ends the feed, and returns what the page was told.
    private func stream(
        _ house: RelayHouse, as session: Session = RelayHouse.session(), last: String? = nil, query: String = "",
        during: @Sendable @escaping () async throws -> Void = {}
    ) async throws -> String {
        try await Application(router: try house.router()).test(.router) { client in
            var headers = try RelayHouse.headers(session)
            if let last { headers[.init("Last-Event-ID")!] = last }
            async let answer = client.execute(uri: address + query, method: .get, headers: headers)
            try await until { house.hub.count == 1 }
            try await during()
            house.hub.close()
            let response = try await answer
            #expect(response.status == .ok)
            #expect(response.headers[.contentType]?.hasPrefix("text/event-stream") == true)
            try await until { house.hub.count == 0 }
            return String(buffer: response.body)
        }
    }

    private func events(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { $0.hasPrefix("event: ") ? String($0.dropFirst(7)) : nil }
    }

    private func lastID(_ text: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    @Test("tells what changes, with a name for each view and a number to come back with") func live() async throws {
        let house = try RelayHouse()
        let text = try await stream(house) {
            try await house.hear(PointOfSaleViewChanged(views: ["sale/1", "sales"]))
            try await house.hear(FinanceViewChanged(views: ["payment-options"]))
        }
        let epoch = try await house.feed.state(of: .first).epoch
        #expect(text.hasPrefix("retry: 500\nid: \(epoch)."))
        #expect(
            text.components(separatedBy: "\n\n").dropFirst().joined(separator: "\n\n") == """
                data: {"views":["sale/1","sales"]}

                event: sale/1
                data: sale/1

                event: sales
                data: sales

                id: \(epoch).1

                data: {"views":["payment-options"]}

                event: payment-options
                data: payment-options

                id: \(epoch).2


                """)
    }

    @Test("tells other tenants nothing") func tenants() async throws {
        let house = try RelayHouse()
        let text = try await stream(house) {
            try await house.hear(PointOfSaleViewChanged(views: ["sale/secret"]), tenant: .second)
        }
        #expect(events(text).isEmpty)
        #expect(!text.contains("secret"))
    }

    @Test("goes on where the page stood, by header or by query", arguments: [true, false])
    func resumed(_ byHeader: Bool) async throws {
        let house = try RelayHouse()
        for view in ["a", "b", "c"] { try await house.hear(PointOfSaleViewChanged(views: [view])) }
        let epoch = try await house.feed.state(of: .first).epoch
        let text = try await stream(
            house, last: byHeader ? "\(epoch).1" : nil, query: byHeader ? "" : "?lastEventId=\(epoch).1"
        ) {
            try await house.hear(PointOfSaleViewChanged(views: ["d"]))
        }
        #expect(events(text) == ["b", "c", "d"])
        #expect(lastID(text) == "\(epoch).4")
    }

    @Test("tells a page that is up to date nothing twice") func upToDate() async throws {
        let house = try RelayHouse()
        try await house.hear(PointOfSaleViewChanged(views: ["a"]))
        let epoch = try await house.feed.state(of: .first).epoch
        #expect(events(try await stream(house, last: "\(epoch).1")).isEmpty)
    }

    @Test(
        "lets a page fetch everything when what it missed is not known",
        arguments: ["other.1", "nonsense", "EPOCH.99", "EPOCH.0"])
    func reset(_ last: String) async throws {
        let house = try RelayHouse()
        for _ in 0..<5 { try await house.hear(PointOfSaleViewChanged(views: ["a"])) }
        try await house.feed.prune(now: RelayHouse.now, keeping: FeedRetention(eventsMax: 2, age: .seconds(3600)))
        let epoch = try await house.feed.state(of: .first).epoch
        let text = try await stream(house, last: last.replacingOccurrences(of: "EPOCH", with: epoch))
        #expect(events(text) == ["reset"])
        #expect(lastID(text) == "\(epoch).5")
    }

    @Test("keeps the line alive, and ends with the session") func session() async throws {
        let house = try RelayHouse()
        let session = RelayHouse.session(expiresAt: RelayHouse.now.addingTimeInterval(20))
        let text = try await stream(house, as: session) {
            house.hub.pulse(now: RelayHouse.now.addingTimeInterval(15))
            house.hub.pulse(now: RelayHouse.now.addingTimeInterval(30))
            try await until { house.hub.count == 0 }
        }
        #expect(text.components(separatedBy: ": still here").count == 2)
    }

    @Test("puts nothing on the line that could be a line of its own") func injection() async throws {
        let house = try RelayHouse()
        let text = try await stream(house) {
            try await house.hear(PointOfSaleViewChanged(views: ["good", "bad\n\nevent: reset", "with space", ""]))
        }
        #expect(events(text) == ["good"])
    }

    @Test("is for those who are signed in") func signedIn() async throws {
        let house = try RelayHouse()
        try await Application(router: try house.router()).test(.router) { client in
            let without = try await client.execute(uri: address, method: .get)
            #expect(without.status == .unauthorized)
            let expired = try RelayHouse.headers(RelayHouse.session(expiresAt: RelayHouse.now))
            #expect(try await client.execute(uri: address, method: .get, headers: expired).status == .unauthorized)
        }
        #expect(house.hub.count == 0)
    }

    @Test("refuses more pages of a session than it may have, and gives places back") func limits() async throws {
        let house = try RelayHouse(limits: .init(ofSession: 1, inAll: 2, waiting: 8))
        let session = RelayHouse.session()
        try await Application(router: try house.router()).test(.router) { client in
            let headers = try RelayHouse.headers(session)
            async let first = client.execute(uri: address, method: .get, headers: headers)
            try await until { house.hub.count == 1 }
            let second = try await client.execute(uri: address, method: .get, headers: headers)
            #expect(second.status == .tooManyRequests)
            #expect(house.hub.count == 1)
            house.hub.close()
            _ = try await first
            let third = try await client.execute(uri: address, method: .get, headers: headers)
            #expect(third.status == .serviceUnavailable)
        }
    }
}
