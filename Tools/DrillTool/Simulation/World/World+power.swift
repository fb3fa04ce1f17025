import Foundation

// Power cuts, cut connections, and the end of the bad weather.

extension World {
    private static let restartDelays = 200...40_000

    /// Whether the power holds through the transaction that is about to be made.
    ///
    /// Services that commit seldom are hit more often, so that each of their commits gets its share of bad luck.
    func nextPower(at place: Place) -> Power {
        let share =
            switch place {
            case .gateway, .till: weather.powerCuts
            case .finance: weather.powerCuts * 2
            case .relay: weather.powerCuts * 10
            }
        guard !isCalm, chance.happens(share) else { return .holds }
        return chance.happens(0.5) ? .goesBeforeCommit : .goesAfterCommit
    }

    /// The process is gone: its memory, its calls, whatever it was about to say.
    func powerGoes(_ place: Place, _ why: String) {
        guard isOn[place.rawValue] else { return }
        trace.note(now, "\(place): power cut (\(why))")
        figures.crashes += 1
        isOn[place.rawValue] = false
        lives[place.rawValue] += 1
        switch place {
        case .till: till.changeDisk { $0.powerWent() }
        case .gateway:
            gateway.powerWent()
            worker = WorkerMemory()
        case .finance: finance.powerWent()
        case .relay: relay.powerWent()
        }
        buses[place.rawValue] = BusEnd(place)
        happens(.restart(place), in: isCalm ? 200 : chance.skewed(Self.restartDelays))
    }

    func restart(_ place: Place) {
        guard !isOn[place.rawValue] else { return }
        trace.note(now, "\(place): starts")
        isOn[place.rawValue] = true
        startBus(place)
        switch place {
        case .till, .finance: break
        case .gateway: startWorker()
        case .relay: startMailer()
        }
    }

    func arrangeTrouble() {
        for _ in 0..<weather.strokes {
            happens(.stroke(chance.pick(Place.allCases)), in: chance.whole(0...Self.openFor))
        }
        for _ in 0..<weather.cuts {
            let pair = (chance.pick(Place.allCases), chance.pick(Place.allCases))
            let begin = chance.whole(0...Self.openFor)
            let end = min(Self.openFor, begin + chance.skewed(1_000...180_000))
            happens(.cut(from: pair.0, to: pair.1, until: end), in: begin)
            if chance.happens(0.7) { happens(.cut(from: pair.1, to: pair.0, until: end), in: begin) }
        }
        for isKeys in Array(repeating: false, count: weather.outages)
            + Array(repeating: true, count: weather.keyTroubles)
        {
            let begin = chance.whole(0...Self.openFor)
            let end = min(Self.openFor, begin + chance.skewed(5_000...200_000))
            happens(.away(until: end, isKeys: isKeys), in: begin)
        }
        for _ in 0..<weather.clockJumps {
            let step = chance.happens(0.5) ? chance.whole(0...10_800_000) : -chance.whole(0...600_000)
            happens(.clockJump(chance.pick(Place.allCases), by: step), in: chance.whole(0...Self.openFor))
        }
        happens(.calm, in: Self.openFor)
    }

    /// From now on everything works, and what is left must come to an end by itself.
    func becomeCalm() {
        trace.note(now, "the weather clears")
        isCalm = true
        for index in cashiers.indices { cashiers[index].isClosing = true }
    }
}
