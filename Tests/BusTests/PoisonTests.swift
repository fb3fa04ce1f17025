import Foundation
import Messaging
import SharedKernel
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
            try await world.probe.until("the burial") { try await !listener.deadLetters().isEmpty }
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
            #expect(try await listener.health().setAside == 0)
            #expect(try await listener.health().isReady)
            #expect(world.probe.errors.count == 1)
        }
    }

    // MARK: While it is tried again

    /// A first attempt, and none after it.
    private static var never: BusTiming {
        var timing = World.timing
        timing.retryDelays = [.seconds(86_400)]
        return timing
    }

    private func withRefused(
        _ kind: WorldKind, _ timing: BusTiming = never,
        _ body: (World, any Node, any Node, TenantID) async throws -> Void
    ) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"], timing: timing)
            let tenant = TenantID(UUID())
            listener.behaviour.poison([3])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...5, of: tenant)
            try await world.probe.until("the refusal") { try await listener.health().setAside == 3 }
            try await body(world, teller, listener, tenant)
        }
    }

    @Test("makes its own tenant wait and nobody else", arguments: WorldKind.allCases)
    func others(kind: WorldKind) async throws {
        try await withRefused(kind) { (world, teller, listener, tenant) async throws in
            try await teller.append(6...10)
            try await teller.append(11...12, of: tenant)
            try await teller.append(13...13)
            try await world.probe.until("the others") { try await listener.effects().contains(13) }
            #expect(try await listener.effects() == [1, 2, 6, 7, 8, 9, 10, 13])
            #expect(listener.behaviour.attempts(at: 3) == 1)
            #expect(listener.behaviour.attempts(at: 4) == 0)
            #expect(try await listener.health().setAside == 5)
            #expect(try await listener.health().streams.map(\.lag) == [0])
            #expect(try await listener.deadLetters() == [])
        }
    }

    @Test("takes effect before what follows of its tenant, also after a restart", arguments: WorldKind.allCases)
    func order(kind: WorldKind) async throws {
        try await withRefused(kind) { (world, teller, listener, tenant) async throws in
            try await listener.kill()
            try await teller.append(6...8, of: tenant)
            listener.behaviour.poison([])
            try await listener.start()
            try await world.expect(listener, toHear: 8)
            #expect(try await listener.health().setAside == 0)
            #expect(listener.behaviour.attempts(at: 3) == 2)
        }
    }

    @Test("lets what follows of its tenant through once it is buried", arguments: WorldKind.allCases)
    func tenantGoesOn(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            listener.behaviour.poison([3, 5, 6])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...8, of: TenantID(UUID()))
            try await world.probe.until("the last") { try await listener.effects().contains(8) }
            #expect(try await listener.effects() == [1, 2, 4, 7, 8])
            #expect(try await listener.deadLetters().map(\.sequence) == [3, 5, 6])
            #expect([3, 5, 6].map(listener.behaviour.attempts) == [5, 5, 5])
            #expect(try await listener.health().setAside == 0)
        }
    }

    @Test("waits with its tenant while the store is in trouble", arguments: WorldKind.allCases)
    func setAsideInTrouble(kind: WorldKind) async throws {
        var timing = World.timing
        timing.retryDelays = Array(repeating: .milliseconds(1), count: 1_000_000)
        try await withRefused(kind, timing) { (world, _, listener, _) async throws in
            listener.behaviour.setUnavailable(true)
            try await world.probe.until("the trouble") { try await !listener.health().isReady }
            #expect(try await listener.health().setAside == 3)
            listener.behaviour.poison([])
            listener.behaviour.setUnavailable(false)
            try await world.expect(listener, toHear: 5)
            #expect(try await listener.deadLetters() == [])
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
