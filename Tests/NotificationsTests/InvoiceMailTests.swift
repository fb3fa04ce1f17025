import Foundation
import Notifications
import SharedKernel
import Testing

@Suite("An invoice mail on its way") struct InvoiceMailTests {
    private let now = Date(timeIntervalSince1970: 1_795_000_000)

    private func mail(
        _ state: InvoiceMail.State, attempts: Int = 1, isErased: Bool = false
    ) -> InvoiceMail {
        InvoiceMail(
            saleID: .new(at: now), tenantID: .new(at: now), saleIdentifier: "OSL-1", maskedAddress: "k•••@example.com",
            state: state, attempts: attempts, queuedAt: now, isErased: isErased)
    }

    private func after(_ command: InvoiceMailCommand, _ mail: InvoiceMail) throws -> InvoiceMail {
        try mail.decide(command, now: now).reduce(mail) { $0.evolved(by: $1) }
    }

    @Test("is begun when it is due, and not before") func begin() throws {
        #expect(try after(.begin, mail(.waiting(notBefore: now), attempts: 0)).state == .sending)
        #expect(try after(.begin, mail(.waiting(notBefore: now), attempts: 0)).attempts == 1)
        #expect(throws: InvoiceMailRefusal.notDue) {
            try after(.begin, mail(.waiting(notBefore: now.addingTimeInterval(1))))
        }
    }

    @Test("is begun at once when it waits for longer than any pause: the clock was set back") func clockSetBack() throws
    {
        let hour = InvoiceMailPolicy.pauseMax
        #expect(throws: InvoiceMailRefusal.notDue) {
            try after(.begin, mail(.waiting(notBefore: now.addingTimeInterval(hour))))
        }
        #expect(try after(.begin, mail(.waiting(notBefore: now.addingTimeInterval(hour + 1)))).state == .sending)
    }

    @Test(
        "is never begun again while it is in hand or after it ended",
        arguments: [
            InvoiceMail.State.sending, .handedOver, .mailed(at: .distantPast), .failed(reason: "", at: .distantPast),
            .inDoubt(reason: "", at: .distantPast),
        ])
    func beginOnce(_ state: InvoiceMail.State) {
        #expect(throws: InvoiceMailRefusal.notDue) { try after(.begin, mail(state)) }
    }

    @Test("is mailed when the server says so, and loses its address") func accepted() throws {
        let sent = try after(.conclude(.accepted), mail(.handedOver))
        #expect(sent.state == .mailed(at: now))
        #expect(sent.isErased)
    }

    @Test("fails at once when the server never will") func refused() throws {
        let failed = try after(.conclude(.refused(reason: "550 no")), mail(.sending))
        #expect(failed.state == .failed(reason: "550 no", at: now))
        #expect(!failed.isErased)
    }

    @Test(
        "waits longer with every try, an hour at most",
        arguments: [(1, 30.0), (2, 60), (3, 120), (8, 3600), (29, 3600)])
    func backOff(_ attempts: Int, _ seconds: Double) throws {
        let waiting = try after(.conclude(.postponed(reason: "451")), mail(.sending, attempts: attempts))
        #expect(waiting.state == .waiting(notBefore: now.addingTimeInterval(seconds)))
    }

    @Test("is given up after thirty tries") func givenUp() throws {
        let failed = try after(.conclude(.postponed(reason: "451 later")), mail(.sending, attempts: 30))
        #expect(failed.state == .failed(reason: "given up after 30 tries: 451 later", at: now))
    }

    @Test("is in doubt when no answer came, and is not sent again by itself") func doubt() throws {
        let doubtful = try after(.conclude(.unknown(reason: "timeout")), mail(.handedOver))
        #expect(doubtful.state == .inDoubt(reason: "timeout", at: now))
        #expect(throws: InvoiceMailRefusal.notDue) { try after(.begin, doubtful) }
    }

    @Test("after a crash is sent again if it was not handed over, and else is in doubt") func recovery() throws {
        let interrupted = try after(.recover, mail(.sending, attempts: 13))
        #expect(interrupted.state == .waiting(notBefore: now))
        #expect(interrupted.attempts == 12, "what our own end interrupted makes no later pause longer")
        guard case .inDoubt = try after(.recover, mail(.handedOver)).state else {
            Issue.record("a mail that was handed over is not in doubt")
            return
        }
        for state in [
            InvoiceMail.State.waiting(notBefore: now), .mailed(at: now), .failed(reason: "", at: now),
            .inDoubt(reason: "", at: now),
        ] { #expect(try after(.recover, mail(state)).state == state) }
    }

    @Test("is sent again by an operator when it failed or is in doubt") func resent() throws {
        for state in [InvoiceMail.State.failed(reason: "", at: now), .inDoubt(reason: "", at: now)] {
            let again = try after(.resend, mail(state, attempts: 30))
            #expect(again.attempts == 0)
            #expect(try after(.begin, again).state == .sending)
        }
    }

    @Test("is never sent twice, and not without an address") func neverTwice() {
        #expect(throws: InvoiceMailRefusal.alreadyMailed) {
            try after(.resend, mail(.mailed(at: now), isErased: true))
        }
        #expect(throws: InvoiceMailRefusal.erased) {
            try after(.resend, mail(.failed(reason: "", at: now), isErased: true))
        }
    }

    @Test("stays as it is when it is asked for again while it waits or is in hand") func resendWaiting() throws {
        for state in [InvoiceMail.State.waiting(notBefore: now), .sending, .handedOver] {
            #expect(try mail(state).decide(.resend, now: now) == [])
        }
    }

    @Test("is handed over and concluded only while it is in hand") func notInHand() {
        for state in [InvoiceMail.State.waiting(notBefore: now), .mailed(at: now), .failed(reason: "", at: now)] {
            #expect(throws: InvoiceMailRefusal.notInHand) { try after(.handOver, mail(state)) }
            #expect(throws: InvoiceMailRefusal.notInHand) { try after(.conclude(.accepted), mail(state)) }
        }
        #expect(throws: InvoiceMailRefusal.notInHand) { try after(.handOver, mail(.handedOver)) }
    }
}
