import Simulation
import Testing

@Suite("The simulation") struct SimulationTests {
    @Test("keeps every promise for a hundred seeds")
    func keepsPromises() async {
        for seed in UInt64(1)...100 {
            let run = await SimulatedRun(seed: seed)
            #expect(run.violations.isEmpty, "seed \(seed): \(run.violations)")
        }
    }
}
