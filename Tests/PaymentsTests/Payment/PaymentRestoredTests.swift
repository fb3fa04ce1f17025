import Foundation
import Payments
import SharedKernel
import Testing

/// Our records were put back to an earlier state: Vipps knows more of the payment than we do.
@Suite("A payment from before a restoration") struct PaymentRestoredTests {
    private let refund = RefundID(UUID())
    private let sale = SaleID(UUID())

    /// Restored after everything that the story begins with.
    private func restored(_ story: Story? = nil) -> Story {
        guard var story else { return Story(restoredAt: .start + 60) }
        story.restoredAt = .start + 60
        return story
    }

    private func refundLine(_ amount: Int64, key: String?) -> ProviderEvent {
        ProviderEvent(
            pspReference: UUID().uuidString, name: "REFUNDED", amount: .nok(amount), occurredAt: .start + 30,
            idempotencyKey: key, success: true)
    }

    @Test("that is heard of again is looked at before Vipps is asked to create it") func look() {
        var story = restored()
        #expect(story.payment.nextCall(at: story.now) == .look)
        let told = story.looks(.answered(story.snapshot(.authorized, captured: 12_900))).told
        #expect(told == ["requested-at-vipps", "authorized", "captured 12900"])
        #expect(story.openActs == [])
    }

    @Test("that never came to Vipps is created then") func notThere() {
        var story = restored()
        story.looks(.refused(Refusal(code: "not-found", httpStatus: 404, detail: "")))
        #expect(story.openActs == [.create])
        #expect(story.createReplies(.answered(CreateAnswer(redirectURL: nil))).told == ["requested-at-vipps"])
    }

    @Test("keeps a refund that was asked for before it was known to be captured, and never makes it twice") func early()
    {
        var story = restored()
        story.readsLogItself = false
        #expect(story.take(.refund(refund, .nok(2_900), sale)).told == [])
        #expect(story.payment.nextCall(at: story.now) == .look)
        story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 2_900)))
        let key = IdempotencyKey(refund: refund).text
        story.pass(60)
        let told = story.take(
            .logRead(ProviderReply(.answered([refundLine(2_900, key: key)]), record: Story.record()))
        ).told
        #expect(told == ["refunded 2900"])
        #expect(story.openActs == [])
        #expect(story.payment.refundedTold == .nok(2_900))
    }

    @Test("is looked at before a refund is asked for that may have been made") func refundFirstLooks() {
        var story = restored(.captured())
        story.readsLogItself = false
        story.take(.refund(refund, .nok(2_900), sale))
        #expect(story.payment.nextCall(at: story.now) == .look)
        // Not made: then it is, once.
        story.looks(.answered(story.snapshot(.authorized, captured: 12_900)))
        let told = story.changeReplies(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 2_900))).told
        #expect(told == ["refunded 2900"])
        #expect(story.openActs == [])
    }

    @Test("learns from Vipps' log which refunds were ours, and which came from outside") func log() {
        var story = restored(.captured())
        story.readsLogItself = false
        let seen = story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 4_000))).told
        #expect(seen == [], "whose it was is not known yet")
        let lines = [refundLine(2_900, key: IdempotencyKey(refund: refund).text), refundLine(1_100, key: "portal-1")]
        let told = story.take(.logRead(ProviderReply(.answered(lines), record: Story.record())))
        #expect(told.told == ["refunded 2900", "refunded 1100 outside"])
        // The till's command comes again, too, and finds it done.
        #expect(story.take(.refund(refund, .nok(2_900), sale)).isEmpty)
        #expect(story.take(.logRead(ProviderReply(.answered(lines), record: Story.record()))).told == [])
    }

    @Test("reads the log again while it is behind the aggregate") func behind() {
        var story = restored(.captured())
        story.readsLogItself = false
        story.looks(.answered(story.snapshot(.authorized, captured: 12_900, refunded: 2_900)))
        #expect(story.take(.logRead(ProviderReply(.answered([]), record: Story.record()))).told == [])
        #expect(story.payment.logReading.at.map { $0 > story.now } == true)
    }

    @Test("has keys that say which refund they are for") func keys() {
        #expect(IdempotencyKey.refund(in: IdempotencyKey(refund: refund).text) == refund)
        #expect(IdempotencyKey.refund(in: "portal-1") == nil)
        #expect(IdempotencyKey.refund(in: "refund-") == nil)
    }
}
