import Messaging
import Testing

/// So that copies of several services fit together: between the first and the last nobody applies anything.
@Suite("A bus that is held", .serialized, .timeLimit(.minutes(3)))
struct HoldTests {
    @Test("applies nothing, forgets nothing, and goes on when it is released", arguments: WorldKind.allCases)
    func release(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...20)
            try await world.expect(listener, toHear: 20)
            try await listener.hold(seconds: BusLimits.holdSecondsMax)
            try await teller.append(21...40)
            try await world.probe.until("the listener to know of them") {
                try await listener.health().streams[0].head == 40
            }
            #expect(try await listener.effects() == Array(1...20))
            #expect(try await listener.health().streams[0].cursor == 20)
            try await listener.release()
            try await world.expect(listener, toHear: 40)
        }
    }

    @Test("goes on by itself when its time is over", arguments: WorldKind.allCases)
    func timeOver(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await listener.hold(seconds: 1)
            try await teller.append(1...20)
            try await world.expect(listener, toHear: 20)
        }
    }

    @Test("is held for no longer than the limit", arguments: [0, -1, BusLimits.holdSecondsMax + 1])
    func limit(seconds: Int) async throws {
        try await World.with(.inMemory, ["teller"]) { world in
            let teller = try world.node("teller")
            try await teller.start()
            let refused = await #expect(throws: BusOperationRefused.self) { try await teller.hold(seconds: seconds) }
            #expect(refused?.field == "seconds")
        }
    }
}
