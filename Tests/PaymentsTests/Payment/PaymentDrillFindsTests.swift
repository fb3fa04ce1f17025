import Foundation
import Payments
import SharedKernel
import Testing

/// What the simulation drill has found and is mended; the seeds that showed it are kept with the drill.
@Suite("A payment, after what the drill has found,") struct PaymentDrillFindsTests {
    private let refund = RefundID(UUID())

    private func refunding() -> Story {
        var story = Story.captured()
        story.take(.refund(refund, .nok(12_900), story.payment.terms.saleID))
        return story
    }

    @Test("is cancelled anew when a passing refusal stays with its key")
    func stuckToPassingRefusal() {
        var story = Story.created(givenUp: .saleAbandoned)
        for _ in 0..<12 {
            story.now = max(story.now, story.payment.dueAt ?? story.now)
            switch story.payment.nextCall(at: story.now) {
            case .perform: story.changeReplies(.refused(Refusal(code: "6250", detail: "")))
            case .look: story.looks(.answered(story.snapshot(.authorized)))
            case .readLog, nil: break
            }
        }
        let cancels = story.payment.operations.filter { $0.act == .cancel(transactionOnly: false) }
        #expect(cancels.count >= 2)
        #expect(Set(cancels.map(\.key)).count == cancels.count)
        #expect(story.openActs == [.cancel(transactionOnly: false)])
    }

    @Test("is looked at again when a webhook came while it was being looked at")
    func webhookDuringLook() {
        var story = Story.captured()
        let planned = story.payment.look
        let before = ProviderReply(
            .answered(story.snapshot(.authorized, captured: 12_900)), record: Story.record())
        story.pass(1)
        story.take(
            .signalled(
                WebhookSignal(
                    name: "REFUNDED", pspReference: "1", amount: .nok(700), occurredAt: story.now, idempotencyKey: nil,
                    success: true)))
        story.take(.looked(before, planned: planned))
        #expect(story.payment.look.at == story.now, "else the refund would be seen a day later")
        let after = story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 700)))
        #expect(after.told == ["refunded 700 outside"])
        #expect(story.payment.look.at.map { $0 > story.now } ?? true)
    }

    @Test("is looked at at once when a webhook came before the answer to its creation")
    func webhookBeforeCreated() {
        var story = Story()
        let ordinal = story.attempt()
        story.take(
            .signalled(
                WebhookSignal(
                    name: "AUTHORIZED", pspReference: "1", amount: .nok(12_900), occurredAt: story.now,
                    idempotencyKey: nil, success: true)))
        let created = ProviderReply<CreateAnswer>(.answered(CreateAnswer(redirectURL: nil)), record: Story.record())
        story.take(.createReplied(ordinal: ordinal, created))
        #expect(story.payment.look.at == story.now)
    }

    @Test("pays money back although the keys were refused for a while")
    func refundWaitsForKeys() {
        var story = refunding()
        for _ in 0..<5 {
            let no = Refusal(code: Refusal.OwnCode.keysRefused, httpStatus: 401, detail: "")
            #expect(story.changeReplies(.keysRefused(no)).told == [])
            story.now = max(story.now, story.payment.dueAt ?? story.now)
        }
        let snapshot = story.snapshot(.authorized, captured: 12_900, refunded: 12_900)
        #expect(story.changeReplies(.answered(snapshot)).told == ["refunded 12900"])
    }

    @Test("fails a refund when the keys are refused for good")
    func refundGivesUpOnKeys() {
        var story = refunding()
        var told: [String] = []
        for _ in 0..<20 {
            let no = Refusal(code: Refusal.OwnCode.keysRefused, httpStatus: 401, detail: "")
            told += story.changeReplies(.keysRefused(no)).told
            story.now = max(story.now, story.payment.dueAt ?? story.now)
        }
        #expect(told == ["refund-failed keys-refused"])
    }

    @Test("looks at once when a refund is refused because the portal was first", arguments: ["6150", "6180"])
    func portalWasFirst(code: String) {
        var story = refunding()
        #expect(story.changeReplies(.refused(Refusal(code: code, detail: ""))).told == ["refund-failed \(code)"])
        #expect(story.payment.nextCall(at: story.now) == .look)
        let told = story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 12_900))).told
        #expect(told == ["refunded 12900 outside"])
    }
}
