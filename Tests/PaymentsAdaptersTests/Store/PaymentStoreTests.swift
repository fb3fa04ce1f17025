import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Testing

@Suite("Every payment store", .timeLimit(.minutes(1))) struct PaymentStoreTests {
    @Test("returns what it was given, in every phase", arguments: MadePaymentStore.allCases)
    func roundTrip(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        for inputs in Self.ways {
            let terms = PaymentTerms.made()
            let name = try await store.begin(terms)
            var expected = Payment(terms, customer: .phoneNumber(Sealed(envelope: Data("envelope".utf8))))
            expected = expected.decide(.begin, at: .at()).reduce(expected) { $0.evolved(by: $1) }
            for input in inputs {
                let before = try #require(try await store.payment(name))
                let moment = Moment.at()
                let events = before.decide(input, at: moment)
                expected = events.reduce(before) { $0.evolved(by: $1) }
                try await store.transaction { [expected] books in try books.save(expected, after: events, at: moment) }
                #expect(try await store.payment(name) == expected)
            }
            #expect(try await store.payment(name)?.terms.receipt == terms.receipt)
        }
    }

    /// Ways through the phases, with doubts, refusals, refunds and a wish to give up on them.
    static let ways: [[PaymentInput]] = {
        let created = PaymentInput.createReplied(ordinal: 1, replied(.answered(CreateAnswer(redirectURL: nil))))
        let authorized = PaymentInput.looked(replied(.answered(snapshot(.authorized))))
        let captured = PaymentInput.changeReplied(
            ordinal: 2, replied(.answered(snapshot(.authorized, captured: 12_900))))
        let refund = PaymentInput.refund(RefundID(UUID()), .nok(900), SaleID(UUID()))
        let no = Refusal(code: "6150", httpStatus: 400, detail: "no", traceID: "trace")
        return [
            [
                .attempt(ordinal: 1), created, authorized, .attempt(ordinal: 2), captured, refund, .attempt(ordinal: 3),
                .changeReplied(ordinal: 3, replied(.unknown(.timeout))),
            ],
            [
                .attempt(ordinal: 1), created, authorized, .attempt(ordinal: 2), captured, refund, .attempt(ordinal: 3),
                .changeReplied(ordinal: 3, replied(.refused(no), status: 400)), .recovered,
            ],
            [.attempt(ordinal: 1), .createReplied(ordinal: 1, replied(.refused(no), status: 400))],
            [.attempt(ordinal: 1), .recovered, .giveUp(.cashier)],
            [
                .attempt(ordinal: 1), created, .giveUp(.otherIdentification), .attempt(ordinal: 2),
                .changeReplied(ordinal: 2, replied(.refused(Refusal(code: "6060", detail: "")))),
            ],
            [.giveUp(.saleAbandoned)],
            [
                .attempt(ordinal: 1), created, .looked(replied(.answered(snapshot(.aborted)))),
                .logRead(replied(.unknown(.serverError))),
            ],
            [.attempt(ordinal: 1), created, .looked(replied(.answered(snapshot(.expired))))],
            [
                .attempt(ordinal: 1), created, authorized,
                .looked(replied(.answered(snapshot(.authorized, cancelled: 12_900)))),
            ],
        ]
    }()

    static func snapshot(
        _ state: PaymentSnapshot.State, captured: Int64 = 0, cancelled: Int64 = 0
    ) -> PaymentSnapshot {
        PaymentSnapshot(
            state: state, amount: .nok(12_900),
            aggregate: Aggregate(
                authorized: .nok(12_900), captured: .nok(captured), refunded: .nok(0), cancelled: .nok(cancelled)),
            pspReference: "psp")
    }

    @Test("keeps nothing when the body throws", arguments: MadePaymentStore.allCases)
    func rollsBack(_ made: MadePaymentStore) async throws {
        struct Trouble: Error {}
        let store = try made.make()
        let terms = PaymentTerms.made()
        await #expect(throws: Trouble.self) {
            try await store.transaction { books in
                try BeginPayment()(terms, customer: .oneTimeQR, in: books, at: .at())
                throw Trouble()
            }
        }
        let name = PaymentName(tenantID: terms.address.tenantID, paymentID: terms.paymentID)
        #expect(try await store.payment(name) == nil)
    }

    @Test("shows no tenant another's payments", arguments: MadePaymentStore.allCases)
    func tenancy(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        let terms = PaymentTerms.made()
        let name = try await store.begin(terms)
        let stranger = PaymentName(tenantID: TenantID(UUID()), paymentID: terms.paymentID)
        #expect(try await store.payment(stranger) == nil)
        let byReference = try await store.transaction { books in
            try books.payment(of: stranger.tenantID, msn: "123456", reference: terms.address.reference)
        }
        #expect(byReference == nil)
        #expect(try await store.transaction { books in try books.isKnown(terms.paymentID) })
        #expect(try await store.payment(name) != nil)
    }

    @Test("queues by due time, fairly by agreement, without some", arguments: MadePaymentStore.allCases)
    func queue(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        let (busy, quiet, paused) = (AgreementID(UUID()), AgreementID(UUID()), AgreementID(UUID()))
        for second in 0..<20 {
            let at = Date.paymentStart + Double(second)
            _ = try await store.begin(.made(agreement: busy, at: at), at: at)
        }
        let late = Date.paymentStart + 30
        _ = try await store.begin(.made(agreement: quiet, at: late), at: late)
        _ = try await store.begin(.made(agreement: paused, at: late), at: late)
        func due(at now: Date, perAgreementMax: Int = 4, max: Int = 100) async throws -> [DuePayment] {
            try await store.due(.urgent, at: now, perAgreementMax: perAgreementMax, max: max, except: [paused])
        }
        let found = try await due(at: late)
        #expect(found.map(\.agreementID) == [busy, quiet, busy, busy, busy])
        let ofBusy = found.filter { $0.agreementID == busy }.map(\.dueAt)
        #expect(ofBusy == (0..<4).map { .paymentStart + Double($0) })
        #expect(try await due(at: .paymentStart - 1).isEmpty)
        #expect(try await due(at: late, max: 2).map(\.agreementID) == [busy, quiet])
        #expect(
            try await store.nextDue(.urgent, after: .paymentStart + 18.5, except: []) == .paymentStart + 19)
        #expect(try await store.nextDue(.urgent, after: late, except: []) == nil)
    }

    @Test("queues routine looks by themselves", arguments: MadePaymentStore.allCases)
    func urgencies(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        let name = try await store.begin(.made())
        func due(_ urgency: Payment.Urgency, at now: Date) async throws -> [PaymentName] {
            try await store.due(urgency, at: now, perAgreementMax: 4, max: 100, except: []).map(\.name)
        }
        let first = Date.paymentStart + 5
        try await store.take(.attempt(ordinal: 1), for: name)
        try await store.take(
            .createReplied(ordinal: 1, replied(.answered(CreateAnswer(redirectURL: nil)))), for: name)
        try await store.take(.logRead(replied(.answered([]))), for: name)
        #expect(try await due(.urgent, at: first) == [])
        #expect(try await due(.routine, at: first - 1) == [])
        #expect(try await due(.routine, at: first) == [name])
        #expect(try await store.nextDue(.routine, after: first - 1, except: []) == first)
        #expect(try await store.nextDue(.urgent, after: first - 1, except: []) == nil)
        let signal = WebhookSignal(
            name: "AUTHORIZED", pspReference: "1", amount: nil, occurredAt: first, idempotencyKey: nil, success: true)
        try await store.take(.signalled(signal), for: name, at: first)
        #expect(try await due(.urgent, at: first) == [name])
        #expect(try await due(.routine, at: first) == [])
        #expect(try await store.leftBehind(all: false) == [])
    }

    @Test("finds what was left behind", arguments: MadePaymentStore.allCases)
    func leftBehind(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        let calling = try await store.begin(.made())
        try await store.take(.attempt(ordinal: 1), for: calling)
        let waiting = try await store.begin(.made())
        let ended = try await store.begin(.made())
        try await store.take(.giveUp(.cashier), for: ended)
        #expect(try await store.leftBehind(all: false) == [calling])
        #expect(Set(try await store.leftBehind(all: true)) == [calling, waiting])
        #expect(try await store.countByPhase(since: .paymentStart - 1) == ["requested": 2, "terminated": 1])
    }

    @Test("begins a payment once", arguments: MadePaymentStore.allCases)
    func once(_ made: MadePaymentStore) async throws {
        let store = try made.make()
        let terms = PaymentTerms.made()
        let name = try await store.begin(terms)
        try await store.take(.attempt(ordinal: 1), for: name)
        _ = try await store.begin(terms)
        #expect(try await store.payment(name)?.isCalling == true)
    }
}

@Suite("The payment store in SQLite") struct SQLitePaymentStoreTests {
    @Test("tells the other services in the payment's own transaction") func tells() async throws {
        let file = try PaymentFile()
        let terms = PaymentTerms.made()
        let name = try await file.store.begin(terms)
        try await file.store.take(.attempt(ordinal: 1), for: name)
        try await file.store.take(
            .createReplied(ordinal: 1, replied(.answered(CreateAnswer(redirectURL: "https://secret")))), for: name)
        let told = try await file.told()
        #expect(told.map(\.type) == [PaymentRequestedAtVipps.type])
        let message = try #require(told.first).decode(PaymentRequestedAtVipps.self)
        #expect(message.qrContent == nil)
        #expect(message.expiresAt == .paymentStart + 600)
        #expect(told[0].tenantID == terms.address.tenantID)
    }

    @Test("erases the customer from the file when the payment has ended") func erases() async throws {
        let file = try PaymentFile()
        let marker = Data("+4791234567-in-an-envelope-\(UUID().uuidString)".utf8)
        let name = try await file.store.begin(.made(), customer: .phoneNumber(Sealed(envelope: marker)))
        try await file.checkpoint()
        #expect(try Data(contentsOf: URL(filePath: file.database.path)).range(of: marker) != nil)
        try await file.store.take(.giveUp(.cashier), for: name)
        try await file.checkpoint()
        #expect(try Data(contentsOf: URL(filePath: file.database.path)).range(of: marker) == nil)
        #expect(try await file.store.payment(name)?.customer == nil)
    }

    @Test("keeps a line of Vipps' log once, however often it is read") func dedupes() async throws {
        let file = try PaymentFile()
        let name = try await file.store.begin(.made())
        let line = ProviderEvent(
            pspReference: "1304787731", name: "CREATED", amount: .nok(12_900), occurredAt: .paymentStart,
            idempotencyKey: "key", success: true)
        for _ in 0..<3 { try await file.store.take(.logRead(replied(.answered([line]))), for: name) }
        let lines = try await file.lines()
        #expect(lines.count == 1)
        #expect(lines.first?.origin == .vipps && lines.first?.pspReference == "1304787731")
    }

    @Test(
        "gives a line of Vipps' log the same identifier in another file: the event log knows it again after a restoration"
    )
    func sameAgain() async throws {
        let terms = PaymentTerms.made()
        func told(_ name: String, psp: String) async throws -> PaymentEventID? {
            let file = try PaymentFile()
            let payment = try await file.store.begin(terms)
            let line = ProviderEvent(
                pspReference: psp, name: name, amount: .nok(12_900), occurredAt: .paymentStart, idempotencyKey: "key",
                success: true)
            try await file.store.take(.logRead(replied(.answered([line]))), for: payment)
            return try await file.lines().first?.eventID
        }
        let first = try #require(try await told("CAPTURED", psp: "1304787731"))
        #expect(try await told("CAPTURED", psp: "1304787731") == first)
        #expect(try await told("CAPTURED", psp: "1304787732") != first)
        #expect(try await told("REFUNDED", psp: "1304787731") != first)
    }

    @Test("bounds the refused commands it keeps") func bounded() async throws {
        let file = try PaymentFile()
        try await file.store.transaction { books in
            for number in 0..<(SQLitePaymentBooks.refusedCommandsMax + 5) {
                try books.keep(
                    RefusedCommand(
                        tenantID: TenantID(UUID()), command: "abort", subject: "\(number)", reason: "",
                        at: .paymentStart))
            }
        }
        let kept = try await file.database.writer.read { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM payment_refused_command")
        }
        #expect(kept == SQLitePaymentBooks.refusedCommandsMax)
    }

    @Test("refuses a refund beyond the payment, whatever the code above does") func schema() async throws {
        let file = try PaymentFile()
        let name = try await file.store.begin(.made())
        await #expect(throws: DatabaseError.self) {
            try await file.database.writer.write { db in
                try db.execute(
                    sql: "UPDATE payment SET refunded_told = amount + 1 WHERE payment_id = ?",
                    arguments: [name.paymentID.text])
            }
        }
    }
}

extension PaymentFile {
    func checkpoint() async throws {
        try await database.writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    }
}
