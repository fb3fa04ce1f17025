import Foundation
import Messaging
import Testing

@Suite("Retention", .serialized, .timeLimit(.minutes(3)))
struct RetentionTests {
    private var forgetful: BusTiming {
        var timing = World.timing
        timing.retentionAgeMin = .zero
        return timing
    }

    @Test("removes what every subscriber has applied", arguments: WorldKind.allCases)
    func removes(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller", timing: forgetful)
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...100)
            try await world.expect(listener, toHear: 100)
            try await world.probe.until("an empty outbox") {
                try await teller.kept(of: Numbered.stream) == StreamHead(first: 101, last: 100)
            }
            // Numbers go on behind what is gone.
            try await teller.append(101...120)
            try await world.expect(listener, toHear: 120)
        }
    }

    @Test("keeps what is younger than the minimum age", arguments: WorldKind.allCases)
    func keepsYoung(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...10)
            try await world.expect(listener, toHear: 10)
            try await teller.stop()  // A last round of retention is made before the end.
            #expect(try await teller.kept(of: Numbered.stream) == StreamHead(first: 1, last: 10))
        }
    }

    @Test(
        "keeps what a known subscriber that is away has not applied, until it is retired", arguments: WorldKind.allCases
    )
    func keepsForTheAbsent(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "near", "far"]) { world in
            let teller = try world.node("teller", timing: forgetful)
            let near = try world.node("near", hears: ["teller"])
            let far = try world.node("far", hears: ["teller"])
            for node in [teller, near, far] { try await node.start() }
            try await teller.append(1...30)
            try await world.expect(far, toHear: 30)
            try await world.probe.until("the far cursor at the teller") {
                try await teller.health().subscribers.contains {
                    $0.service == "far" && $0.acknowledged[Numbered.stream.rawValue] == 30
                }
            }
            try await far.stop()
            try await teller.append(31...90)
            try await world.expect(near, toHear: 90)
            // Also after a restart the teller remembers who is away.
            try await teller.stop()
            try await teller.start()
            try await world.probe.until("near's part") { try await teller.kept(of: Numbered.stream)?.first == 31 }
            await #expect(throws: BusOperationRefused.self) { try await teller.retireSubscriber("nobody") }
            try await teller.retireSubscriber("far")
            try await world.probe.until("an empty outbox") { try await teller.kept(of: Numbered.stream)?.first == 91 }
            // It comes back all the same: told loudly that this gap cannot be repaired.
            try await far.start()
            try await world.probe.until("the refusal") {
                try await far.health().streams[0].refusal?.kind == .removed
            }
            #expect(try await far.effects() == Array(1...30))
            #expect(world.probe.errors.contains { $0.contains("cannot be repaired") })
        }
    }

    @Test("removes nothing while a listed peer was never heard", arguments: WorldKind.allCases)
    func neverHeard(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "near", "unborn"]) { world in
            let teller = try world.node("teller", timing: forgetful)
            let near = try world.node("near", hears: ["teller"])
            try await teller.start()
            try await near.start()
            try await teller.append(1...30)
            try await world.expect(near, toHear: 30)
            try await teller.stop()
            #expect(try await teller.kept(of: Numbered.stream) == StreamHead(first: 1, last: 30))
            let unborn = try world.node("unborn", hears: ["teller"])
            try await teller.start()
            try await unborn.start()
            try await world.expect(unborn, toHear: 30)
        }
    }
}

@Suite("The retention rule")
struct RetentionRuleTests {
    private let head = StreamHead(first: 1, last: 100)

    private func record(_ service: String, _ number: Int64?, isRetired: Bool = false) -> (String, SubscriberRecord) {
        (
            service,
            SubscriberRecord(
                service: service, acknowledged: number.map { [Numbered.stream: $0] } ?? [:], lastHeardAt: Date(),
                isRetired: isRetired)
        )
    }

    private func through(_ peers: [String], _ records: [(String, SubscriberRecord)]) -> Int64 {
        Retention.removableThrough(
            Numbered.stream, head: head, peers: peers, subscribers: Dictionary(uniqueKeysWithValues: records))
    }

    @Test("is the lowest cursor")
    func lowest() { #expect(through(["a", "b"], [record("a", 40), record("b", 70)]) == 40) }

    @Test("does not ask who does not listen")
    func notListening() { #expect(through(["a", "b"], [record("a", 40), record("b", nil)]) == 40) }

    @Test("keeps all for a peer never heard")
    func neverHeard() { #expect(through(["a", "b"], [record("a", 40)]) == 0) }

    @Test("keeps for a subscriber that left the directory without being retired")
    func leftDirectory() { #expect(through(["a"], [record("a", 40), record("gone", 10)]) == 10) }

    @Test("does not wait for the retired")
    func retired() { #expect(through(["a", "b"], [record("a", 40), record("b", 3, isRetired: true)]) == 40) }

    @Test("gives all when nobody listens, never more than there is")
    func nobody() {
        #expect(through([], []) == 100)
        #expect(through(["a"], [record("a", 900)]) == 100)
    }
}
