import Foundation
import Notifications
import NotificationsAdapters
import SQLiteStorage
import SharedKernel
import Testing

private enum Made: CaseIterable {
    case sqlite, inMemory

    func store() throws -> any FeedStore {
        switch self {
        case .sqlite:
            SQLiteFeedStore(database: try SQLiteDatabase.temporary(migrator: NotificationsSchema.migrator))
        case .inMemory: InMemoryFeedStore(epoch: "epoch")
        }
    }
}

@Suite("Every store of the live feed") struct FeedStoreTests {
    private let now = RelayHouse.now

    @Test("begins with nothing", arguments: Made.allCases)
    private func empty(_ made: Made) async throws {
        let state = try await made.store().state(of: .first)
        #expect(state.newest == 0)
        #expect(state.oldest == 1)
        #expect(!state.epoch.isEmpty)
    }

    @Test("numbers each tenant's events from 1 without gaps", arguments: Made.allCases)
    private func numbers(_ made: Made) async throws {
        let store = try made.store()
        for view in ["a", "b", "c"] { try await store.append(views: [view], of: .first, now: now) }
        try await store.append(views: ["x", "y"], of: .second, now: now)
        let events = try await store.events(of: .first, after: 0, limit: 10)
        #expect(events == [("a", 1), ("b", 2), ("c", 3)].map { FeedEvent(number: $1, views: [$0]) })
        #expect(try await store.events(of: .second, after: 0, limit: 10) == [FeedEvent(number: 1, views: ["x", "y"])])
        #expect(try await store.events(of: .first, after: 1, limit: 1).map(\.number) == [2])
        #expect(try await store.state(of: .first).newest == 3)
        #expect(try await store.state(of: .first).oldest == 1)
    }

    @Test(
        "forgets what is more than it shall keep, tenant by tenant, and never the newest number",
        arguments: Made.allCases)
    private func byCount(_ made: Made) async throws {
        let store = try made.store()
        for _ in 0..<5 { try await store.append(views: ["a"], of: .first, now: now) }
        try await store.append(views: ["a"], of: .second, now: now)
        try await store.prune(now: now, keeping: FeedRetention(eventsMax: 2, age: .seconds(3600)))
        #expect(try await store.events(of: .first, after: 0, limit: 10).map(\.number) == [4, 5])
        #expect(try await store.events(of: .second, after: 0, limit: 10).map(\.number) == [1])
        let state = try await store.state(of: .first)
        #expect(state.oldest == 4)
        #expect(state.newest == 5)
    }

    @Test("forgets what is old, and goes on counting", arguments: Made.allCases)
    private func byAge(_ made: Made) async throws {
        let store = try made.store()
        try await store.append(views: ["a"], of: .first, now: now)
        try await store.append(views: ["b"], of: .first, now: now.addingTimeInterval(1800))
        let retention = FeedRetention(eventsMax: 100, age: .seconds(3600))
        try await store.prune(now: now.addingTimeInterval(3601), keeping: retention)
        #expect(try await store.events(of: .first, after: 0, limit: 10).map(\.number) == [2])
        try await store.prune(now: now.addingTimeInterval(9999), keeping: retention)
        let state = try await store.state(of: .first)
        #expect(state.newest == 2)
        #expect(state.oldest == 3)
        #expect(try await store.append(views: ["c"], of: .first, now: now).number == 3)
    }

    @Test("leaves no hole when the clock has jumped", arguments: Made.allCases)
    private func clock(_ made: Made) async throws {
        let store = try made.store()
        for offset in [0, -7200, 0] as [TimeInterval] {
            try await store.append(views: ["a"], of: .first, now: now.addingTimeInterval(offset))
        }
        try await store.prune(now: now, keeping: FeedRetention(eventsMax: 100, age: .seconds(3600)))
        #expect(try await store.events(of: .first, after: 0, limit: 10).map(\.number) == [3])
        #expect(try await store.state(of: .first).oldest == 3)
    }

    @Test("has an epoch of its own in each new file") func epochs() async throws {
        let (one, two) = (try Made.sqlite.store(), try Made.sqlite.store())
        #expect(try await one.state(of: .first).epoch != two.state(of: .first).epoch)
    }
}
