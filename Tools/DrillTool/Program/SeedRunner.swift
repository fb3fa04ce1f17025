import Foundation
import Simulation
import Synchronization

/// Runs many seeds on several threads.
struct SeedRunner: Sendable {
    let first: UInt64
    let count: UInt64
    let workers: Int
    let sabotage: Sabotage?
    let deadline: ContinuousClock.Instant?
    let showsProgress: Bool
    /// Enough is seen when one seed has failed.
    let stopsAtFirst: Bool

    struct Outcome: Sendable {
        var first: UInt64
        var figures = Figures()
        var failed: [SimulatedRun] = []
        var seconds = 0.0
    }

    private struct Progress {
        var next: UInt64
        var outcome: Outcome
        var shownAt: ContinuousClock.Instant
    }

    /// Failing runs that are kept; more only repeat the story.
    private static let failedMax = 100

    func run() async -> Outcome {
        let begin = ContinuousClock.now
        let progress = Box(Progress(next: first, outcome: Outcome(first: first), shownAt: begin))
        await withDiscardingTaskGroup { group in
            for _ in 0..<workers {
                group.addTask {
                    while let seed = self.nextSeed(progress) {
                        self.note(await SimulatedRun(seed: seed, sabotage: self.sabotage), progress, since: begin)
                    }
                }
            }
        }
        var outcome = progress.state.withLock { $0.outcome }
        outcome.failed.sort { $0.seed < $1.seed }
        outcome.seconds = (ContinuousClock.now - begin) / .seconds(1)
        if showsProgress { FileHandle.standardError.write(Data("\n".utf8)) }
        return outcome
    }

    private final class Box: Sendable {
        let state: Mutex<Progress>
        init(_ progress: Progress) { state = Mutex(progress) }
    }

    private func nextSeed(_ box: Box) -> UInt64? {
        box.state.withLock { progress in
            if stopsAtFirst, !progress.outcome.failed.isEmpty { return nil }
            if let deadline, ContinuousClock.now >= deadline { return nil }
            guard progress.next - first < count else { return nil }
            defer { progress.next += 1 }
            return progress.next
        }
    }

    private func note(_ run: SimulatedRun, _ box: Box, since begin: ContinuousClock.Instant) {
        let line: String? = box.state.withLock { progress in
            progress.outcome.figures = progress.outcome.figures + run.figures
            if !run.violations.isEmpty, progress.outcome.failed.count < Self.failedMax {
                progress.outcome.failed.append(run)
            }
            let now = ContinuousClock.now
            guard showsProgress, now - progress.shownAt > .seconds(1) else { return nil }
            progress.shownAt = now
            let done = progress.outcome.figures.seeds
            let rate = Double(done) / ((now - begin) / .seconds(1))
            return "\r\(done) seeds, \(Int(rate)) a second, \(progress.outcome.failed.count) failed   "
        }
        if let line { FileHandle.standardError.write(Data(line.utf8)) }
    }
}
