import Finance
import FinanceAdapters
import Foundation
import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel
import Testing

@Suite("What financial-service hears") struct FinanceMessagesTests {
    private let now = FinanceHouse.now
    private let payment = PaymentID.new(at: FinanceHouse.now)
    private let sale = SaleID.new(at: FinanceHouse.now)

    private var captured: PaymentCaptured {
        PaymentCaptured(
            paymentID: payment, saleID: sale, reference: "OSL-1-1", msn: "123456", amount: .nok(12_900), capturedAt: now
        )
    }

    private func refunded(_ id: RefundID, _ minorUnits: Int64, inAll: Int64, outside: Bool = false) -> PaymentRefunded {
        PaymentRefunded(
            paymentID: payment, saleID: sale, refundID: id, amount: .nok(minorUnits), refundedInAll: .nok(inAll),
            outside: outside, refundedAt: now)
    }

    @Test("of captures and refunds stands in the ledger as often as it happened") func ledger() async throws {
        let house = try FinanceHouse()
        let refund = RefundID.new(at: now)
        for _ in 0..<3 {
            try await house.hear(captured)
            try await house.hear(refunded(refund, 900, inAll: 900))
        }
        try await house.hear(refunded(.new(at: now), 100, inAll: 1_000, outside: true))
        let entries = try await house.ledger.entries(of: .first, LedgerFilter(), limit: 10)
        #expect(entries.map(\.posting.amount.minorUnits) == [100, 900, 12_900])
        #expect(try await house.ledger.verification(of: .first).intact)
        let types = try await house.told().map(\.type)
        #expect(types.filter { $0 == PaymentRegistered.type }.count == 1)
        #expect(types.filter { $0 == RefundRegistered.type }.count == 2)
    }

    @Test("of cash stands in the ledger too") func cash() async throws {
        let house = try FinanceHouse()
        let user = UserID.new(at: now)
        try await house.hear(
            CashReceived(
                paymentID: payment, saleID: sale, saleIdentifier: "OSL-1", paymentOptionID: nil, amount: .nok(5_000),
                receivedBy: user, receivedAt: now))
        try await house.hear(
            CashPaidOut(
                refundID: .new(at: now), paymentID: payment, saleID: sale, saleIdentifier: "OSL-1", amount: .nok(2_000),
                paidBy: user, paidAt: now))
        let sums = try await house.ledger.sums(of: .first, by: .kind, LedgerFilter(), limit: 10)
        #expect(sums.map(\.net) == [.nok(3_000)])
        #expect(sums.map(\.kind) == [.cash])
    }

    @Test("carries the correlation on to what it tells") func correlation() async throws {
        let house = try FinanceHouse()
        try await house.hear(captured)
        let told = try await house.told()
        #expect(!told.isEmpty)
        for envelope in told {
            #expect(envelope.cause.correlationID == "correlation")
            #expect(envelope.cause.causationID != nil)
            #expect(envelope.tenantID == .first)
            #expect(envelope.source == "/financial-service")
        }
    }

    @Test("of a payment's states becomes its summary, and its lines the log", arguments: 0..<6)
    func states(_ end: Int) async throws {
        let house = try FinanceHouse()
        let (payment, sale, now) = (payment, sale, now)
        try await house.hear(
            PaymentRequestedAtVipps(
                paymentID: payment, saleID: sale, reference: "r", msn: "123456", amount: .nok(100), requestedAt: now,
                expiresAt: now.addingTimeInterval(600)))
        try await house.hear(
            PaymentEventRecorded(
                eventID: .new(at: now), paymentID: payment, saleID: sale, reference: "r", origin: .webhook,
                name: "CREATED", occurredAt: now, success: true))
        let ends: [(any MessageContract, PaymentSummary.State)] = [
            (PaymentAborted(paymentID: payment, saleID: sale, reference: "r", endedAt: now), .aborted),
            (PaymentExpired(paymentID: payment, saleID: sale, reference: "r", endedAt: now), .expired),
            (PaymentTerminated(paymentID: payment, saleID: sale, reference: "r", endedAt: now), .terminated),
            (
                PaymentReleased(
                    paymentID: payment, saleID: sale, reference: "r", amount: .nok(100), outside: true,
                    releasedAt: now),
                .released
            ),
            (
                PaymentFailed(
                    paymentID: payment, saleID: sale, reference: "r",
                    failure: PaymentFailure(code: "7010", detail: "no"), failedAt: now), .failed
            ),
            (
                PaymentAuthorized(
                    paymentID: payment, saleID: sale, reference: "r", amount: .nok(100), authorizedAt: now), .authorized
            ),
        ]
        let (message, state) = ends[end]
        try await house.hear(message)
        let history = try #require(try await house.eventLog.history(of: payment, of: .first, limit: 10))
        #expect(history.summary.state == state)
        #expect(history.events.map(\.name) == ["CREATED"])
        let views = try await house.told().filter { $0.type == FinanceViewChanged.type }
            .map { try $0.decode(FinanceViewChanged.self).views }
        #expect(views == [[String]](repeating: ["payment/\(payment.text)"], count: 3))
        #expect(try await house.ledger.entries(of: .first, LedgerFilter(), limit: 1).isEmpty)
    }

    @Test("that contradicts the books changes nothing and is thrown, for the dead letters") func contradiction()
        async throws
    {
        let house = try FinanceHouse()
        try await house.hear(captured)
        let before = try await house.told().count
        let less = PaymentCaptured(
            paymentID: payment, saleID: sale, reference: "r", msn: "123456", amount: .nok(1), capturedAt: now)
        await #expect(throws: MoneyFactRefusal.self) { try await house.hear(less) }
        #expect(try await house.told().count == before)
        #expect(try await house.ledger.verification(of: .first).intact)
    }

    @Test("of other kinds passes by") func others() async throws {
        let house = try FinanceHouse()
        try await house.hear(
            RefundFailed(
                refundID: .new(at: now), paymentID: payment, saleID: sale, amount: .nok(1),
                failure: PaymentFailure(code: "x", detail: "y"), failedAt: now))
        #expect(try await house.told().isEmpty)
    }

    @Test("is subscribed to: every message it has a handler for") func subscriptions() {
        let streams = Set(FinanceMessages.subscriptions.map(\.stream))
        #expect(streams == [PaymentCaptured.stream, CashReceived.stream, SessionEnded.stream])
    }
}
