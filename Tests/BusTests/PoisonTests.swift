import Messaging
import Testing

@Suite("A message its handler refuses", .serialized, .timeLimit(.minutes(3)))
struct PoisonTests {
    private func withDeadLetter(
        _ kind: WorldKind, _ body: (World, any Node, DeadLetter) async throws -> Void
    ) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            listener.behaviour.poison([7])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...20)
            try await world.probe.until("the others") { try await listener.effects().count >= 19 }
            let letters = try await listener.deadLetters()
            #expect(letters.count == 1)
            try await body(world, listener, try #require(letters.first))
        }
    }

    @Test("leaves no trace, goes to the dead letters, and the stream goes on", arguments: WorldKind.allCases)
    func buried(kind: WorldKind) async throws {
        try await withDeadLetter(kind) { (world, listener, letter) async throws in
            #expect(try await listener.effects() == Array(1...6) + Array(8...20))
            #expect(listener.behaviour.attempts(at: 7) == 5)
            #expect(letter.attempts == 5)
            #expect(letter.sequence == 7)
            #expect(letter.type == Numbered.type)
            #expect(letter.subject == "7")
            #expect(letter.reason == "number 7 is poison")
            #expect(try await listener.health().deadLetters == 1)
            #expect(try await listener.health().isReady)
            #expect(world.probe.errors.count == 1)
        }
    }

    @Test("stays a dead letter when it is retried and refused again", arguments: WorldKind.allCases)
    func refusedAgain(kind: WorldKind) async throws {
        try await withDeadLetter(kind) { (_, listener, letter) async throws in
            await #expect(throws: BusOperationRefused.self) { try await listener.retry(letter.id) }
            #expect(try await listener.deadLetters() == [letter])
            #expect(try await !listener.effects().contains(7))
        }
    }

    @Test("takes effect once when it is retried after the mending", arguments: WorldKind.allCases)
    func mended(kind: WorldKind) async throws {
        try await withDeadLetter(kind) { (_, listener, letter) async throws in
            listener.behaviour.poison([])
            try await listener.retry(letter.id)
            #expect(try await listener.effects() == Array(1...6) + Array(8...20) + [7])
            #expect(try await listener.health().deadLetters == 0)
            await #expect(throws: BusOperationRefused.self) { try await listener.retry(letter.id) }
        }
    }

    @Test("is gone when an operator drops it", arguments: WorldKind.allCases)
    func dropped(kind: WorldKind) async throws {
        try await withDeadLetter(kind) { (_, listener, letter) async throws in
            try await listener.drop(letter.id)
            #expect(try await listener.deadLetters() == [])
            await #expect(throws: BusOperationRefused.self) { try await listener.drop(letter.id) }
        }
    }

    @Test("is no dead letter while only the store is in trouble", arguments: WorldKind.allCases)
    func storeTrouble(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            listener.behaviour.setUnavailable(true)
            try await teller.start()
            try await listener.start()
            try await teller.append(1...30)
            try await world.probe.until("more attempts than poison gets") { listener.behaviour.attempts(at: 1) > 6 }
            #expect(try await !listener.health().isReady)
            #expect(try await listener.effects() == [])
            #expect(world.probe.errors.count == 1)
            listener.behaviour.setUnavailable(false)
            try await world.expect(listener, toHear: 30)
            try await world.probe.until("readiness") { try await listener.health().isReady }
            #expect(try await listener.deadLetters() == [])
        }
    }
}
