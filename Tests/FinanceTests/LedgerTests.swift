import Finance
import Foundation
import SharedKernel
import Testing

private let now = Date(timeIntervalSince1970: 1_795_000_000)
private let payment = PaymentID.new(at: now)
private let sale = SaleID.new(at: now)

private func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

private func captured(_ minorUnits: Int64) -> MoneyFact {
    .captured(payment, sale: sale, reference: "OSL-1-1", inAll: nok(minorUnits), at: now)
}

@Suite("The books of a payment") struct PaymentBooksTests {
    private func given(_ facts: MoneyFact...) throws -> PaymentBooks {
        try facts.reduce(PaymentBooks(paymentID: payment)) { books, fact in
            try books.decide(fact).reduce(books) { $0.evolved(by: $1) }
        }
    }

    private func refunded(_ id: RefundID, _ minorUnits: Int64, inAll: Int64, outside: Bool = false) -> MoneyFact {
        .refunded(
            id, payment, sale: sale, amount: nok(minorUnits), inAll: nok(inAll), outside: outside, at: now)
    }

    @Test("enter what was captured, once") func captures() throws {
        let postings = try given().decide(captured(12_900))
        #expect(
            postings == [
                LedgerPosting(
                    movement: .payment, kind: .vippsEPayment, paymentID: payment, saleID: sale, reference: "OSL-1-1",
                    amount: nok(12_900), occurredAt: now)
            ])
        #expect(try given(captured(12_900)).decide(captured(12_900)) == [])
    }

    @Test("enter only the rest when more is captured later") func rest() throws {
        #expect(try given(captured(5_000)).decide(captured(12_900)).map(\.amount) == [nok(7_900)])
    }

    @Test("refuse a capture of less than is entered") func less() throws {
        let books = try given(captured(12_900))
        #expect(throws: MoneyFactRefusal.capturedLess(registered: nok(12_900), told: nok(100))) {
            try books.decide(captured(100))
        }
    }

    @Test("enter every refund once, ours and those from outside") func refunds() throws {
        let (first, second) = (RefundID.new(at: now), RefundID.new(at: now))
        let books = try given(captured(12_900), refunded(first, 2_900, inAll: 2_900))
        #expect(try books.decide(refunded(first, 2_900, inAll: 2_900)) == [])
        let outside = try books.decide(refunded(second, 1_000, inAll: 3_900, outside: true))
        #expect(outside.map(\.movement) == [.refund(second, outside: true)])
        #expect(outside.map(\.amount) == [nok(1_000)])
    }

    @Test("enter a refund from outside once, also when a restored gateway finds it again") func refoundRefund() throws {
        let ours = RefundID.new(at: now)
        let books = try given(
            captured(12_900), refunded(ours, 2_900, inAll: 2_900),
            refunded(.new(at: now), 1_000, inAll: 3_900, outside: true))
        #expect(try books.decide(refunded(.new(at: now), 1_000, inAll: 3_900, outside: true)) == [])
        #expect(try books.decide(refunded(.new(at: now), 3_900, inAll: 3_900, outside: true)) == [])
        // What is new is entered, and only that.
        let more = try books.decide(refunded(.new(at: now), 1_500, inAll: 4_400, outside: true))
        #expect(more.map(\.amount) == [nok(500)])
    }

    @Test("say what happened even when more went back than came in") func beyond() throws {
        #expect(try given(captured(100)).decide(refunded(.new(at: now), 200, inAll: 200)).count == 1)
    }

    @Test("enter cash taken and paid back, once each") func cash() throws {
        let refund = RefundID.new(at: now)
        let taken = MoneyFact.cashReceived(payment, sale: sale, amount: nok(5_000), at: now)
        let paidOut = MoneyFact.cashPaidOut(refund, payment, sale: sale, amount: nok(5_000), at: now)
        let books = try given(taken, paidOut)
        #expect(books.registered == nok(5_000))
        #expect(books.refunded == 5_000)
        #expect(try books.decide(taken) == [])
        #expect(try books.decide(paidOut) == [])
    }

    @Test("refuse what is no amount", arguments: [0, -1] as [Int64]) func amounts(_ minorUnits: Int64) throws {
        #expect(throws: MoneyFactRefusal.notPositive) { try given().decide(captured(minorUnits)) }
        #expect(throws: MoneyFactRefusal.notPositive) {
            try given().decide(.cashReceived(payment, sale: sale, amount: nok(minorUnits), at: now))
        }
        #expect(throws: MoneyFactRefusal.notPositive) {
            try given(captured(100)).decide(refunded(.new(at: now), minorUnits, inAll: 0))
        }
    }

    @Test("refuse another currency") func currency() throws {
        let books = try given(captured(100))
        let krone = Money(minorUnits: 100, currency: .dkk)
        #expect(throws: MoneyFactRefusal.currencyDiffers(registered: .nok, told: .dkk)) {
            try books.decide(.captured(payment, sale: sale, reference: "x", inAll: krone, at: now))
        }
    }
}

@Suite("The chain of the ledger") struct LedgerChainTests {
    private let tenant = TenantID.new(at: now)
    private let day = BookDay(of: now, in: .gmt)

    /// Enough of a digest for a test of the chain: it keeps every byte apart.
    private static let digest: LedgerChain.Digest = { data in
        var sum = [UInt64](repeating: 0xcbf2_9ce4_8422_2325, count: 4)
        for (index, byte) in data.enumerated() {
            sum[index % 4] = (sum[index % 4] ^ UInt64(byte)) &* 0x100_0000_01b3 &+ UInt64(index)
        }
        return Data(sum.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } })
    }

    private func posting(_ minorUnits: Int64, _ movement: LedgerPosting.Movement = .payment) -> LedgerPosting {
        LedgerPosting(
            movement: movement, kind: .vippsEPayment, paymentID: payment, saleID: sale, reference: "OSL-1-1",
            amount: nok(minorUnits), occurredAt: now)
    }

    private func ledger(_ count: Int) -> [LedgerEntry] {
        var chain = LedgerChain(of: tenant, digest: Self.digest)
        return (1...count).map { chain.append(posting(Int64($0)), id: .new(at: now), day: day, at: now) }
    }

    private func verify(_ entries: [LedgerEntry], of tenant: TenantID? = nil) -> LedgerChain.Break? {
        var chain = LedgerChain(of: tenant ?? self.tenant, digest: Self.digest)
        for entry in entries {
            if let broken = chain.verify(entry) { return broken }
        }
        return nil
    }

    @Test("is whole as it was written, also when it is continued") func whole() throws {
        var entries = ledger(5)
        var chain = LedgerChain(of: tenant, after: try #require(entries.last), digest: Self.digest)
        entries.append(chain.append(posting(6), id: .new(at: now), day: day, at: now.addingTimeInterval(0.123_456)))
        #expect(verify(entries) == nil)
        #expect(entries.map(\.sequence) == [1, 2, 3, 4, 5, 6])
    }

    @Test("shows an entry that was taken out") func removed() {
        var entries = ledger(5)
        entries.remove(at: 2)
        #expect(verify(entries) == .missing(sequence: 3))
        #expect(verify(Array(ledger(5).dropFirst())) == .missing(sequence: 1))
    }

    @Test("shows an entry whose hash or number was mended by hand") func renumbered() {
        let entries = ledger(3)
        let forged = LedgerEntry(
            id: entries[2].id, sequence: 2, posting: entries[2].posting, day: day, registeredAt: now,
            hash: entries[2].hash)
        #expect(verify([entries[0], forged]) == .changed(sequence: 2))
    }

    @Test("shows every change of an entry", arguments: 0..<9) func changed(_ change: Int) {
        let entries = ledger(3)
        let old = entries[1]
        let refund = RefundID.new(at: now)
        func entry(
            _ posting: LedgerPosting? = nil, id: LedgerEntryID? = nil, day: BookDay? = nil, at: Date? = nil
        ) -> LedgerEntry {
            LedgerEntry(
                id: id ?? old.id, sequence: 2, posting: posting ?? old.posting, day: day ?? old.day,
                registeredAt: at ?? old.registeredAt, hash: old.hash)
        }
        func posting(
            kind: PaymentOptionKind = .vippsEPayment, payment: PaymentID? = nil, sale: SaleID? = nil,
            reference: String? = "OSL-1-1", amount: Money? = nil
        ) -> LedgerPosting {
            LedgerPosting(
                movement: .payment, kind: kind, paymentID: payment ?? old.posting.paymentID,
                saleID: sale ?? old.posting.saleID, reference: reference, amount: amount ?? old.posting.amount,
                occurredAt: now)
        }
        let forged = [
            entry(posting(amount: nok(3))), entry(posting(amount: Money(minorUnits: 2, currency: .dkk))),
            entry(posting(kind: .cash)), entry(posting(payment: .new(at: now))), entry(posting(sale: .new(at: now))),
            entry(posting(reference: nil)), entry(self.posting(2, .refund(refund, outside: false))),
            entry(id: .new(at: now)), entry(at: now.addingTimeInterval(1)),
        ][change]
        #expect(verify([entries[0], forged, entries[2]]) == .changed(sequence: 2))
    }

    @Test("fits no other tenant") func otherTenant() {
        #expect(verify(ledger(1), of: TenantID.new(at: now)) == .changed(sequence: 1))
    }
}

@Suite("A day of the books") struct BookDayTests {
    private let oslo = TimeZone(identifier: "Europe/Oslo") ?? .gmt

    @Test(
        "begins at midnight where the shop is",
        arguments: [
            ("2026-11-22T22:59:59.999Z", "2026-11-22"), ("2026-11-22T23:00:00.000Z", "2026-11-23"),
            ("2026-06-30T21:59:59.999Z", "2026-06-30"), ("2026-06-30T22:00:00.000Z", "2026-07-01"),
        ])
    func begins(_ instant: String, _ day: String) throws {
        #expect(BookDay(of: try #require(InstantText.read(instant)), in: oslo).text == day)
    }

    @Test("is read from its text and nothing else") func text() {
        #expect(BookDay("2028-02-29")?.text == "2028-02-29")
        for wrong in ["", "2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-11-23T", "+026-11-23", "２026-11-2"]
        {
            #expect(BookDay(wrong) == nil, "\(wrong)")
        }
    }
}

@Suite("The summary of a payment") struct PaymentSummaryTests {
    private func summary(_ facts: PaymentFact...) -> PaymentSummary {
        facts.reduce(PaymentSummary(paymentID: payment, saleID: sale, changedAt: now)) { $0.evolved(by: $1, at: now) }
    }

    @Test("follows the payment to its end") func states() {
        let paid = summary(
            .logged(reference: "r"), .requested(reference: "r", msn: "123456", amount: nok(100)),
            .authorized(reference: "r", amount: nok(100)), .captured(reference: "r", msn: "123456", amount: nok(100)),
            .refunded(inAll: nok(40)))
        #expect(paid.state == .captured)
        #expect(paid.asked == nok(100))
        #expect(paid.captured == nok(100))
        #expect(paid.refunded == nok(40))
        #expect(paid.msn == "123456")
        #expect(summary(.failed(reference: "r", code: "7010")).failureCode == "7010")
    }

    @Test("does not go back when news come late") func late() {
        let facts: [PaymentFact] = [
            .captured(reference: "r", msn: "1", amount: nok(1)), .requested(reference: "r", msn: "1", amount: nok(1)),
            .authorized(reference: "r", amount: nok(1)), .expired(reference: "r"),
        ]
        let end = facts.reduce(summary()) { $0.evolved(by: $1, at: now) }
        #expect(end.state == .captured)
        #expect(
            summary(.terminated(reference: "r"), .requested(reference: "r", msn: "1", amount: nok(1))).state
                == .terminated)
    }
}
