import Foundation
import Payments
import SharedKernel
import Testing

@Suite("The plan for a webhook") struct WebhookPlanTests {
    private let prefix = "https://shop.example/vipps/webhooks/"

    private func listed(_ id: String, _ url: String, _ events: [String]) -> ListedWebhook {
        ListedWebhook(webhookID: id, url: url, events: Set(events))
    }

    private func plan(
        _ topic: WebhookTopic, remembered: [RememberedWebhook] = [], elsewhere: Set<String> = [],
        listed: [ListedWebhook]
    ) -> WebhookPlan {
        WebhookSituation(
            topic: topic, addressPrefix: prefix, remembered: remembered, addressesElsewhere: elsewhere, listed: listed
        ).plan
    }

    @Test("registers where nothing is listed", arguments: WebhookTopic.allCases)
    func nothing(topic: WebhookTopic) {
        #expect(plan(topic, listed: []) == .register(before: [], after: []))
    }

    @Test("leaves one that stands", arguments: WebhookTopic.allCases)
    func stands(topic: WebhookTopic) {
        let own = listed("w1", prefix + "abc", topic.events)
        let memory = RememberedWebhook(url: own.url, webhookID: "w1", secretIsReadable: true)
        #expect(plan(topic, remembered: [memory], listed: [own]) == .standing(own, stale: []))
    }

    @Test("never deletes another system's registration, not even the first of the list")
    func others() {
        let other = listed("w0", "https://other.example/hook", WebhookTopic.payments.events)
        let own = listed("w1", prefix + "abc", WebhookTopic.payments.events)
        #expect(plan(.payments, listed: [other, own]) == .register(before: [], after: [own]))
        #expect(plan(.payments, listed: [other]) == .register(before: [], after: []))
    }

    @Test("sees the only check-in place taken by another system")
    func taken() {
        let other = listed("w0", "https://other.example/hook", WebhookTopic.checkIns.events)
        #expect(plan(.checkIns, listed: [other]) == .takenByAnother(other))
    }

    @Test("clears the check-in place of our own lost registration before taking it again")
    func lostAnswer() {
        let lost = listed("w1", prefix + "abc", WebhookTopic.checkIns.events)
        let memory = RememberedWebhook(url: lost.url, webhookID: nil, secretIsReadable: false)
        #expect(plan(.checkIns, remembered: [memory], listed: [lost]) == .register(before: [lost], after: []))
    }

    @Test("registers payment events anew before the old registration goes, so that none is missed")
    func renewal() {
        let old = listed("w1", "https://old.example/vipps/webhooks/abc", WebhookTopic.payments.events)
        let memory = RememberedWebhook(url: old.url, webhookID: "w1", secretIsReadable: true)
        #expect(plan(.payments, remembered: [memory], listed: [old]) == .register(before: [], after: [old]))
    }

    @Test("does not trust a registration whose secret does not open")
    func unreadable() {
        let own = listed("w1", prefix + "abc", WebhookTopic.payments.events)
        let memory = RememberedWebhook(url: own.url, webhookID: "w1", secretIsReadable: false)
        #expect(plan(.payments, remembered: [memory], listed: [own]) == .register(before: [], after: [own]))
    }

    @Test("replaces one that somebody wants replaced, and not its successor", arguments: WebhookTopic.allCases)
    func outdated(topic: WebhookTopic) {
        let (own, next) = (listed("w1", prefix + "abc", topic.events), listed("w2", prefix + "def", topic.events))
        let memory = [
            RememberedWebhook(url: own.url, webhookID: "w1", secretIsReadable: true, isOutdated: true),
            RememberedWebhook(url: next.url, webhookID: "w2", secretIsReadable: true),
        ]
        let (before, after) = topic.isExclusive ? ([own], []) : ([], [own])
        #expect(plan(topic, remembered: memory, listed: [own]) == .register(before: before, after: after))
        #expect(plan(topic, remembered: memory, listed: [own, next]) == .standing(next, stale: [own]))
    }

    @Test("renews one that lacks an event")
    func incomplete() {
        let own = listed("w1", prefix + "abc", Array(WebhookTopic.payments.events.dropLast()))
        let memory = RememberedWebhook(url: own.url, webhookID: "w1", secretIsReadable: true)
        #expect(plan(.payments, remembered: [memory], listed: [own]) == .register(before: [], after: [own]))
    }

    @Test("keeps its hands off another tenant's registration for the same sales unit")
    func otherTenant() {
        let theirs = listed("w9", prefix + "theirs", WebhookTopic.checkIns.events)
        #expect(plan(.checkIns, elsewhere: [theirs.url], listed: [theirs]) == .takenByAnother(theirs))
        let payments = listed("w8", prefix + "theirs", WebhookTopic.payments.events)
        #expect(plan(.payments, elsewhere: [payments.url], listed: [payments]) == .register(before: [], after: []))
    }

    @Test("removes older ones of our own beside the one that stands")
    func stale() {
        let old = listed("w1", prefix + "abc", WebhookTopic.payments.events)
        let new = listed("w2", prefix + "def", WebhookTopic.payments.events)
        let memory = [
            RememberedWebhook(url: old.url, webhookID: "w1", secretIsReadable: false),
            RememberedWebhook(url: new.url, webhookID: "w2", secretIsReadable: true),
        ]
        #expect(plan(.payments, remembered: memory, listed: [old, new]) == .standing(new, stale: [old]))
    }

    @Test("knows nine events by their names")
    func events() {
        #expect(WebhookTopic.payments.events.count == 8)
        #expect(WebhookTopic.payments.events.contains("epayments.payment.captured.v1"))
        #expect(WebhookTopic.checkIns.events == ["user.checked-in.v1"])
    }
}

@Suite("Patience with set-up") struct SetupPatienceTests {
    private let refusal = Refusal(code: "unexpected-answer", detail: "no answer")

    @Test("doubles its pauses up to a minute", arguments: [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (13, 60)])
    func pauses(attempt: Int, seconds: Int) {
        let step = SetupPatience.step(after: .passing(refusal, retryAfter: nil), attempt: attempt)
        #expect(step == .tryAgain(after: .seconds(seconds)))
    }

    @Test("waits as long as Vipps asks, within reason")
    func retryAfter() {
        let asked = SetupPatience.step(after: .passing(refusal, retryAfter: .seconds(90)), attempt: 1)
        #expect(asked == .tryAgain(after: .seconds(90)))
        let tooLong = SetupPatience.step(after: .passing(refusal, retryAfter: .seconds(90_000)), attempt: 1)
        #expect(tooLong == .tryAgain(after: .seconds(600)))
    }

    @Test("ends")
    func ends() {
        let step = SetupPatience.step(
            after: .passing(refusal, retryAfter: nil), attempt: SetupPatience.attemptsMax)
        #expect(step == .giveUp(refusal))
    }

    @Test("does not repeat what is refused")
    func refused() {
        #expect(SetupPatience.step(after: .refused(refusal), attempt: 1) == .giveUp(refusal))
        #expect(SetupPatience.step(after: .keysRefused(refusal), attempt: 1) == .giveUp(refusal))
    }

    @Test("tells refused keys as such, whatever they were needed for")
    func keys() {
        let unit = SalesUnitID(UUID())
        let trouble = SetupTrouble.keysRefused(refusal)
        let watched = SetupOutcome.facts(
            givingUp: .ensureWebhooks(unit, asked: false), after: trouble, refusal: refusal)
        #expect(watched == [.keysChecked(refusal: refusal)])
        let sync = SetupOutcome.facts(givingUp: .syncMerchantQRs(unit), after: trouble, refusal: refusal)
        #expect(sync == [.keysChecked(refusal: refusal), .failed(.syncMerchantQRs(unit), refusal)])
    }
}

@Suite("The token of a check-in") struct CheckInTests {
    private let scan = Date(timeIntervalSince1970: 1_795_000_000)

    @Test(
        "is good for fifteen minutes from the scan, however wrong our clock is",
        arguments: [-3600.0, -300, 0, 300, 3600])
    func skew(ours: TimeInterval) {
        let sent = scan.addingTimeInterval(2)
        let received = sent.addingTimeInterval(ours)
        let until = CheckIn.validUntil(initiatedAt: scan, sentAt: sent, receivedAt: received)
        #expect(until.timeIntervalSince(received) == 15 * 60 - 2)
    }

    @Test("is old when the delivery was")
    func late() {
        let sent = scan.addingTimeInterval(20 * 60)
        let until = CheckIn.validUntil(initiatedAt: scan, sentAt: sent, receivedAt: sent)
        #expect(until < sent)
    }

    @Test("goes by our clock when Vipps gave no date")
    func withoutDate() {
        let received = scan.addingTimeInterval(60)
        #expect(
            CheckIn.validUntil(initiatedAt: scan, sentAt: nil, receivedAt: received) == scan.addingTimeInterval(900))
    }
}
