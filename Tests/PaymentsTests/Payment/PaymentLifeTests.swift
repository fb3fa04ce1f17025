import Foundation
import Payments
import SharedKernel
import Testing

@Suite("A payment on its straight way") struct PaymentLifeTests {
    @Test("asks Vipps once, with a key that follows from its place") func create() {
        let story = Story()
        let operation = story.payment.operations[0]
        #expect(story.openActs == [.create])
        #expect(operation.key.text == story.payment.terms.paymentID.text.filter { $0 != "-" } + "-create-1")
        #expect(operation.key.text.count <= 50)
        #expect(story.payment.dueAt == story.now)
    }

    @Test("is told to be at Vipps, and looked at after five seconds and every two") func polling() {
        var story = Story()
        let events = story.createReplies(.answered(CreateAnswer(redirectURL: nil)))
        #expect(events.contains(.created(at: .start, expiresAt: .start + 600, qrContent: nil)))
        #expect(story.payment.look.at == .start + 5)
        story.pass(5)
        story.looks(.answered(story.snapshot(.created)))
        #expect(story.payment.look.at == .start + 7)
    }

    @Test("gives the code of a one-time QR to the till") func oneTimeQR() {
        var story = Story(customer: .oneTimeQR)
        let events = story.createReplies(.answered(CreateAnswer(redirectURL: "https://qr.example/1")))
        #expect(events.contains(.created(at: .start, expiresAt: .start + 600, qrContent: "https://qr.example/1")))
    }

    @Test("repeats create with its key to get the code that an answer lost") func oneTimeQRLost() {
        var story = Story(customer: .oneTimeQR)
        let key = story.payment.operations[0].key
        story.createReplies(.unknown(.timeout))
        story.pass(1)
        let events = story.looks(.answered(story.snapshot(.created)))
        #expect(events.told.isEmpty)
        guard case .perform(let again) = story.payment.nextCall(at: story.now) else {
            Issue.record("create is not repeated")
            return
        }
        #expect(again.key == key && again.act == .create)
    }

    @Test("captures at once when approved, and is captured when the aggregate says so") func captures() {
        var story = Story.created()
        story.pass(5)
        #expect(story.looks(.answered(story.snapshot(.authorized))).told == ["authorized"])
        #expect(story.openActs == [.capture(.nok(12_900))])
        #expect(story.payment.dueAt == story.now)
        let events = story.changeReplies(.answered(story.snapshot(.authorized, captured: 12_900)))
        #expect(events.told == ["captured 12900"])
        #expect(story.payment.customer == nil)
        #expect(story.openActs.isEmpty)
    }

    @Test("does not take a success status for captured money") func provesCapture() {
        var story = Story.authorized()
        let events = story.changeReplies(.answered(story.snapshot(.authorized, captured: 0)))
        #expect(events.told.isEmpty)
        #expect(story.payment.operations.last?.doubt == .unknown(.unreadableAnswer))
        #expect(story.payment.look.at != nil)
    }

    @Test(
        "ends as Vipps says",
        arguments: [(PaymentSnapshot.State.aborted, "aborted"), (.expired, "expired"), (.terminated, "terminated")])
    func ends(state: PaymentSnapshot.State, word: String) {
        var story = Story.created()
        story.pass(5)
        #expect(story.looks(.answered(story.snapshot(state))).told == [word])
        #expect(story.payment.customer == nil)
        #expect(story.payment.look.at == nil)
        // Hearing it again tells nothing.
        #expect(story.looks(.answered(story.snapshot(state))).told.isEmpty)
    }

    @Test(
        "fails with Vipps' code when the customer cannot be asked", arguments: ["7010", "5080", "4050", "keys-missing"])
    func fails(code: String) {
        var story = Story()
        let events = story.createReplies(.refused(Refusal(code: code, detail: "no")))
        #expect(events.told == ["failed \(code)"])
        #expect(story.payment.customer == nil)
        #expect(story.payment.dueAt == story.payment.logReading.at)
    }

    @Test("fails when the keys are refused, so that the cashier can take other means") func keysRefused() {
        var story = Story()
        let refusal = Refusal(code: Refusal.OwnCode.keysRefused, httpStatus: 401, detail: "no")
        #expect(story.createReplies(.keysRefused(refusal)).told == ["failed keys-refused"])
    }

    @Test("looks at once when a webhook comes, and moves no money because of it") func webhook() {
        var story = Story.created()
        let signal = WebhookSignal(
            name: "CAPTURED", pspReference: "1", amount: .nok(12_900), occurredAt: .start, idempotencyKey: nil,
            success: true)
        let events = story.take(.signalled(signal))
        #expect(events.told.isEmpty)
        #expect(story.payment.look.at == story.now)
        #expect(story.payment.nextCall(at: story.now) == .look)
        // Ten more do not make ten looks.
        #expect(story.take(.signalled(signal)).allSatisfy { if case .logged = $0 { true } else { false } })
    }
}

@Suite("A payment whose outcome is unknown") struct PaymentDoubtTests {
    @Test("looks first, then repeats create with the same key", arguments: UnknownReason.allCases)
    func create(reason: UnknownReason) {
        var story = Story()
        let key = story.payment.operations[0].key
        #expect(story.createReplies(.unknown(reason)).told.isEmpty)
        story.pass(1)
        #expect(story.payment.nextCall(at: story.now) == .look)
        story.looks(.refused(Refusal(code: "5090", httpStatus: 404, detail: "")))
        guard case .perform(let again) = story.payment.nextCall(at: story.now) else {
            Issue.record("create is not repeated")
            return
        }
        #expect(again.key == key)
        #expect(story.payment.operations.count == 1)
    }

    @Test("finds what was done although the answer was lost") func found() {
        var story = Story.authorized()
        story.changeReplies(.unknown(.timeout))
        story.pass(1)
        #expect(story.looks(.answered(story.snapshot(.authorized, captured: 12_900))).told == ["captured 12900"])
        #expect(story.payment.operations.allSatisfy { !$0.isOpen })
    }

    @Test("repeats capture with the same key for as long as it takes, later each time, and asks for a person")
    func keepsTrying() {
        var story = Story.authorized()
        let key = story.payment.operations.last?.key
        var pauses: [TimeInterval] = []
        for _ in 0..<14 {
            let before = story.now
            story.changeReplies(.unknown(.serverError))
            while let due = story.payment.dueAt, case .look = story.payment.nextCall(at: max(due, story.now)) {
                story.now = max(due, story.now)
                story.looks(.answered(story.snapshot(.authorized)))
            }
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            pauses.append(story.now.timeIntervalSince(before))
        }
        #expect(story.payment.operations.last?.key == key)
        #expect(story.payment.operations.last?.attempts == 14)
        #expect(story.payment.attentionSince != nil)
        #expect(pauses.allSatisfy { $0 <= 62 })
        #expect(story.events.told.allSatisfy { !$0.hasPrefix("failed") })
    }

    @Test("is in doubt after a crash during a call, and looks before anything else") func crash() {
        var story = Story.authorized()
        _ = story.attempt()
        #expect(story.payment.dueAt == nil)
        story.take(.recovered)
        #expect(story.payment.operations.last?.doubt == .unknown(.interrupted))
        #expect(story.payment.nextCall(at: story.now) == .look)
        #expect(story.take(.recovered).isEmpty)
    }

    @Test("does not wait for another clock: set back by hours, it is tried again within the minute") func setBack() {
        var story = Story.authorized()
        for _ in 0..<CallWindows.callsMax(.capture) {
            story.changeReplies(.refused(Refusal(code: "6280", detail: "")))
            story.now = max(story.now, story.payment.dueAt ?? story.now)
        }
        story.now -= 3 * 3_600
        story.take(.recovered)
        story.looks(.answered(story.snapshot(.authorized)))
        #expect(story.payment.callWindows.earliest(.capture, from: story.now) <= story.now + CallWindows.length)
        story.pass(CallWindows.length)
        guard case .perform(let operation) = story.payment.nextCall(at: story.now) else {
            Issue.record("the capture waits for \(String(describing: story.payment.dueAt))")
            return
        }
        #expect(operation.act.kind == .capture)
    }

    @Test("believes no payment of another amount under its reference") func otherAmount() {
        var story = Story()
        story.createReplies(.unknown(.timeout))
        story.pass(1)
        let other = PaymentSnapshot(
            state: .authorized, amount: .nok(1),
            aggregate: Aggregate(
                authorized: .nok(1), captured: .nok(0), refunded: .nok(0), cancelled: .nok(0)), pspReference: nil)
        #expect(story.looks(.answered(other)).told == ["failed 4150"])
    }

    @Test("traps on no sums in another currency") func otherCurrency() {
        var story = Story.created()
        let euro = Money(minorUnits: 12_900, currency: .eur)
        let odd = PaymentSnapshot(
            state: .authorized, amount: .nok(12_900),
            aggregate: Aggregate(authorized: euro, captured: euro, refunded: euro, cancelled: euro), pspReference: nil)
        #expect(story.looks(.answered(odd)).told.isEmpty)
        #expect(story.payment.attentionSince != nil)
    }
}

@Suite("A capture that is refused") struct PaymentCaptureRefusedTests {
    @Test("is tried again with the same key while it may pass", arguments: ["6160", "6280", "6260"])
    func transient(code: String) {
        var story = Story.authorized()
        let key = story.payment.operations.last?.key
        story.changeReplies(.refused(Refusal(code: code, detail: "")))
        story.pass(2)
        guard case .perform(let again) = story.payment.nextCall(at: story.now) else {
            Issue.record("capture is not repeated")
            return
        }
        #expect(again.key == key && again.attempts == 1)
    }

    @Test("gives the reservation back when the bank has let it go for two minutes") func givesUp() {
        var story = Story.authorized()
        while story.openActs == [.capture(.nok(12_900))], story.now < .start + 600 {
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            if case .perform = story.payment.nextCall(at: story.now) {
                story.changeReplies(.refused(Refusal(code: "6260", detail: "")))
            } else {
                story.looks(.answered(story.snapshot(.authorized)))
            }
        }
        #expect(story.openActs == [.cancel(transactionOnly: false)])
        let events = story.changeReplies(.answered(story.snapshot(.authorized, cancelled: 12_900)))
        #expect(events.told == ["released"])
    }

    @Test("is cancelled when Vipps will never do it", arguments: ["6100", "6200", "not-allowed"])
    func final(code: String) {
        var story = Story.authorized()
        story.changeReplies(.refused(Refusal(code: code, detail: "")))
        #expect(story.openActs == [.cancel(transactionOnly: false)])
    }

    @Test("waits for keys, and is not given up for them") func keys() {
        var story = Story.authorized()
        for _ in 0..<20 {
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            if case .perform = story.payment.nextCall(at: story.now) {
                story.changeReplies(.keysRefused(Refusal(code: "keys-refused", httpStatus: 401, detail: "")))
            } else {
                story.looks(.keysRefused(Refusal(code: "keys-refused", httpStatus: 401, detail: "")))
            }
        }
        #expect(story.openActs == [.capture(.nok(12_900))])
    }
}
