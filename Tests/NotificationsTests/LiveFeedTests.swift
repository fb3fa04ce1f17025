import Foundation
import Notifications
import SharedKernel
import Synchronization
import Testing

@Suite("A page that comes back to the live feed") struct FeedResumptionTests {
    private let state = FeedState(epoch: "e1", newest: 100, oldest: 51)

    private func decide(_ number: Int64?, epoch: String = "e1", max: Int = 1000) -> FeedResumption {
        FeedResumption.decide(
            last: number.map { FeedPosition(epoch: epoch, number: $0) }, state: state, replayMax: max)
    }

    @Test("goes on live when it missed nothing") func live() {
        #expect(decide(nil) == .live)
        #expect(decide(100) == .live)
    }

    @Test("is told what it missed as long as all of it is kept", arguments: [50, 51, 99] as [Int64])
    func replay(_ number: Int64) { #expect(decide(number) == .replay(after: number)) }

    @Test("fetches everything when something is forgotten", arguments: [0, 49] as [Int64])
    func reset(_ number: Int64) { #expect(decide(number) == .reset) }

    @Test("fetches everything when it knows a number that is not given yet") func future() {
        #expect(decide(101) == .reset)
    }

    @Test("fetches everything when the feed is another one") func epoch() {
        #expect(decide(100, epoch: "e2") == .reset)
    }

    @Test("fetches everything rather than a thousand pieces") func tooMany() {
        #expect(decide(89, max: 10) == .reset)
        #expect(decide(90, max: 10) == .replay(after: 90))
    }

    @Test("resets when nothing at all is kept") func empty() {
        let empty = FeedState(epoch: "e1", newest: 100, oldest: 101)
        let last = FeedPosition(epoch: "e1", number: 99)
        #expect(FeedResumption.decide(last: last, state: empty, replayMax: 10) == .reset)
    }

    @Test("names its position as it was given") func position() {
        #expect(FeedPosition("5f3a09c2.42") == FeedPosition(epoch: "5f3a09c2", number: 42))
        #expect(FeedPosition(epoch: "e", number: 7).text == "e.7")
        for wrong in ["", "42", ".42", "e.", "e.-1", "e.x", "a.b.1", String(repeating: "e", count: 80) + ".1"] {
            #expect(FeedPosition(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite("The live feed's hub") struct LiveFeedHubTests {
    private let now = Date(timeIntervalSince1970: 1_795_000_000)
    private let tenant = TenantID.new(at: Date(timeIntervalSince1970: 1))
    private let session = SessionID.new(at: Date(timeIntervalSince1970: 2))

    private func connect(
        _ hub: LiveFeedHub, tenant: TenantID? = nil, session: SessionID? = nil, endsIn seconds: TimeInterval = 3600
    ) throws -> LiveConnection {
        try hub.connect(
            tenant: tenant ?? self.tenant, session: session ?? self.session,
            sessionEndsAt: now.addingTimeInterval(seconds))
    }

    private func all(_ connection: LiveConnection) async -> [LiveSignal] {
        var signals: [LiveSignal] = []
        for await signal in connection.signals { signals.append(signal) }
        return signals
    }

    @Test("tells every session of the tenant and nobody else, in order") func tenants() async throws {
        let hub = LiveFeedHub()
        let (one, two) = (try connect(hub), try connect(hub, session: .new(at: now)))
        let stranger = try connect(hub, tenant: .new(at: now))
        let events = (1...3).map { FeedEvent(number: $0, views: ["sales"]) }
        for event in events { hub.publish(event, to: tenant, now: now) }
        hub.close()
        #expect(await all(one) == events.map(LiveSignal.event))
        #expect(await all(two) == events.map(LiveSignal.event))
        #expect(await all(stranger) == [])
    }

    @Test("tells nothing to a session that has ended") func expired() async throws {
        let hub = LiveFeedHub()
        let connection = try connect(hub, endsIn: 60)
        hub.publish(FeedEvent(number: 1, views: ["a"]), to: tenant, now: now.addingTimeInterval(59))
        hub.publish(FeedEvent(number: 2, views: ["b"]), to: tenant, now: now.addingTimeInterval(60))
        #expect(await all(connection) == [.event(FeedEvent(number: 1, views: ["a"]))])
        for await _ in connection.ended {}
    }

    @Test("tells nothing more to a session that was ended before its time") func ended() async throws {
        let isEnded = Mutex(false)
        let gone: SessionID = .new(at: now)
        let hub = LiveFeedHub(isEnded: { id in isEnded.withLock { $0 && id == gone } })
        let (one, other) = (try connect(hub, session: gone), try connect(hub))
        let events = (1...2).map { FeedEvent(number: $0, views: ["sales"]) }
        hub.publish(events[0], to: tenant, now: now)
        isEnded.withLock { $0 = true }
        hub.publish(events[1], to: tenant, now: now)
        #expect(await all(one) == [.event(events[0])])
        hub.close()
        #expect(await all(other) == events.map(LiveSignal.event))
    }

    @Test("ends sessions that have run out with its pulse, and keeps the others alive") func pulse() async throws {
        let hub = LiveFeedHub()
        let (short, long) = (try connect(hub, endsIn: 10), try connect(hub, endsIn: 100))
        hub.pulse(now: now.addingTimeInterval(9))
        hub.pulse(now: now.addingTimeInterval(10))
        #expect(await all(short) == [.keepAlive])
        hub.close()
        #expect(await all(long) == [.keepAlive, .keepAlive])
    }

    @Test("lets go of a page that does not read, and of nobody else") func slow() async throws {
        let hub = LiveFeedHub(limits: .init(ofSession: 8, inAll: 8, waiting: 2))
        let slow = try connect(hub)
        let quick = try connect(hub, session: .new(at: now))
        var iterator = quick.signals.makeAsyncIterator()
        for number in 1...5 {
            let event = FeedEvent(number: Int64(number), views: ["a"])
            hub.publish(event, to: tenant, now: now)
            #expect(await iterator.next() == .event(event))
        }
        for await _ in slow.ended {}
        #expect(await all(slow).count == 2)
    }

    @Test("gives a session eight places, and one back when it leaves") func ofSession() throws {
        let hub = LiveFeedHub()
        let connections = try (0..<8).map { _ in try connect(hub) }
        #expect(throws: LiveFeedRefusal.tooManyOfSession(max: 8)) { try connect(hub) }
        _ = try connect(hub, session: .new(at: now))
        hub.leave(connections[0])
        _ = try connect(hub)
        #expect(hub.count == 9)
    }

    @Test("gives a bounded number of places in all") func inAll() throws {
        let hub = LiveFeedHub(limits: .init(ofSession: 8, inAll: 2, waiting: 2))
        _ = try (0..<2).map { _ in try connect(hub, session: .new(at: now)) }
        #expect(throws: LiveFeedRefusal.tooManyInAll(max: 2)) { try connect(hub, session: .new(at: now)) }
    }

    @Test("counts a page that was let go until it is really gone") func counted() throws {
        let hub = LiveFeedHub(limits: .init(ofSession: 1, inAll: 8, waiting: 1))
        let connection = try connect(hub)
        for number in 1...2 { hub.publish(FeedEvent(number: Int64(number), views: ["a"]), to: tenant, now: now) }
        #expect(throws: LiveFeedRefusal.tooManyOfSession(max: 1)) { try connect(hub) }
        hub.leave(connection)
        _ = try connect(hub)
    }

    @Test("takes nobody in when it is closed") func closed() throws {
        let hub = LiveFeedHub()
        hub.close()
        #expect(throws: LiveFeedRefusal.closed) { try connect(hub) }
    }
}
