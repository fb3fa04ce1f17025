import Foundation
import Simulation

/// What the drill says in the end.
enum Report {
    private static let traceLinesMax = 60

    static func violations(_ run: SimulatedRun) {
        if run.violations.isEmpty { print("seed \(run.seed): no violation in \(run.figures.steps) steps") }
        for violation in run.violations {
            print(
                "seed \(run.seed): VIOLATED at \(Double(violation.at) / 1000) s: \(violation.invariant): \(violation.detail)"
            )
        }
    }

    /// A failed seed: what was violated, and the steps that led to it.
    static func explain(_ run: SimulatedRun, sabotage: Sabotage?) async {
        violations(run)
        let again = await SimulatedRun(seed: run.seed, sabotage: sabotage, isTraced: true)
        for line in again.trace.suffix(traceLinesMax) { print("  \(line)") }
        print(
            "  replay: Tools/drill simulation --seed \(run.seed)\(sabotage.map { " --sabotage \($0.rawValue)" } ?? "")")
    }

    private struct Line: Encodable {
        let drill = "simulation"
        let first: UInt64
        let seeds, steps, crashes, faults, repairs, messages, calls, portalActs, sales, payments, refunds: Int
        let movedMinorUnits, refundedMinorUnits: Int64
        let violations: Int
        let slowestRecoverySeconds, seconds: Double
        let failedSeeds: [UInt64]
    }

    /// One line of JSON, one row of a table.
    static func summary(_ outcome: SeedRunner.Outcome) {
        let sum = outcome.figures
        let violations = outcome.failed.map(\.violations.count).reduce(0, +)
        let line = Line(
            first: outcome.first, seeds: sum.seeds, steps: sum.steps, crashes: sum.crashes, faults: sum.faults,
            repairs: sum.repairs, messages: sum.messages, calls: sum.calls, portalActs: sum.portalActs,
            sales: sum.sales, payments: sum.payments, refunds: sum.refunds, movedMinorUnits: sum.moved,
            refundedMinorUnits: sum.refunded, violations: violations,
            slowestRecoverySeconds: Double(sum.slowestRecovery) / 1000,
            seconds: (outcome.seconds * 10).rounded() / 10, failedSeeds: outcome.failed.map(\.seed))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        if let json = try? encoder.encode(line) { print(String(decoding: json, as: UTF8.self)) }
        print(
            "| drill | seeds | steps | crashes | faults | sales | payments | moved | violations | slowest recovery | took |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        print(
            "| simulation | \(sum.seeds) | \(sum.steps) | \(sum.crashes) | \(sum.faults) | \(sum.sales) | \(sum.payments) "
                + "| \(kroner(sum.moved)) | \(violations) | \(sum.slowestRecovery / 1000) s | \(Int(outcome.seconds)) s |"
        )
    }

    private static func kroner(_ minorUnits: Int64) -> String { "\(minorUnits / 100) NOK" }
}
