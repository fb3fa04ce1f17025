import Foundation
import GRDB
import Logging
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import ServiceLifecycle
import SharedKernel
import Synchronization
import Testing

@Suite("The payment worker", .timeLimit(.minutes(5))) struct PaymentWorkerTests {
    let file: PaymentFile
    let clock = HandClock()

    init() throws { file = try PaymentFile() }

    func worker(
        _ provider: ScriptedProvider, checkIns: ScriptedCheckIns = ScriptedCheckIns(),
        limits: PaymentWorker.Limits = .init()
    ) -> PaymentWorker {
        PaymentWorker(
            store: file.store, changed: file.store.changed, provider: provider, checkIns: checkIns, limits: limits,
            now: { [clock] in clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Turns the clock and works, until `seconds` have passed.
    func run(_ worker: PaymentWorker, seconds: Int) async throws {
        for _ in 0..<seconds {
            try await worker.runDue()
            clock.pass(1)
        }
        try await worker.runDue()
    }

    @Test("takes a payment from the till's wish to captured money") func straight() async throws {
        let provider = ScriptedProvider()
        let name = try await file.store.begin(.made())
        try await run(worker(provider), seconds: 8)
        #expect(try await file.store.payment(name)?.phase.word == "captured")
        #expect(
            try await file.told().map(\.type) == [
                PaymentRequestedAtVipps.type, PaymentAuthorized.type, PaymentCaptured.type,
            ])
        #expect(provider.books.values.map(\.captured) == [12_900])
    }

    @Test("sends every key once per act, and the same when repeating", arguments: [CallKind.create, .capture])
    func lostAnswers(kind: CallKind) async throws {
        let losses = Mutex(3)
        let provider = ScriptedProvider(fault: { call, _ in
            guard call.kind == kind else { return .none }
            return losses.withLock { left in
                left -= 1
                return left < 0 ? .none : left == 0 ? .loseAnswer : .loseRequest
            }
        })
        let name = try await file.store.begin(.made())
        try await run(worker(provider), seconds: 90)
        #expect(try await file.store.payment(name)?.phase.word == "captured")
        #expect(provider.books.values.map(\.captured) == [12_900])
        let keys = provider.calls.filter { $0.kind == kind }.map { $0.key ?? "none" }
        #expect(keys.count > 1 && Set(keys).count == 1)
    }

    @Test("looks first after a crash during a call, then repeats with the same key") func crash() async throws {
        let terms = PaymentTerms.made()
        let name = try await file.store.begin(terms)
        try await file.store.take(.attempt(ordinal: 1), for: name)  // And the process dies.
        let provider = ScriptedProvider()
        let worker = worker(provider)
        try await worker.runDue()
        #expect(provider.calls.isEmpty)
        try await worker.sweep(all: true)
        try await run(worker, seconds: 10)
        #expect(provider.calls.map(\.kind).prefix(2) == [.get, .create])
        #expect(try await file.store.payment(name)?.phase.word == "captured")
    }

    @Test("recovers what was under way during a sweep as soon as that work ends") func sweptMeanwhile() async throws {
        let (gate, agreement) = (Gate(), AgreementID(UUID()))
        let provider = ScriptedProvider(approves: false, pause: { _ in await gate.wait() })
        _ = try await file.store.begin(.made(agreement: agreement))
        let worker = worker(provider)
        let running = Task { try await worker.run() }
        while provider.underWayMax[agreement] != 1 { await Task.yield() }
        try await worker.sweep(all: true)
        gate.open()
        // The clock stands still: without recovery the first look would be five seconds away.
        while !provider.calls.contains(where: { $0.kind == .get }) { await Task.yield() }
        running.cancel()
        try? await running.value
    }

    @Test("works for several agreements side by side, and for each within its fence") func fences() async throws {
        let (slow, quick) = (AgreementID(UUID()), AgreementID(UUID()))
        let gate = Gate()
        let provider = ScriptedProvider(pause: { address in if address.agreementID == slow { await gate.wait() } })
        for _ in 0..<20 { _ = try await file.store.begin(.made(agreement: slow)) }
        let other = try await file.store.begin(.made(agreement: quick))
        let worker = worker(provider)
        let running = Task { try await worker.run() }
        while try await file.store.payment(other)?.phase.word != "created" { await Task.yield() }
        let fence = PaymentWorker.Limits().perAgreementMax
        while provider.underWayMax[slow] != fence { await Task.yield() }
        gate.open()
        while try await file.store.countByPhase(since: .distantPast)["created"] != 21 { await Task.yield() }
        #expect(provider.underWayMax[slow] == fence)
        running.cancel()
        try? await running.value
    }

    @Test("pauses an agreement whose keys are refused, and no other") func keys() async throws {
        let (broken, sound) = (AgreementID(UUID()), AgreementID(UUID()))
        let areRefused = Mutex(true)
        let provider = ScriptedProvider(fault: { call, agreement in
            agreement == broken && call.kind == .capture && areRefused.withLock { $0 } ? .refuseKeys : .none
        })
        let first = try await file.store.begin(.made(agreement: broken))
        let second = try await file.store.begin(.made(agreement: sound))
        let worker = worker(provider)
        try await run(worker, seconds: 60)
        #expect(try await file.store.payment(first)?.phase.word == "authorized")
        #expect(try await file.store.payment(second)?.phase.word == "captured")
        #expect(provider.calls.filter { $0.kind == .capture }.count < 15)
        areRefused.withLock { $0 = false }
        try await run(worker, seconds: 300)
        #expect(try await file.store.payment(first)?.phase.word == "captured")
    }

    @Test("tries refused keys with one call at a time") func trying() async throws {
        let agreement = AgreementID(UUID())
        let areRefused = Mutex(false)
        let provider = ScriptedProvider(
            approves: false, fault: { _, _ in areRefused.withLock { $0 } ? .refuseKeys : .none })
        for _ in 0..<20 { _ = try await file.store.begin(.made(agreement: agreement)) }
        let worker = worker(provider)
        try await run(worker, seconds: 3)
        areRefused.withLock { $0 = true }
        try await run(worker, seconds: 60)
        let before = provider.calls.count
        try await run(worker, seconds: 60)
        #expect((1...3).contains(provider.calls.count - before))
        areRefused.withLock { $0 = false }
        try await run(worker, seconds: 60)
        #expect(provider.calls.count - before > 100)
    }

    // MARK: A crowd

    /// So many customers have been asked and do not decide; every routine look is overdue.
    private func crowd(
        _ number: Int, of agreement: AgreementID, _ worker: PaymentWorker
    ) async throws -> [PaymentName] {
        var names: [PaymentName] = []
        for _ in 0..<number { names.append(try await file.store.begin(.made(agreement: agreement))) }
        try await worker.runDue()
        clock.pass(60)
        return names
    }

    @Test("looks at a crowd of waiting payments at a pace, each in its turn") func pace() async throws {
        let provider = ScriptedProvider(approves: false)
        let worker = worker(provider)
        let names = try await crowd(100, of: AgreementID(UUID()), worker)
        let before = provider.calls.count
        for _ in 0..<100 {
            try await worker.runDue()
            clock.pass(0.1)
        }
        let looks = provider.calls.dropFirst(before)
        let limits = PaymentWorker.Limits()
        #expect(looks.count <= Int(limits.routineBurst + 10 * limits.routineASecondMax))
        #expect(Set(looks.map(\.reference)).count == names.count)
    }

    @Test("serves one of a crowd whose webhook has come before it looks at the others") func signalled() async throws {
        let provider = ScriptedProvider(approves: false)
        let worker = worker(provider)
        let names = try await crowd(100, of: AgreementID(UUID()), worker)
        let name = names[70]
        let reference = try #require(try await file.store.payment(name)).terms.address.reference
        provider.approve(reference)
        let signal = WebhookSignal(
            name: "AUTHORIZED", pspReference: "1", amount: nil, occurredAt: clock.now, idempotencyKey: nil,
            success: true)
        try await file.store.take(.signalled(signal), for: name, at: clock.now)
        let before = provider.calls.count
        try await worker.runDue()
        let calls = provider.calls.dropFirst(before)
        // It is begun together with the few routine looks that its agreement may have at a time.
        let first = calls.prefix(1 + PaymentWorker.Limits().routinePerAgreementMax)
        #expect(first.contains { $0.reference == reference })
        #expect(calls.contains { $0.kind == .capture && $0.reference == reference })
        #expect(try await file.store.payment(name)?.phase.word == "captured")
    }

    @Test("looks at another agreement's payments as ever, whatever the crowd of one")
    func othersOfACrowd() async throws {
        let provider = ScriptedProvider(approves: false)
        let worker = worker(provider)
        _ = try await crowd(200, of: AgreementID(UUID()), worker)
        let other = try await file.store.begin(.made(), at: clock.now)
        let reference = try #require(try await file.store.payment(other)).terms.address.reference
        try await run(worker, seconds: 60)
        #expect(provider.calls.count { $0.kind == .get && $0.reference == reference } == 28)
    }

    @Test("looks at a crowd at a pace after a start as well") func startWithACrowd() async throws {
        let provider = ScriptedProvider(approves: false)
        _ = try await crowd(100, of: AgreementID(UUID()), worker(provider))
        let before = provider.calls.count
        let next = worker(provider)
        try await next.sweep(all: true)
        try await next.runDue()
        let burst = Int(PaymentWorker.Limits().routineBurst)
        #expect((burst...burst + 1).contains(provider.calls.count - before))
    }

    @Test("stays within five captures a minute for a reference, also across restarts") func limits() async throws {
        let captures = Mutex<[Date]>([])
        let clock = clock
        let provider = ScriptedProvider(fault: { call, _ in
            guard call.kind == .capture else { return .none }
            captures.withLock { $0.append(clock.now) }
            return .loseRequest
        })
        _ = try await file.store.begin(.made())
        for _ in 0..<30 {
            let worker = worker(provider)
            try await worker.sweep(all: true)
            try await run(worker, seconds: 10)
        }
        let all = captures.withLock { $0 }
        #expect(all.count > 5)
        for start in all {
            let inMinute = all.count { $0 >= start && $0 < start + 60 }
            #expect(inMinute <= 5)
        }
    }

    @Test("says no to a check-in that is too old, without asking Vipps") func oldCheckIn() async throws {
        let checkIn = CheckInID(UUID())
        let provider = ScriptedProvider()
        let name = try await file.store.begin(.made(), customer: .checkIn(checkIn))
        let tokens = ScriptedCheckIns(
            tokens: [checkIn: CheckInToken(token: CustomerToken("token"), validUntil: .paymentStart - 1)])
        try await worker(provider, checkIns: tokens).runDue()
        #expect(try await file.told().map { try $0.decode(PaymentFailed.self).failure.code } == ["check-in-expired"])
        #expect(provider.calls.filter { $0.kind == .create }.isEmpty)
        #expect(try await file.store.payment(name)?.customer == nil)
    }

    @Test("tells every attempt in the event log, with its key and without personal data") func log() async throws {
        let terms = PaymentTerms.made()
        let name = try await file.store.begin(terms)
        let worker = worker(ScriptedProvider())
        try await run(worker, seconds: 8)
        for _ in 0..<2 {
            try await file.store.take(.refund(RefundID(UUID()), .nok(900), terms.saleID), for: name, at: clock.now)
            try await run(worker, seconds: 3)
        }
        let lines = try await file.lines()
        let acts = lines.filter { $0.origin == .gateway }.map(\.name)
        #expect(acts.contains("create") && acts.contains("capture"))
        let capture = try #require(lines.first { $0.name == "capture" })
        #expect(capture.idempotencyKey?.hasSuffix("-capture-2") == true)
        #expect(capture.httpStatus == 200)
        #expect(capture.success && capture.amount == terms.amount)
        #expect(capture.pspReference == "psp-of-\(terms.address.reference)")
        #expect(capture.traceID == terms.cause.trace.traceID)
        #expect(acts.count { $0 == "refund" } == 2, "each call is a line, though both bear the payment's reference")
    }

    @Test("finishes the call in hand when told to stop, and begins no other") func stops() async throws {
        let gate = Gate()
        let provider = ScriptedProvider(pause: { _ in await gate.wait() })
        let name = try await file.store.begin(.made())
        let worker = worker(provider)
        let group = ServiceGroup(
            services: [worker], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await group.run() }
        while provider.calls.isEmpty { await Task.yield() }
        await group.triggerGracefulShutdown()
        gate.open()
        try await running.value
        #expect(try await file.store.payment(name)?.phase.word == "created")
    }

    @Test("gives a refused or broken payment's turn to the others") func poisoned() async throws {
        let bad = try await file.store.begin(.made())
        try await file.database.writer.write { db in
            try db.execute(
                sql: "UPDATE payment SET receipt = 'not json' WHERE payment_id = ?", arguments: [bad.paymentID.text])
        }
        let good = try await file.store.begin(.made())
        let worker = worker(ScriptedProvider())
        try await worker.sweep(all: true)
        try await run(worker, seconds: 8)
        #expect(try await file.store.payment(good)?.phase.word == "captured")
    }
}

/// Closed until opened; then open for ever.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
