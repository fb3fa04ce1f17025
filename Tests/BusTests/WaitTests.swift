import Messaging
import Testing

/// Nothing waits for a timer, and nothing waits for a commit of its own.
@Suite("Messages on their way", .serialized, .timeLimit(.minutes(3)))
struct WaitTests {
    /// As if no timer ever rang.
    private var noTimers: BusTiming {
        var timing = World.timing
        timing.heartbeat = .seconds(3600)
        timing.replayTimeout = .seconds(3600)
        timing.retentionInterval = .seconds(3600)
        return timing
    }

    @Test("have no timer in their way", arguments: WorldKind.allCases)
    func timerless(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller", timing: noTimers)
            let listener = try world.node("listener", hears: ["teller"], timing: noTimers)
            try await teller.start()
            try await listener.start()
            // A listener that arrives is greeted at once; from then on it hears everything.
            try await world.probe.until("the listener to be greeted") {
                try await listener.health().streams[0].lastHeardAt != nil
            }
            for number in 1...100 {
                try await teller.append(number...number)
                try await world.expect(listener, toHear: number)
            }
            #expect(world.probe.errors == [])
        }
    }

    @Test("share a commit when they are many", arguments: WorldKind.allCases)
    func groupCommit(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await listener.hold(seconds: BusLimits.holdSecondsMax)
            try await teller.append(1...1000)
            try await world.probe.until("the listener to know of all") {
                try await listener.health().streams[0].head == 1000
            }
            #expect(world.applied.now == 0)
            try await listener.release()
            try await world.expect(listener, toHear: 1000)
            // Ten where all of them wait already; some may still be on their way.
            #expect((2...500).contains(world.applied.now))
        }
    }
}
