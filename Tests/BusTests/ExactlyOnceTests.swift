import Messaging
import Testing

/// One contract over both worlds: whatever the medium does, each message takes effect once, in order.
@Suite("Exactly-once effects", .serialized, .timeLimit(.minutes(3)))
struct ExactlyOnceTests {
    @Test("hold on a good network", arguments: WorldKind.allCases)
    func good(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...300, perTransaction: 1)
            try await world.expect(listener, toHear: 300)
            #expect(try await listener.health().isReady)
            #expect(world.probe.errors == [])
        }
    }

    @Test("hold over loss, repetition and reordering", arguments: WorldKind.allCases, [1, 2, 3] as [UInt64])
    func faults(kind: WorldKind, seed: UInt64) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let bad = LinkFaults(seed: seed, loss: 0.2, repetition: 0.2, lateness: 0.3)
            world.setFaults(bad, towards: "listener")
            world.setFaults(bad, towards: "teller")
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...600, perTransaction: 7)
            try await world.expect(listener, toHear: 600)
            #expect(world.probe.errors == [])
        }
    }

    @Test("hold for each stream by itself", arguments: WorldKind.allCases)
    func streams(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            world.setFaults(LinkFaults(seed: 9, loss: 0.3), towards: "listener")
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"], streams: [Numbered.stream, Lettered.stream])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...200)
            try await teller.append(letters: 1...200)
            try await world.probe.until("both streams") { try await listener.effects().count >= 400 }
            let effects = try await listener.effects()
            #expect(effects.filter { $0 > 0 } == Array(1...200))
            #expect(effects.filter { $0 < 0 } == (1...200).map { -$0 })
        }
    }

    @Test("hold for a subscriber that was away for 10,000 messages", arguments: WorldKind.allCases)
    func away(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...10)
            try await world.expect(listener, toHear: 10)
            try await listener.stop()
            try await teller.append(11...10_010, perTransaction: 500)
            try await listener.start()
            try await world.expect(listener, toHear: 10_010)
        }
    }

    @Test("hold when the publisher is killed in the middle of a batch", arguments: WorldKind.allCases)
    func killedPublisher(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await listener.start()
            try await teller.start()
            try await teller.append(1...3_000, perTransaction: 1_000)
            try await world.probe.until("the first messages") { try await !listener.effects().isEmpty }
            try await teller.kill()
            try await teller.append(3_001...3_100)
            try await teller.start()
            try await teller.append(3_101...3_200)
            try await world.expect(listener, toHear: 3_200)
            #expect(world.probe.errors == [])
        }
    }

    @Test("hold when the subscriber is killed again and again", arguments: WorldKind.allCases)
    func killedSubscriber(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            for round in 1...5 {
                try await listener.start()
                let before = try await listener.effects().count
                try await teller.append((round * 400 - 399)...(round * 400), perTransaction: 20)
                try await world.probe.until("some effects") { try await listener.effects().count > before }
                try await listener.kill()
            }
            try await listener.start()
            try await world.expect(listener, toHear: 2_000)
        }
    }

    @Test("hold for two subscribers at different speeds", arguments: WorldKind.allCases)
    func twoSpeeds(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "quick", "slow"]) { world in
            let teller = try world.node("teller")
            let quick = try world.node("quick", hears: ["teller"])
            let slow = try world.node("slow", hears: ["teller"])
            for node in [teller, quick, slow] { try await node.start() }
            try await teller.append(1...100)
            try await world.expect(slow, toHear: 100)
            slow.behaviour.setUnavailable(true)
            try await teller.append(101...1_500)
            try await world.expect(quick, toHear: 1_500)
            #expect(try await slow.effects().count == 100)
            slow.behaviour.setUnavailable(false)
            try await world.expect(slow, toHear: 1_500)
        }
    }

    @Test("hold after a cut of the network", arguments: WorldKind.allCases)
    func cut(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...50)
            try await world.expect(listener, toHear: 50)
            var cut = LinkFaults(seed: 1)
            cut.isCut = true
            world.setFaults(cut, towards: "listener")
            try await teller.append(51...900)
            world.setFaults(nil, towards: "listener")
            try await world.expect(listener, toHear: 900)
        }
    }

    @Test("hold when two services hear each other", arguments: WorldKind.allCases)
    func mutual(kind: WorldKind) async throws {
        try await World.with(kind, ["left", "right"]) { world in
            world.setFaults(LinkFaults(seed: 4, loss: 0.1, lateness: 0.1), towards: "left")
            let left = try world.node("left", hears: ["right"])
            let right = try world.node("right", hears: ["left"])
            try await left.start()
            try await right.start()
            try await left.append(1...400)
            try await right.append(1...500)
            try await world.expect(right, toHear: 400)
            try await world.expect(left, toHear: 500)
        }
    }

    @Test("a restored inbox catches up by replay", arguments: WorldKind.allCases)
    func restoredInbox(kind: WorldKind) async throws {
        try await World.with(kind, ["teller", "listener"]) { world in
            let teller = try world.node("teller")
            let listener = try world.node("listener", hears: ["teller"])
            try await teller.start()
            try await listener.start()
            try await teller.append(1...20)
            try await world.expect(listener, toHear: 20)
            try await listener.backUp()
            try await teller.append(21...60)
            try await world.expect(listener, toHear: 60)
            try await listener.stop()
            try await listener.restoreBackup()
            #expect(try await listener.effects() == Array(1...20))
            try await listener.start()
            try await world.expect(listener, toHear: 60)
            #expect(world.probe.errors == [])
        }
    }
}

extension World {
    /// Waits until the node has heard `count` numbers, and holds them against 1...count: each once, in order.
    func expect(_ node: any Node, toHear count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await probe.until("\(node.service) hears \(count)") { try await node.effects().count >= count }
        let effects = try await node.effects()
        #expect(effects == Array(1...count), sourceLocation: sourceLocation)
    }
}
