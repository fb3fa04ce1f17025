import Cryptography
import Foundation
import Logging
import Messaging
import Metrics
import Payments
import ServiceLifecycle
import SharedKernel
import Synchronization

/// Does the queued set-up jobs: woken by the commit that queued them, one at a time for each agreement and several
/// agreements side by side, so that one tenant's broken keys hold up nobody else. Watches the webhooks every hour.
package struct SetupWorker: Service {
    /// Agreements worked on at the same time.
    package static let lanesMax = 8
    /// How often webhooks are looked at without being asked.
    package static let watchInterval: TimeInterval = 3600

    private let store: SQLiteSetupStore
    private let runner: SetupJobRunner
    private let now: Now
    private let tick: Duration
    private let logger: Logger
    private let state = Shared()

    /// - Parameters:
    ///   - webhookBase: `WEBHOOK_BASE_URL`.
    ///   - tick: how often postponed jobs and the hourly watch are looked for; what is new needs no tick.
    package init(
        store: SQLiteSetupStore, provider: any SetupProvider, sealing: SealingCertificates, opening: OpeningKeys,
        webhookBase: String, now: @escaping Now, tick: Duration = .seconds(1), logger: Logger
    ) {
        self.store = store
        runner = SetupJobRunner(
            store: store, provider: provider, sealing: sealing, opening: opening,
            addressPrefix: WebhookToken.addressPrefix(base: webhookBase), now: now)
        self.now = now
        self.tick = tick
        self.logger = logger
    }

    /// Ends after the jobs in hand when the service is shut down.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await ring() }
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                await look { agreement in group.addTask { await work(agreement) } }
                await cancelWhenGracefulShutdown { await store.queued.wait() }
            }
        }
    }

    /// Does every job that is due, and returns when none is: the worker without its loop, for tests.
    package func runDueJobs() async throws {
        while true {
            let due = try await store.agreementsWithDueJob(at: now(), busy: [], limit: Self.lanesMax)
            if due.isEmpty { return }
            for agreement in due { await work(agreement) }
        }
    }

    /// Wakes the loop for what waits for a time.
    private func ring() async {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: tick) }
            store.queued.wake()
        }
    }

    private func look(start: (AgreementID) -> Void) async {
        do {
            let now = now()
            if state.isWatchDue(at: now) {
                try await store.queueWebhookWatch(at: now)
                state.watched(at: now)
            }
            if state.isTidyDue(at: now) { try await store.tidy(at: now) }
            let busy = state.busy
            let free = Self.lanesMax - busy.count
            guard free > 0 else { return }
            for agreement in try await store.agreementsWithDueJob(at: now, busy: busy, limit: free) {
                state.begin(agreement)
                start(agreement)
            }
        } catch {
            logger.error("set-up jobs cannot be read; trying again", metadata: ["error": "\(error)"])
        }
    }

    /// Does the due jobs of one agreement in their order.
    private func work(_ agreement: AgreementID) async {
        do {
            while !Task.isShuttingDownGracefully, let queued = try await store.dueJob(of: agreement, at: now()) {
                try await TraceContext.$current.withValue(queued.cause.trace) { try await attempt(queued) }
            }
        } catch {
            logger.error("a set-up job's database failed; trying again", metadata: ["error": "\(error)"])
            try? await Task.sleep(for: tick)
        }
        state.end(agreement)
        store.queued.wake()
    }

    /// - Throws: the database's error; the job then stays as it is.
    private func attempt(_ queued: QueuedSetupJob) async throws {
        do {
            let facts = try await runner.run(queued)
            try await store.finish(queued, telling: facts, at: now())
            count(queued, "done")
        } catch let tooLarge as MessageTooLarge {
            let refusal = Refusal(
                code: Refusal.OwnCode.tooMuch, detail: "Vipps' answer is too large to be passed on: \(tooLarge).")
            try await store.finish(queued, telling: [.failed(queued.job, refusal)], at: now())
            count(queued, "given-up")
        } catch let trouble as SetupTrouble {
            switch SetupPatience.step(after: trouble, attempt: queued.attempts + 1) {
            case .tryAgain(let pause):
                let seconds = TimeInterval(pause / .milliseconds(1)) / 1000
                try await store.postpone(queued, until: now().addingTimeInterval(seconds))
                count(queued, "postponed")
            case .giveUp(let refusal):
                let facts = SetupOutcome.facts(givingUp: queued.job, after: trouble, refusal: refusal)
                try await store.finish(queued, telling: facts, at: now())
                count(queued, "given-up")
            }
        }
    }

    private func count(_ queued: QueuedSetupJob, _ result: String) {
        let kind = SetupJobRow.columns(of: queued.job).kind
        Counter(label: "vipps_setup_jobs_total", dimensions: [("kind", kind), ("result", result)]).increment()
        logger.debug(
            "set-up job \(result)", metadata: ["kind": "\(kind)", "agreement": "\(queued.agreementID)"])
    }

    /// What the loop and its lanes share.
    private final class Shared: Sendable {
        private struct Values {
            var busy: Set<AgreementID> = []
            var watchedAt: Date?
            var tidiedAt: Date?
        }
        private let values = Mutex(Values())

        var busy: Set<AgreementID> { values.withLock { $0.busy } }
        func begin(_ agreement: AgreementID) { values.withLock { _ = $0.busy.insert(agreement) } }
        func end(_ agreement: AgreementID) { values.withLock { _ = $0.busy.remove(agreement) } }

        func isWatchDue(at now: Date) -> Bool {
            values.withLock { $0.watchedAt.map { abs(now.timeIntervalSince($0)) >= watchInterval } ?? true }
        }

        func watched(at now: Date) { values.withLock { $0.watchedAt = now } }

        /// Once a minute.
        func isTidyDue(at now: Date) -> Bool {
            values.withLock { values in
                if let last = values.tidiedAt, abs(now.timeIntervalSince(last)) < 60 { return false }
                values.tidiedAt = now
                return true
            }
        }
    }
}
