/// What a bad network does to the messages of one direction, by a seed, so that a failing run can be repeated.
///
/// Late messages are let go by later traffic, not by a clock: a heartbeat is enough.
package struct LinkFaults: Sendable {
    /// Share of messages that are lost, 0 to 1.
    package var loss: Double
    /// Share of messages that come twice.
    package var repetition: Double
    /// Share of messages that are overtaken by others.
    package var lateness: Double
    /// How many messages may overtake a late one.
    package var overtakenByMax: Int
    /// Nothing passes.
    package var isCut = false

    private var generator: SplitMix64
    private var late: [(message: TransportMessage, after: Int)] = []

    package init(
        seed: UInt64, loss: Double = 0, repetition: Double = 0, lateness: Double = 0, overtakenByMax: Int = 20
    ) {
        self.loss = loss
        self.repetition = repetition
        self.lateness = lateness
        self.overtakenByMax = overtakenByMax
        generator = SplitMix64(state: seed)
    }

    /// What arrives when `message` is sent: nothing, it, it twice, and whatever was late and is due.
    package mutating func pass(_ message: TransportMessage) -> [TransportMessage] {
        guard !isCut else { return [] }
        var arriving: [TransportMessage] = []
        for index in late.indices { late[index].after -= 1 }
        if !happens(loss) {
            let copies = happens(repetition) ? 2 : 1
            for _ in 0..<copies {
                if happens(lateness) {
                    late.append((message, Int.random(in: 1...max(1, overtakenByMax), using: &generator)))
                } else {
                    arriving.append(message)
                }
            }
        }
        arriving += late.filter { $0.after <= 0 }.map(\.message)
        late.removeAll { $0.after <= 0 }
        return arriving
    }

    private mutating func happens(_ share: Double) -> Bool {
        share > 0 && Double.random(in: 0..<1, using: &generator) < share
    }
}

/// A small generator with a seed (Steele, Lea and Flood's SplitMix64).
package struct SplitMix64: RandomNumberGenerator, Sendable {
    var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
