import ArgumentParser
import Foundation
import Simulation

/// Many seeds, each a bad day of four services in virtual time.
struct SimulationDrill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulation",
        abstract: "Runs the cores of all four services in one process, with seeded clock, network, disk and people.")

    @Option(help: "How many seeds, counted from --first.")
    var seeds: UInt64 = 1_000
    @Option(help: "The first seed.")
    var first: UInt64 = 1
    @Option(help: "Only this seed, with every step in words.")
    var seed: UInt64?
    @Option(help: "Stops after so many minutes, whatever --seeds says.")
    var minutes: Double?
    @Option(help: "Seeds worked on side by side.")
    var workers = 2
    @Option(help: "Breaks the simulated product in this way; the drill must notice.")
    var sabotage: String?
    @Flag(help: "Breaks the simulated product in every way it knows, one after the other; each must be noticed.")
    var sabotages = false
    @Flag(help: "Prints no progress.")
    var quiet = false

    func validate() throws {
        guard seeds > 0, workers > 0, workers <= 64, minutes ?? 1 > 0 else {
            throw ValidationError("--seeds, --minutes and --workers must be positive, --workers at most 64.")
        }
        guard let sabotage, Sabotage(rawValue: sabotage) == nil else { return }
        let known = Sabotage.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("There is no sabotage \(sabotage). Known are: \(known).")
    }

    func run() async throws {
        if let seed { return try await replay(seed) }
        if sabotages { return try await tryEverySabotage() }
        let outcome = await SeedRunner(
            first: first, count: seeds, workers: workers, sabotage: sabotage.flatMap(Sabotage.init),
            deadline: minutes.map { .now + .seconds($0 * 60) }, showsProgress: !quiet, stopsAtFirst: sabotage != nil
        ).run()
        for failed in outcome.failed.prefix(3) {
            await Report.explain(failed, sabotage: sabotage.flatMap(Sabotage.init))
        }
        Report.summary(outcome)
        if sabotage != nil {
            print(outcome.failed.isEmpty ? "The sabotage was not noticed." : "The sabotage was noticed.")
            if outcome.failed.isEmpty { throw ExitCode.failure }
        } else if !outcome.failed.isEmpty {
            throw ExitCode.failure
        }
    }

    private func replay(_ seed: UInt64) async throws {
        let run = await SimulatedRun(seed: seed, sabotage: sabotage.flatMap(Sabotage.init), isTraced: true)
        for line in run.trace { print(line) }
        Report.violations(run)
        if !run.violations.isEmpty { throw ExitCode.failure }
    }

    private func tryEverySabotage() async throws {
        var missed: [Sabotage] = []
        for sabotage in Sabotage.allCases {
            let outcome = await SeedRunner(
                first: first, count: seeds, workers: workers, sabotage: sabotage, deadline: nil, showsProgress: false,
                stopsAtFirst: true
            ).run()
            if let found = outcome.failed.first, let violation = found.violations.first {
                print("caught  \(sabotage.rawValue): seed \(found.seed), \(violation.invariant) (\(violation.detail))")
            } else {
                missed.append(sabotage)
                print("MISSED  \(sabotage.rawValue) in \(seeds) seeds")
            }
        }
        print("\(Sabotage.allCases.count - missed.count) of \(Sabotage.allCases.count) sabotages caught")
        if !missed.isEmpty { throw ExitCode.failure }
    }
}
