import Messaging
import Testing

/// A publisher whose outbox does not continue what was heard: refused loudly, never skipped.
@Suite("An outbox that does not continue its history", .serialized, .timeLimit(.minutes(3)))
struct RefusedHistoryTests {
    /// Teller at 60, listener at 60, a backup of the teller made at 50.
    private func withBackup(
        _ kind: WorldKind, _ body: (World, _ teller: any Node, _ listener: any Node) async throws -> Void
    ) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...50)
            try await world.expect(listener, toHear: 50)
            try await teller.backUp()
            try await teller.append(51...60)
            try await world.expect(listener, toHear: 60)
            try await body(world, teller, listener)
        }
    }

    private func refusal(_ world: World, _ listener: any Node) async throws -> StreamRefusal {
        try await world.probe.until("the refusal") { try await listener.health().streams[0].refusal != nil }
        let health = try await listener.health()
        #expect(!health.isReady)
        #expect(health.troubles.count == 1)
        #expect(world.probe.errors.count == 1)
        return try #require(health.streams[0].refusal)
    }

    @Test("is refused when it went backward, and goes on where an operator says", arguments: WorldKind.allCases)
    func backward(kind: WorldKind) async throws {
        try await withBackup(kind) { world, teller, listener in
            try await teller.stop()
            try await teller.restoreBackup()
            try await teller.start()
            let refusal = try await refusal(world, listener)
            #expect(refusal.kind == .wentBackward)
            #expect(refusal.offered.last == 50)
            // What is said from now on is not heard, and not lost either.
            try await teller.append(101...130)
            try await world.probe.until("the teller's head") { try await teller.health().heads[0].last == 80 }
            #expect(try await listener.effects() == Array(1...60))
            try await listener.acceptEpoch(
                refusal.offeredEpoch, of: "teller", stream: Numbered.stream, after: refusal.offered.last)
            try await world.probe.until("the new history") { try await listener.effects().count == 90 }
            #expect(try await listener.effects() == Array(1...60) + Array(101...130))
            try await world.probe.until("readiness") { try await listener.health().isReady }
        }
    }

    @Test("is refused when it has gone on differently beyond the cursor", arguments: WorldKind.allCases)
    func forked(kind: WorldKind) async throws {
        try await withBackup(kind) { world, teller, listener in
            try await listener.stop()
            try await teller.stop()
            try await teller.restoreBackup()
            try await teller.start()
            try await teller.append(101...200)
            try await listener.start()
            let refusal = try await refusal(world, listener)
            #expect(refusal.kind == .forked)
            #expect(try await listener.effects() == Array(1...60))
        }
    }

    @Test("is refused when it is another outbox", arguments: WorldKind.allCases)
    func anotherEpoch(kind: WorldKind) async throws {
        try await withBackup(kind) { world, teller, listener in
            try await teller.stop()
            try await teller.replaceWithEmpty()
            try await teller.append(501...600)
            try await teller.start()
            let refusal = try await refusal(world, listener)
            #expect(refusal.kind == .epochChanged)
            #expect(try await listener.effects() == Array(1...60))
            await #expect(throws: BusOperationRefused.self) {
                try await listener.acceptEpoch("guess", of: "teller", stream: Numbered.stream, after: 0)
            }
            try await listener.acceptEpoch(
                refusal.offeredEpoch, of: "teller", stream: Numbered.stream, after: 0)
            try await world.probe.until("the new history") { try await listener.effects().count == 160 }
            #expect(try await listener.effects() == Array(1...60) + Array(501...600))
        }
    }

    @Test("is taken back when the right file returns", arguments: WorldKind.allCases)
    func rightFileReturns(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...40)
            try await world.expect(listener, toHear: 40)
            try await teller.backUp()
            try await teller.stop()
            try await teller.replaceWithEmpty()
            try await teller.start()
            _ = try await refusal(world, listener)
            try await teller.stop()
            try await teller.restoreBackup()
            try await teller.append(41...50)
            try await teller.start()
            try await world.expect(listener, toHear: 50)
            try await world.probe.until("readiness") { try await listener.health().isReady }
        }
    }
}
