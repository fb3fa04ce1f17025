import Foundation
import Payments
import SharedKernel
import Testing

@Suite("A payment given up") struct PaymentGivenUpTests {
    @Test("before anything was sent ends without a call") func neverSent() {
        var story = Story()
        #expect(story.take(.giveUp(.cashier)).told == ["terminated"])
        #expect(story.payment.dueAt == nil)
        #expect(story.payment.customer == nil)
    }

    @Test("while create is under way is cancelled after its answer") func whileCreating() {
        var story = Story()
        let ordinal = story.attempt()
        #expect(story.take(.giveUp(.cashier)).told.isEmpty)
        story.take(
            .createReplied(
                ordinal: ordinal,
                ProviderReply(.answered(CreateAnswer(redirectURL: nil)), record: Story.record())))
        #expect(story.openActs == [.cancel(transactionOnly: true)])
    }

    @Test("while create is in doubt repeats create with its key, then cancels") func createInDoubt() {
        var story = Story()
        story.createReplies(.unknown(.timeout))
        #expect(story.take(.giveUp(.cashier)).told.isEmpty)
        story.pass(1)
        story.looks(.refused(Refusal(code: "5090", detail: "")))
        #expect(story.openActs == [.create])
        story.createReplies(.answered(CreateAnswer(redirectURL: nil)))
        #expect(story.openActs == [.cancel(transactionOnly: true)])
    }

    @Test("in time is terminated") func inTime() {
        var story = Story.created(givenUp: .cashier)
        #expect(story.changeReplies(.answered(story.snapshot(.terminated, cancelled: 12_900))).told == ["terminated"])
    }

    @Test(
        "by the cashier when the customer was faster is captured",
        arguments: [GiveUpReason.cashier, .otherIdentification])
    func customerFaster(reason: GiveUpReason) {
        var story = Story.created(givenUp: reason)
        story.changeReplies(.refused(Refusal(code: "6060", detail: "")))
        #expect(story.payment.nextCall(at: story.now) == .look)
        #expect(story.looks(.answered(story.snapshot(.authorized))).told == ["authorized"])
        #expect(story.openActs == [.capture(.nok(12_900))])
    }

    @Test("with its sale releases what the customer approves late") func abandoned() {
        var story = Story.created(givenUp: .saleAbandoned)
        #expect(story.openActs == [.cancel(transactionOnly: false)])
        let events = story.changeReplies(.answered(story.snapshot(.authorized, cancelled: 12_900)))
        #expect(events.told == ["authorized", "released"])
    }

    @Test("with its sale after approval is released, not captured") func abandonedApproved() {
        var story = Story.authorized()
        story.take(.giveUp(.saleAbandoned))
        #expect(story.openActs == [.cancel(transactionOnly: false)])
    }

    @Test("with its sale while capture is in doubt is cancelled, or told captured if that came first")
    func abandonedCaptureInDoubt() {
        var story = Story.authorized()
        story.changeReplies(.unknown(.timeout))
        story.take(.giveUp(.saleAbandoned))
        #expect(story.openActs == [.cancel(transactionOnly: false)])
        story.changeReplies(.refused(Refusal(code: "6040", detail: "")))
        #expect(story.looks(.answered(story.snapshot(.authorized, captured: 12_900))).told == ["captured 12900"])
    }

    @Test("tries again shortly when the customer is in the middle of approving") func processing() {
        var story = Story.created(givenUp: .cashier)
        story.changeReplies(.refused(Refusal(code: "6250", detail: "")))
        #expect(story.openActs == [.cancel(transactionOnly: true)])
        #expect(story.payment.dueAt == story.now + 0.5)
    }

    @Test("twice is given up once; an abandoned sale does not come back") func twice() {
        var story = Story.created(givenUp: .cashier)
        #expect(story.take(.giveUp(.cashier)).isEmpty)
        #expect(!story.take(.giveUp(.saleAbandoned)).isEmpty)
        #expect(story.take(.giveUp(.cashier)).isEmpty)
        #expect(story.payment.givenUp?.reason == .saleAbandoned)
    }

    @Test("after its end says nothing new", arguments: GiveUpReason.allCases) func afterEnd(reason: GiveUpReason) {
        var story = Story.captured()
        #expect(story.take(.giveUp(reason)).isEmpty)
    }

    @Test("cancels anew with a new key when the old one is stuck to a refusal") func renewed() {
        var story = Story.created(givenUp: .cashier)
        for _ in 0..<4 {
            while case .look? = story.payment.nextCall(at: max(story.now, story.payment.dueAt ?? story.now)) {
                story.now = max(story.now, story.payment.dueAt ?? story.now)
                story.looks(.answered(story.snapshot(.created)))
            }
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            if case .perform = story.payment.nextCall(at: story.now) {
                story.changeReplies(.refused(Refusal(code: "6050", detail: "")))
            }
        }
        let cancels = story.payment.operations.filter { $0.act.kind == .cancel }
        #expect(cancels.count == 2)
        #expect(Set(cancels.map(\.key)).count == 2)
    }

    @Test("by Vipps' portal after approval is told as released outside") func portal() {
        var story = Story.authorized()
        #expect(story.looks(.answered(story.snapshot(.authorized, cancelled: 12_900))).told == ["released outside"])
    }

    @Test("that turns out to be alive at Vipps is cancelled there") func foundAlive() {
        var story = Story()
        story.take(.giveUp(.cashier))
        story.looks(.answered(story.snapshot(.authorized)))
        #expect(story.openActs == [.cancel(transactionOnly: false)])
        #expect(story.payment.attentionSince != nil)
        let events = story.changeReplies(.answered(story.snapshot(.authorized, cancelled: 12_900)))
        #expect(events.told == ["released"])
        #expect(story.payment.attentionSince == nil)
    }
}

@Suite("Refunds of a payment") struct PaymentRefundTests {
    let first = RefundID(UUID())
    let second = RefundID(UUID())

    @Test("are several, each with its own key, up to what is left") func several() {
        var story = Story.captured()
        story.take(.refund(first, .nok(5_000), story.payment.terms.saleID))
        story.take(.refund(second, .nok(7_900), story.payment.terms.saleID))
        #expect(
            story.take(.refund(RefundID(UUID()), .nok(1), story.payment.terms.saleID)).told == [
                "refund-failed too-much"
            ])
        #expect(
            story.changeReplies(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 5_000))).told
                == ["refunded 5000"])
        #expect(
            story.changeReplies(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 12_900))).told
                == ["refunded 7900"])
        let keys = story.payment.operations.filter(\.act.isRefund).map(\.key)
        #expect(Set(keys).count == 2)
        #expect(story.payment.refundable == .nok(0))
    }

    @Test("asked for twice act once") func twice() {
        var story = Story.captured()
        story.take(.refund(first, .nok(5_000), story.payment.terms.saleID))
        #expect(story.take(.refund(first, .nok(5_000), story.payment.terms.saleID)).isEmpty)
    }

    @Test(
        "of nothing, of less than nothing, or in another currency are refused",
        arguments: [
            Money.nok(0), .nok(-1), Money(minorUnits: 1, currency: .dkk), .nok(.max),
        ])
    func odd(amount: Money) {
        var story = Story.captured()
        let told = story.take(.refund(first, amount, story.payment.terms.saleID)).told
        #expect(told.count == 1 && told[0].hasPrefix("refund-failed"))
    }

    @Test("before capture are refused") func early() {
        var story = Story.authorized()
        #expect(story.take(.refund(first, .nok(1), story.payment.terms.saleID)).told == ["refund-failed too-much"])
    }

    @Test("refused by Vipps fail with its code") func refused() {
        var story = Story.captured()
        story.take(.refund(first, .nok(123), story.payment.terms.saleID))
        #expect(story.changeReplies(.refused(Refusal(code: "6220", detail: ""))).told == ["refund-failed 6220"])
        #expect(story.payment.refundable == .nok(12_900))
    }

    @Test("with an unknown outcome are looked at, and repeated with the same key when nothing was paid back")
    func unknown() {
        var story = Story.captured()
        story.take(.refund(first, .nok(5_000), story.payment.terms.saleID))
        let key = story.payment.currentOperation?.key
        story.changeReplies(.unknown(.timeout))
        story.pass(1)
        story.looks(.answered(story.snapshot(.authorized, captured: 12_900)))
        #expect(story.payment.currentOperation?.key == key)
        #expect(story.payment.currentOperation?.doubt == nil)
        #expect(story.events.told.last == "captured 12900")
    }

    @Test("with an unknown outcome are told from the portal's by the key in the event log", arguments: [true, false])
    func attributed(isOurs: Bool) {
        var story = Story.captured()
        story.take(.refund(first, .nok(5_000), story.payment.terms.saleID))
        let key = isOurs ? story.payment.currentOperation?.key.text : "somebody-else"
        story.changeReplies(.unknown(.timeout))
        story.pass(1)
        story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 5_000)))
        #expect(story.events.told.last == "captured 12900")
        let line = ProviderEvent(
            pspReference: "9", name: "REFUNDED", amount: .nok(5_000), occurredAt: story.now, idempotencyKey: key,
            success: true)
        let events = story.take(.logRead(ProviderReply(.answered([line]), record: Story.record())))
        #expect(events.told == [isOurs ? "refunded 5000" : "refunded 5000 outside"])
        #expect((story.payment.currentOperation == nil) == isOurs)
    }

    @Test("are repeated with the same key when the event log never catches up") func logBehind() {
        var story = Story.captured()
        story.take(.refund(first, .nok(5_000), story.payment.terms.saleID))
        let key = story.payment.currentOperation?.key
        story.changeReplies(.unknown(.timeout))
        for _ in 0..<40 where story.payment.currentOperation?.doubt != nil {
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 5_000)))
        }
        #expect(story.payment.currentOperation?.key == key)
        let events = story.changeReplies(
            .answered(story.snapshot(.authorized, captured: 12_900, refunded: 5_000)))
        #expect(events.told == ["refunded 5000"])
    }

    @Test("made in Vipps' portal are told as from outside") func outside() {
        var story = Story.captured()
        let events = story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 300)))
        #expect(events.told == ["refunded 300 outside"])
        #expect(story.payment.refundable == .nok(12_600))
        #expect(story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 300))).told.isEmpty)
    }

    @Test("from outside are looked for daily, for thirty days") func slowLook() {
        var story = Story.captured()
        var looks = 0
        while let due = story.payment.look.at {
            story.now = due
            story.looks(.answered(story.snapshot(.authorized, captured: 12_900)))
            looks += 1
        }
        #expect((29...31).contains(looks))
    }
}

@Suite("The calls of one payment") struct CallWindowsTests {
    @Test("stay within Vipps' limits", arguments: CallKind.allCases) func limits(kind: CallKind) {
        var windows = CallWindows()
        var now = Date.start
        let limit = CallWindows.callsMax(kind)
        #expect(limit <= ([.get, .events].contains(kind) ? 120 : 5))
        for _ in 0..<limit {
            #expect(windows.earliest(kind, from: now) == now)
            windows = windows.adding(kind, at: now)
            now += 0.1
        }
        #expect(windows.earliest(kind, from: now) == .start + CallWindows.length)
    }

    @Test("are kept apart by endpoint, and forgotten after a minute") func apart() {
        var windows = CallWindows()
        for _ in 0..<5 { windows = windows.adding(.capture, at: .start) }
        #expect(windows.earliest(.cancel, from: .start) == .start)
        #expect(windows.earliest(.capture, from: .start) > .start)
        #expect(windows.earliest(.capture, from: .start + 62) == .start + 62)
    }

    @Test("wait no longer than a window after the clock was set back") func setBack() {
        var windows = CallWindows()
        for _ in 0..<5 { windows = windows.adding(.capture, at: .start + 86_400) }
        windows = windows.adding(.capture, at: .start)
        #expect(windows.earliest(.capture, from: .start) <= .start + CallWindows.length)
    }
}

@Suite("The meaning of a refusal") struct RefusalMeaningTests {
    @Test(
        "follows from code, then from status",
        arguments: [
            ("6160", 400, Refusal.Meaning.tryAgain), ("6250", 400, .tryAgain), ("x", 423, .tryAgain),
            ("6280", 400, .tryAgainForAWhile), ("6260", 400, .tryAgainForAWhile), ("6060", 400, .look),
            ("4150", 409, .look), ("5090", 404, .notFound), ("x", 404, .notFound), ("keys-missing", 0, .keys),
            ("x", 401, .keys), ("check-in-expired", 0, .notSent), ("7010", 400, .final), ("x", 403, .final),
            ("x", 400, .final), ("x", 409, .look),
        ])
    func meaning(code: String, status: Int, meaning: Refusal.Meaning) {
        #expect(Refusal(code: code, httpStatus: status, detail: "").meaning == meaning)
    }
}

@Suite("What a till asks for") struct PaymentTermsTests {
    private func make(
        amount: Int64 = 100, reference: String = "till3-0001", description: String = "Shop: payment",
        msn: String = "123456"
    ) throws(Invalid) -> PaymentTerms {
        try PaymentTerms(
            paymentID: PaymentID(UUID()), saleID: SaleID(UUID()), saleIdentifier: "1",
            address: PaymentAddress(
                tenantID: TenantID(UUID()), agreementID: AgreementID(UUID()), msn: msn, reference: reference),
            amount: .nok(amount), description: description, receipt: [], requestedAt: .start, cause: .test)
    }

    @Test("has an amount within the API's limits", arguments: [0, -1, 65_000_001, Int64.min]) func amount(units: Int64)
    {
        #expect(throws: Invalid.self) { try make(amount: units) }
    }

    @Test(
        "has a reference that Vipps takes",
        arguments: ["short", "with space 1", "ærlig-talt", String(repeating: "a", count: 65)])
    func reference(text: String) {
        #expect(throws: Invalid.self) { try make(reference: text) }
    }

    @Test("has words for the customer", arguments: ["ab", String(repeating: "a", count: 101)]) func description(
        text: String
    ) {
        #expect(throws: Invalid.self) { try make(description: text) }
    }

    @Test("names a sales unit", arguments: ["", "abc", "12345678901"]) func msn(text: String) {
        #expect(throws: Invalid.self) { try make(msn: text) }
    }

    @Test("may be the smallest and the largest", arguments: [1, 65_000_000]) func boundaries(units: Int64) throws {
        #expect(try make(amount: units).amount == .nok(units))
    }
}
