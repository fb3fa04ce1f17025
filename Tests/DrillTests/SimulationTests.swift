import Simulation
import Testing

@Suite("The simulation") struct SimulationTests {
    @Test("keeps every promise", arguments: [1, 21, 41] as [UInt64])
    func keepsPromises(first: UInt64) async {
        for seed in first..<(first + 20) {
            let run = await SimulatedRun(seed: seed)
            #expect(run.violations.isEmpty, "seed \(seed): \(run.violations)")
        }
    }

    @Test("keeps every promise for seeds that once failed", arguments: FailedSeed.all)
    func keepsPromises(failed: FailedSeed) async {
        let run = await SimulatedRun(seed: failed.seed)
        #expect(run.violations.isEmpty, "\(failed.story): \(run.violations)")
    }

    @Test("replays a seed step by step", arguments: [2, 9, 130] as [UInt64])
    func replays(seed: UInt64) async {
        let first = await SimulatedRun(seed: seed, isTraced: true)
        let second = await SimulatedRun(seed: seed, isTraced: true)
        #expect(first.trace == second.trace)
        #expect(first.figures == second.figures)
        #expect(first.trace.count > 50)
    }

    @Test("is a bad world: something of everything happens in few seeds")
    func isBad() async {
        var sum = Figures()
        for seed in UInt64(1)...40 { sum = sum + (await SimulatedRun(seed: seed)).figures }
        #expect(sum.crashes > 10)
        #expect(sum.faults > 500)
        #expect(sum.repairs > 50)
        #expect(sum.portalActs > 0)
        #expect(sum.sales > 20)
        #expect(sum.payments > 20)
        #expect(sum.refunds > 5)
        #expect(sum.moved > 100_000)
    }

    @Test("notices every sabotage", arguments: Sabotage.allCases)
    func notices(sabotage: Sabotage) async {
        for seed in UInt64(1)...200 {
            let run = await SimulatedRun(seed: seed, sabotage: sabotage)
            if !run.violations.isEmpty { return }
        }
        Issue.record("\(sabotage.rawValue) was not noticed in 200 seeds")
    }
}
