import Foundation
import Payments
import SharedKernel
import Testing

/// Walks through the state machine at random against the small Vipps: the customer, the cashier, the portal, lost requests,
/// lost answers, crashes and webhooks in any order. Then calm returns, and every walk must have reached a clean end with
/// our books equal to Vipps'. Each walk replays from its seed.
@Suite("A payment, whatever happens,", .timeLimit(.minutes(10))) struct PaymentWalkTests {
    /// `PAYMENT_WALKS=1000` walks forty thousand times, for a night.
    let perBlock = ProcessInfo.processInfo.environment["PAYMENT_WALKS"].flatMap { Int($0) } ?? 50

    @Test("ends cleanly with books equal to Vipps'", arguments: 0..<40)
    func walks(block: Int) {
        for seed in (block * perBlock)..<((block + 1) * perBlock) {
            var walk = Walk(seed: UInt64(seed))
            walk.storm(steps: 60)
            walk.calm()
            let complaints = walk.complaints()
            #expect(complaints.isEmpty, "seed \(seed): \(complaints.joined(separator: "; "))\n\(walk.journal)")
            if !complaints.isEmpty { return }
        }
    }

    @Test("reaches every end that there is") func coverage() {
        var ends: Set<String> = []
        for seed in 0..<500 {
            var walk = Walk(seed: UInt64(seed))
            walk.storm(steps: 60)
            walk.calm()
            ends.insert(walk.story.payment.phase.word)
        }
        #expect(ends == ["captured", "aborted", "expired", "terminated", "released", "failed"])
    }
}

/// SplitMix64: the same walk for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct Walk {
    private(set) var story: Story
    private(set) var vipps: VippsModel
    private(set) var journal = ""
    private var chance: SeededGenerator
    private var refundsAsked: Set<RefundID> = []
    private var faults = true
    /// Every other walk hears of no webhook, so that polling alone must do; then nobody acts outside either.
    private let hearsWebhooks: Bool
    private var broken: [String] = []
    /// A request that Vipps will act on later, although its caller has given up waiting.
    private var late: [PaymentOperation] = []

    init(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        hearsWebhooks = seed.isMultiple(of: 2)
        let customer: CustomerReference =
            Bool.random(using: &chance) ? .oneTimeQR : .phoneNumber(Sealed(envelope: Data([1, 2, 3])))
        story = Story(amount: .nok(1_000), customer: customer)
        story.readsLogItself = false
        vipps = VippsModel(amount: 1_000)
        self.chance = chance
    }

    private mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &chance) }

    private mutating func note(_ words: String) {
        journal += "\(story.now.timeIntervalSince(.start)) \(words) -> \(story.payment.phase.word)\n"
    }

    // MARK: Storm

    mutating func storm(steps: Int) {
        for _ in 0..<steps {
            switch roll(24) {
            case 0:
                vipps.approve(at: story.now)
                note("customer approves")
            case 1:
                if roll(3) == 0 {
                    vipps.decline(at: story.now)
                    note("customer declines")
                }
            case 2: vipps.isProcessing.toggle()
            case 3: giveUp()
            case 4, 5: webhook()
            case 6:
                story.take(.recovered)
                note("restart")
            case 7: refund()
            case 8, 9: portal()
            case 10: wait(Double(roll(200)))
            case 11:
                if let operation = late.popLast() {
                    _ = vipps.performLate(operation, at: story.now)
                    note("late work")
                }
            default: step()
            }
            check()
        }
    }

    /// Somebody works in Vipps' own portal.
    private mutating func portal() {
        guard hearsWebhooks else { return }
        switch roll(10) {
        case 0: vipps.captureInPortal(at: story.now)
        case 1, 2: vipps.cancelInPortal(at: story.now)
        case 3, 4, 5: vipps.refundInPortal(Int64(roll(400)), at: story.now)
        default: return
        }
        note("portal")
    }

    private mutating func giveUp() {
        let reason = GiveUpReason.allCases[roll(3)]
        if roll(2) == 0 {
            story.take(.giveUp(reason))
            note("given up: \(reason)")
        }
    }

    private mutating func refund() {
        let id = RefundID(UUID.version7(at: story.now, using: &chance))
        refundsAsked.insert(id)
        story.take(.refund(id, .nok(Int64(1 + roll(600))), story.payment.terms.saleID))
        note("refund asked")
    }

    private mutating func webhook() {
        guard hearsWebhooks, let last = vipps.events.last else { return }
        story.take(
            .signalled(
                WebhookSignal(
                    name: last.name, pspReference: last.pspReference, amount: last.amount,
                    occurredAt: last.occurredAt, idempotencyKey: last.idempotencyKey, success: true)))
    }

    private mutating func wait(_ seconds: TimeInterval) {
        story.now += seconds
        vipps.passTime(to: story.now)
    }

    // MARK: The worker

    /// Goes to the next due time and makes the call, with whatever fault the dice give.
    mutating func step() {
        guard let due = story.payment.dueAt else { return }
        if due > story.now { wait(due.timeIntervalSince(story.now)) }
        guard let call = story.payment.nextCall(at: story.now) else { return }
        switch call {
        case .perform(let operation): perform(operation)
        case .look:
            let snapshot = vipps.get(at: story.now)
            let reply: ProviderOutcome<PaymentSnapshot> =
                faults && roll(6) == 0
                ? .unknown(.timeout) : snapshot.map { .answered($0) } ?? .refused(Refusal(code: "5090", detail: ""))
            story.looks(reply)
            note(
                "GET \(vipps.state) captured \(vipps.captured) refunded \(vipps.refunded) \(reply == .unknown(.timeout))"
            )
        case .readLog:
            let events = vipps.readEvents(at: story.now)
            let outcome: ProviderOutcome<[ProviderEvent]> =
                faults && roll(6) == 0 ? .unknown(.serverError) : .answered(events)
            story.take(.logRead(ProviderReply(outcome, record: Story.record())))
            note("log read")
        }
    }

    private mutating func perform(_ operation: PaymentOperation) {
        let before = story.payment.operations[operation.ordinal - 1].key
        story.take(.attempt(ordinal: operation.ordinal))
        if story.payment.operations[operation.ordinal - 1].key != before { broken.append("a key was remade") }
        guard faults else { return answer(operation, vipps.perform(operation, at: story.now)) }
        if roll(5) == 0 { meanwhile() }
        switch roll(9) {
        case 0:  // The request is lost.
            reply(operation, .unknown(.connection))
            note("\(operation.act) lost")
        case 1:  // The work is done, the answer lost.
            _ = vipps.perform(operation, at: story.now)
            reply(operation, .unknown(.timeout))
            note("\(operation.act) done, answer lost")
        case 2:  // We die before, or after, the work.
            if roll(2) == 0 { _ = vipps.perform(operation, at: story.now) }
            story.take(.recovered)
            note("\(operation.act) crashed")
        case 3:
            reply(operation, .rateLimited(retryAfter: .seconds(2)))
            note("\(operation.act) 429")
        case 4:
            let code = ["6160", "6280", "keys-missing", "keys-refused", "3010"][roll(5)]
            reply(operation, .refused(Refusal(code: code, detail: "")))
            note("\(operation.act) refused \(code)")
        case 5:  // Waited in vain; Vipps acts later.
            late.append(operation)
            vipps.takeInLate(operation, at: story.now)
            reply(operation, .unknown(.timeout))
            note("\(operation.act) late")
        default:
            let outcome = vipps.perform(operation, at: story.now)
            if roll(5) == 0 { meanwhile() }
            answer(operation, outcome)
        }
    }

    /// Something happens while the request is on its way.
    private mutating func meanwhile() {
        switch roll(4) {
        case 0: vipps.approve(at: story.now)
        case 1: giveUp()
        case 2: webhook()
        default: refund()
        }
        note("meanwhile")
    }

    private mutating func answer(_ operation: PaymentOperation, _ outcome: VippsModel.Outcome) {
        switch outcome {
        case .refused(let code): reply(operation, .refused(Refusal(code: code, detail: "")))
        case .ok:
            if operation.act == .create {
                let answer = CreateAnswer(redirectURL: "https://qr.example/1")
                story.take(
                    .createReplied(ordinal: operation.ordinal, ProviderReply(.answered(answer), record: Story.record()))
                )
            } else if let snapshot = vipps.snapshot {
                story.take(
                    .changeReplied(
                        ordinal: operation.ordinal, ProviderReply(.answered(snapshot), record: Story.record())))
            }
        }
        note("\(operation.act) \(outcome)")
    }

    private mutating func reply(_ operation: PaymentOperation, _ outcome: ProviderOutcome<PaymentSnapshot>) {
        if operation.act == .create {
            let told: ProviderOutcome<CreateAnswer> =
                switch outcome {
                case .answered: preconditionFailure("answered by answer")
                case .refused(let refusal): .refused(refusal)
                case .unknown(let reason): .unknown(reason)
                case .rateLimited(let wait): .rateLimited(retryAfter: wait)
                case .keysRefused(let refusal): .keysRefused(refusal)
                }
            story.take(.createReplied(ordinal: operation.ordinal, ProviderReply(told, record: Story.record(nil))))
        } else {
            story.take(.changeReplied(ordinal: operation.ordinal, ProviderReply(outcome, record: Story.record(nil))))
        }
    }

    // MARK: Calm

    /// No more faults; the customer does nothing more; a webhook comes for what happened last.
    mutating func calm() {
        faults = false
        vipps.isProcessing = false
        while let operation = late.popLast() { _ = vipps.performLate(operation, at: story.now) }
        story.take(.recovered)
        webhook()
        for _ in 0..<600 {
            guard let due = story.payment.dueAt, due.timeIntervalSince(story.now) < 7_200 else { break }
            step()
            check()
        }
    }

    // MARK: What must hold

    private mutating func check() {
        let payment = story.payment
        let money = payment.operations.filter { $0.isOpen && !$0.act.isRefund }
        if money.count > 1 { broken.append("two open acts of money") }
        if !payment.phase.isEnd || payment.currentOperation != nil, !payment.isCalling, payment.dueAt == nil {
            broken.append("nothing would wake it in \(payment.phase.word)")
        }
        if case .captured(_, let amount) = payment.phase, vipps.captured < amount.minorUnits {
            broken.append("captured is claimed, not true")
        }
    }

    func complaints() -> [String] {
        var complaints = broken + vipps.violations
        let payment = story.payment
        if !payment.phase.isEnd { complaints.append("has not ended: \(payment.phase.word)") }
        if payment.currentOperation != nil { complaints.append("an operation is still open") }
        if payment.customer != nil { complaints.append("the customer is not erased") }
        if payment.attentionSince != nil { complaints.append("attention is still asked for") }
        complaints += bookComplaints()
        for id in refundsAsked where refundEnds(id) != 1 {
            complaints.append("refund has \(refundEnds(id)) ends")
        }
        return complaints
    }

    private func bookComplaints() -> [String] {
        var complaints: [String] = []
        var capturedTold: Int64 = 0
        var refundedTold: Int64 = 0
        for event in story.events {
            switch event {
            case .captured(let amount, _): capturedTold += amount.minorUnits
            case .refunded(_, let amount, _, _, _, _): refundedTold += amount.minorUnits
            default: break
            }
        }
        if capturedTold != vipps.captured {
            complaints.append("told captured \(capturedTold), Vipps \(vipps.captured)")
        }
        if refundedTold != vipps.refunded {
            complaints.append("told refunded \(refundedTold), Vipps \(vipps.refunded)")
        }
        let isHeld = vipps.state == .authorized && vipps.captured + vipps.cancelled < vipps.amount
        if isHeld { complaints.append("a reservation is left behind") }
        if vipps.state == .created { complaints.append("the customer is still asked") }
        return complaints
    }

    private func refundEnds(_ id: RefundID) -> Int {
        story.events.count {
            switch $0 {
            case .refunded(let one, _, _, _, _, _), .refundFailed(let one, _, _, _, _): one == id
            default: false
            }
        }
    }
}
