import Finance
import FinanceAdapters
import Foundation
import MessageContracts
import SharedKernel
import Testing

private enum Made: CaseIterable {
    case sqlite, inMemory

    func log() throws -> any EventLog {
        switch self {
        case .sqlite: try FinanceHouse().eventLog
        case .inMemory: InMemoryEventLog()
        }
    }
}

@Suite("Every event log") struct EventLogTests {
    private let now = FinanceHouse.now
    private let payment = PaymentID.new(at: FinanceHouse.now)
    private let sale = SaleID.new(at: FinanceHouse.now)

    private func event(
        _ name: String, after seconds: TimeInterval = 0, id: PaymentEventID = .new(at: FinanceHouse.now),
        payment: PaymentID? = nil
    ) -> PaymentEvent {
        PaymentEvent(
            id: id, paymentID: payment ?? self.payment, saleID: sale, reference: "OSL-1-1", origin: .gateway,
            name: name,
            occurredAt: now.addingTimeInterval(seconds), amount: .nok(12_900), success: false, idempotencyKey: "key",
            pspReference: "psp", httpStatus: 409, errorCode: "6060", traceID: "trace", detail: "too late")
    }

    @Test("tells a payment's lines in the order of time, those of one instant as they came", arguments: Made.allCases)
    private func ordered(_ made: Made) async throws {
        let log = try made.log()
        for event in [event("c", after: 2), event("a"), event("b", after: 1), event("b2", after: 1)] {
            try await log.record(event, of: .first, cause: .test, now: now)
        }
        let history = try #require(try await log.history(of: payment, of: .first, limit: 10))
        #expect(history.events.map(\.name) == ["a", "b", "b2", "c"])
        #expect(try await log.history(of: payment, of: .first, limit: 2)?.events.map(\.name) == ["a", "b"])
        #expect(history.summary.state == .unknown)
        #expect(history.summary.reference == "OSL-1-1")
    }

    @Test("keeps every word of a line, and a repeated line once", arguments: Made.allCases)
    private func complete(_ made: Made) async throws {
        let log = try made.log()
        let line = event("capture")
        for _ in 0..<3 { try await log.record(line, of: .first, cause: .test, now: now) }
        #expect(try await log.history(of: payment, of: .first, limit: 10)?.events == [line])
    }

    @Test("keeps tenants and payments apart", arguments: Made.allCases)
    private func apart(_ made: Made) async throws {
        let log = try made.log()
        try await log.record(event("mine"), of: .first, cause: .test, now: now)
        try await log.record(event("other", payment: .new(at: now)), of: .first, cause: .test, now: now)
        #expect(try await log.history(of: payment, of: .second, limit: 10) == nil)
        #expect(try await log.history(of: payment, of: .first, limit: 10)?.events.map(\.name) == ["mine"])
    }

    @Test("sums up where the payment stands", arguments: Made.allCases)
    private func summary(_ made: Made) async throws {
        let log = try made.log()
        let facts: [PaymentFact] = [
            .requested(reference: "r", msn: "123456", amount: .nok(100)),
            .authorized(reference: "r", amount: .nok(100)),
            .captured(reference: "r", msn: "123456", amount: .nok(100)), .refunded(inAll: .nok(30)),
        ]
        for fact in facts {
            try await log.note(fact, about: payment, sale: sale, at: now, of: .first, cause: .test, now: now)
        }
        let summary = try #require(try await log.history(of: payment, of: .first, limit: 1)?.summary)
        #expect(summary.state == .captured)
        #expect(summary.msn == "123456")
        #expect([summary.asked, summary.captured, summary.refunded] == [.nok(100), .nok(100), .nok(30)])
        #expect(summary.changedAt == now)
    }
}
