import Foundation
import Messaging
import SharedKernel

/// All chance of one run, from one seed: the same seed makes the same run.
final class Chance {
    private var generator: SplitMix64

    init(seed: UInt64) {
        // Neighbouring seeds shall not begin alike.
        var mixer = SplitMix64(state: seed)
        generator = SplitMix64(state: mixer.next())
    }

    func happens(_ share: Double) -> Bool {
        share > 0 && Double(generator.next() >> 11) * 0x1p-53 < share
    }

    func whole(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(generator.next() % UInt64(range.count))
    }

    /// Mostly near the lower end, seldom near the upper one, as waiting times are.
    func skewed(_ range: ClosedRange<Int>) -> Int {
        let share = Double(generator.next() >> 11) * 0x1p-53
        return range.lowerBound + Int(share * share * share * Double(range.count))
    }

    func pick<Item>(_ items: [Item]) -> Item {
        precondition(!items.isEmpty, "nothing to pick from")
        return items[whole(0...(items.count - 1))]
    }

    /// One of the items, each with its weight.
    func weighted<Item>(_ items: [(Int, Item)]) -> Item {
        var left = whole(0...(items.reduce(0) { $0 + $1.0 } - 1))
        for (weight, item) in items {
            if left < weight { return item }
            left -= weight
        }
        preconditionFailure("the weights are added up above")
    }

    func identifier<Subject>(at instant: Date) -> Identifier<Subject> {
        Identifier(.version7(at: instant, using: &generator))
    }

    func uuid(at instant: Date) -> UUID { .version7(at: instant, using: &generator) }
}
