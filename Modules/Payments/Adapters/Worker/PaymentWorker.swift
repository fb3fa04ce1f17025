import CrashPoints
import Foundation
import Logging
import Messaging
import Payments
import ServiceLifecycle
import SharedKernel
import Synchronization

/// Makes the calls that are due, many payments side by side, one call at a time for each payment.
///
/// Woken by every commit that makes something due; timers are for due times only. Fences: at most `perAgreementMax` calls
/// at once for one agreement and `overallMax` in all; routine looks come after everything else and at a pace, so that a
/// thousand waiting customers do not keep one who has approved from being served; an agreement whose keys are refused
/// pauses, and then one call tries them; a payment that cannot be worked on is set aside. None of this delays anybody else.
package actor PaymentWorker: Service {
    package struct Limits: Sendable {
        package var overallMax = 64
        package var perAgreementMax = 16
        /// Of these at most so many routine looks.
        package var routineMax = 32
        package var routinePerAgreementMax = 4
        /// Routine looks for one agreement in a second. Twenty waiting customers are looked at every two seconds; with more
        /// of them each has to wait longer for what only repairs a lost webhook.
        package var routineASecondMax = 10.0
        /// So many of them at once after a pause.
        package var routineBurst = 10.0
        /// Calls for one payment before others get their turn.
        package var callsInARowMax = 8
        /// How often everything left behind is looked for.
        package var sweepEvery: TimeInterval = 60
        package var keysPauseMax: TimeInterval = 30
        package var troublePauseMax: TimeInterval = 60
        /// When it is the disk and not the payment.
        package var storePauseMax: TimeInterval = 5

        package init() {}
    }

    private let store: any PaymentStore
    private let changed: WakeSignal
    private let advance: AdvancePayment
    private let recover: RecoverPayments
    private let limits: Limits
    private let now: Now
    private let logger: Logger

    private var busy: [PaymentName: Work] = [:]
    /// When an agreement's next routine look is allowed.
    private var nextRoutine: [AgreementID: Date] = [:]
    private var pausedAgreements: [AgreementID: Pause] = [:]
    private var troubledPayments: [PaymentName: Trouble] = [:]
    private var nextSweep = Date.distantPast
    /// The clock when it was last looked at, at least once between two sweeps.
    private var lastSeen = Date.distantPast
    /// Payments that were being worked on during such a sweep; each is recovered when that work ends.
    private var unswept: Set<PaymentName> = []
    /// The next sweep is one as at a start.
    private var sweepsAll = false
    /// Seconds that a clock may go back without anything being done about it.
    private static let setBackMin: TimeInterval = 2
    /// Calls in a row, of all payments, whose outcome is unknown.
    package private(set) var callsWithoutAnswer = 0
    /// So many of them say that Vipps is away.
    package static let silenceMax = 5
    private let stopping = Mutex(false)

    private struct Work {
        let agreementID: AgreementID
        let urgency: Payment.Urgency
    }

    private struct Pause {
        let until: Date
        let failures: Int
    }

    private struct Trouble {
        let agreementID: AgreementID
        let pause: Pause
    }

    /// - Parameters:
    ///   - changed: raised by the store after a commit.
    ///   - provider: makes the calls.
    ///   - checkIns: the tokens of customers who scanned a till's code.
    package init(
        store: any PaymentStore, changed: WakeSignal, provider: any PaymentProvider, checkIns: any CheckInTokens,
        limits: Limits = Limits(), now: @escaping Now, logger: Logger
    ) {
        self.store = store
        self.changed = changed
        advance = AdvancePayment(
            store: store, provider: provider, checkIns: checkIns, now: now, passing: { CrashPoint.pass($0) })
        recover = RecoverPayments(store: store, now: now)
        self.limits = limits
        self.now = now
        self.logger = logger
    }

    // MARK: Running

    /// Until shutdown: then nothing new is begun, and what is under way is finished.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await begin()
            await withDiscardingTaskGroup { group in
                while !isStopping, !Task.isCancelled {
                    let instant = now()
                    let picked = await pickSafely(at: instant)
                    for due in picked { group.addTask { await self.work(on: due) } }
                    if isStopping { break }
                    let pause = await pauseUntilNextDue(after: instant)
                    await changed.wait(atMost: .seconds(pause))
                    await sweepIfDue()
                }
            }
        } onGracefulShutdown: {
            self.stopping.withLock { $0 = true }
            self.changed.wake()
        }
    }

    private var isStopping: Bool { stopping.withLock { $0 } }

    /// At a start whatever another process left behind is looked at first. Tried until the file can be read.
    private func begin() async {
        while !isStopping, !Task.isCancelled {
            do {
                try await sweep(all: true)
                return
            } catch {
                logger.error("payments cannot be recovered yet", metadata: ["error": "\(error)"])
                await changed.wait(atMost: .seconds(1))
            }
        }
    }

    /// For tests: makes every call that is due now, and those that become due by them, until none is left.
    package func runDue() async throws {
        while true {
            let picked = try await pick(at: now())
            if picked.isEmpty { return }
            await withDiscardingTaskGroup { group in
                for due in picked { group.addTask { await self.work(on: due) } }
            }
        }
    }

    /// Looks for what was left behind; `all` as at a start.
    package func sweep(all: Bool) async throws {
        let underWay = Set(busy.keys)
        if all { unswept.formUnion(underWay) }
        let unreadable = try await recover(all: all, except: underWay)
        for name in unreadable {
            logger.error("a payment cannot be recovered", metadata: ["payment": "\(name.paymentID)"])
        }
        let now = now()
        nextSweep = now + limits.sweepEvery
        troubledPayments = troubledPayments.filter { $0.value.pause.until > now - 600 }
        PaymentMetrics.count(try await store.countByPhase(since: now - 30 * 86_400))
    }

    private func sweepIfDue() async {
        noticeClock()
        guard now() >= nextSweep else { return }
        do {
            try await sweep(all: sweepsAll)
            sweepsAll = false
        } catch {
            nextSweep = now() + 1
            logger.error("the sweep failed", metadata: ["error": "\(error)"])
        }
    }

    /// After the clock was set back every plan lies too far ahead; then all is looked for as at a start.
    private func noticeClock() {
        let now = now()
        defer { lastSeen = now }
        guard now < lastSeen - Self.setBackMin else { return }
        logger.warning("the clock was set back", metadata: ["seconds": "\(Int(lastSeen.timeIntervalSince(now)))"])
        pausedAgreements = [:]
        nextRoutine = [:]
        troubledPayments = [:]
        sweepsAll = true
        nextSweep = now
    }

    // MARK: Picking

    private func pickSafely(at now: Date) async -> [DuePayment] {
        do {
            return try await pick(at: now)
        } catch {
            logger.error("due payments cannot be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// Due payments that nobody works on, within the fences; they count as busy from now on.
    private func pick(at now: Date) async throws -> [DuePayment] {
        let urgent = try await pick(.urgent, at: now)
        return urgent + (try await pick(.routine, at: now))
    }

    private func pick(_ urgency: Payment.Urgency, at now: Date) async throws -> [DuePayment] {
        let (overall, perAgreement) = fence(urgency)
        guard busy.count < limits.overallMax, underWay(urgency).count < overall else { return [] }
        let held = Self.countByAgreement(busy.values.map(\.agreementID) + troubledPayments.values.map(\.agreementID))
        let candidates = try await store.due(
            urgency, at: now, perAgreementMax: perAgreement + (held.values.max() ?? 0),
            max: limits.overallMax * 4 + held.values.reduce(0, +), except: closed(to: urgency, at: now))
        var picked: [DuePayment] = []
        for due in candidates where isFree(due, at: now) && mayBegin(urgency, for: due.agreementID, at: now) {
            busy[due.name] = Work(agreementID: due.agreementID, urgency: urgency)
            if urgency == .routine { countRoutine(of: due.agreementID, at: now) }
            picked.append(due)
        }
        return picked
    }

    private func fence(_ urgency: Payment.Urgency) -> (overall: Int, perAgreement: Int) {
        switch urgency {
        case .urgent: (limits.overallMax, limits.perAgreementMax)
        case .routine: (limits.routineMax, limits.routinePerAgreementMax)
        }
    }

    private func underWay(_ urgency: Payment.Urgency) -> [AgreementID] {
        busy.values.filter { $0.urgency == urgency }.map(\.agreementID)
    }

    private func isFree(_ due: DuePayment, at now: Date) -> Bool {
        busy[due.name] == nil && !(troubledPayments[due.name].map { $0.pause.until > now } ?? false)
    }

    private func mayBegin(_ urgency: Payment.Urgency, for agreement: AgreementID, at now: Date) -> Bool {
        let (overall, perAgreement) = fence(urgency)
        let mine = underWay(urgency)
        guard busy.count < limits.overallMax, mine.count < overall,
            mine.count(where: { $0 == agreement }) < perAgreement
        else { return false }
        // Keys that were refused are tried with one call.
        if pausedAgreements[agreement] != nil, busy.values.contains(where: { $0.agreementID == agreement }) {
            return false
        }
        return urgency == .urgent || nextRoutine[agreement].map { $0 <= now } ?? true
    }

    private func countRoutine(of agreement: AgreementID, at now: Date) {
        let earliest = now - limits.routineBurst / limits.routineASecondMax
        nextRoutine[agreement] = max(earliest, nextRoutine[agreement] ?? earliest) + 1 / limits.routineASecondMax
    }

    private static func countByAgreement(_ agreements: [AgreementID]) -> [AgreementID: Int] {
        agreements.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// Agreements of which nothing of that urgency is begun now.
    private func closed(to urgency: Payment.Urgency, at now: Date) -> Set<AgreementID> {
        let paused = Set(pausedAgreements.filter { $0.value.until > now }.keys)
        switch urgency {
        case .urgent: return paused
        case .routine:
            let full = Self.countByAgreement(underWay(.routine)).filter { $0.value >= limits.routinePerAgreementMax }
            return paused.union(nextRoutine.filter { $0.value > now }.keys).union(full.keys)
        }
    }

    /// Seconds until something falls due that was not yet when it was picked last; the wake signal may come earlier.
    private func pauseUntilNextDue(after now: Date) async -> TimeInterval {
        nextRoutine = nextRoutine.filter { $0.value > now - 60 }
        var ends = pausedAgreements.values.map(\.until) + troubledPayments.values.map(\.pause.until)
        ends += nextRoutine.values
        for urgency in Payment.Urgency.allCases {
            let due = try? await store.nextDue(urgency, after: now, except: closed(to: urgency, at: now))
            if let due = due ?? nil { ends.append(due) }
        }
        let next = (ends.filter { $0 > now } + [nextSweep]).min() ?? nextSweep
        return max(0.001, min(limits.sweepEvery, next.timeIntervalSince(self.now())))
    }

    // MARK: Working

    private func work(on due: DuePayment) async {
        for _ in 0..<limits.callsInARowMax {
            do {
                guard let outcome = try await advance(due.name) else { break }
                note(outcome, of: due)
                if pausedAgreements[due.agreementID].map({ $0.until > now() }) ?? false { break }
            } catch {
                setAside(due, error)
                break
            }
        }
        if unswept.remove(due.name) != nil {
            do { try await recover.one(due.name) } catch { setAside(due, error) }
        }
        busy[due.name] = nil
        changed.wake()
    }

    private func note(_ outcome: AdvancePayment.Outcome, of due: DuePayment) {
        PaymentMetrics.count(outcome)
        callsWithoutAnswer = outcome.result == .unknown ? callsWithoutAnswer + 1 : 0
        troubledPayments[due.name] = nil
        switch outcome.result {
        case .keysRefused:
            if let pause = pausedAgreements[due.agreementID], pause.until > now() { break }  // One of several at once.
            let failures = (pausedAgreements[due.agreementID]?.failures ?? 0) + 1
            let pause = Backoff.delay(after: failures + 2, longest: limits.keysPauseMax)
            pausedAgreements[due.agreementID] = Pause(until: now() + pause, failures: failures)
            logger.warning(
                "Vipps refuses the keys of an agreement",
                metadata: ["agreement": "\(due.agreementID)", "pause": "\(pause) s"])
        case .answered, .refused: pausedAgreements[due.agreementID] = nil
        case .unknown, .rateLimited: break
        }
    }

    /// A full disk or a row that cannot be read: said loudly, tried again later, and nobody else waits for it.
    private func setAside(_ due: DuePayment, _ error: any Error) {
        let failures = (troubledPayments[due.name]?.pause.failures ?? 0) + 1
        let longest = error is StoreUnavailable ? limits.storePauseMax : limits.troublePauseMax
        let pause = Backoff.delay(after: failures, longest: longest)
        troubledPayments[due.name] = Trouble(
            agreementID: due.agreementID, pause: Pause(until: now() + pause, failures: failures))
        logger.error(
            "a payment could not be worked on",
            metadata: ["payment": "\(due.name.paymentID)", "failures": "\(failures)", "error": "\(error)"])
    }
}
