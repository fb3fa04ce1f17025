import Foundation
import HTTPServing
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("financial-service as a process", .serialized, .timeLimit(.minutes(3)))
struct FinancialServiceTests {
    private func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

    private func capture() -> PaymentCaptured {
        let now = Date()
        let id = PaymentID.new(at: now)
        return PaymentCaptured(
            paymentID: id, saleID: .new(at: now), reference: "pay-\(id.text)", msn: "123456", amount: nok(12_900),
            capturedAt: now)
    }

    private func refund(_ captured: PaymentCaptured, _ minorUnits: Int64, inAll: Int64) -> PaymentRefunded {
        PaymentRefunded(
            paymentID: captured.paymentID, saleID: captured.saleID, refundID: .new(at: Date()),
            amount: nok(minorUnits), refundedInAll: nok(inAll), outside: false, refundedAt: Date())
    }

    private struct Sums: Decodable {
        struct Sum: Decodable, Equatable {
            let kind: PaymentKind
            let paymentCount, refundCount: Int
            let payments, refunds, net: Int64
        }
        let sums: [Sum]
    }

    @Test("registers a captured payment and a refund once, and its sums say so")
    func ledger() async throws {
        try await Installation.with(ServiceName.finance) { installation in
            let (gateway, tenant) = (installation.gateway, installation.tenant)
            let captured = capture()
            let cause = Cause.beginning(at: Date(), trace: .new())
            let told = try gateway.tell(captured, of: tenant, cause: cause)
            let registered = try await gateway.hears(PaymentRegistered.self)
            #expect(registered.message.paymentID == captured.paymentID)
            #expect(registered.message.saleID == captured.saleID)
            #expect(registered.message.amount == captured.amount)
            #expect(registered.envelope.tenantID == tenant)
            #expect(registered.envelope.cause.correlationID == cause.correlationID)
            #expect(registered.envelope.cause.causationID == told.id.text)
            #expect(registered.envelope.cause.trace.traceID == cause.trace.traceID)

            let refund = refund(captured, 2_900, inAll: 2_900)
            try gateway.tell(refund, of: tenant)
            let returned = try await gateway.hears(RefundRegistered.self)
            #expect(returned.message.refundID == refund.refundID)
            #expect(returned.message.amount == refund.amount)

            // Told again in new messages, and again byte for byte; then another payment, to know that all was heard.
            try gateway.tell(captured, of: tenant)
            try gateway.tell(refund, of: tenant)
            try await gateway.repeatAll(of: .payments)
            let last = capture()
            try gateway.tell(last, of: tenant)
            try await gateway.hears(PaymentRegistered.self) { $0.paymentID == last.paymentID }
            #expect(try gateway.heard(PaymentRegistered.self).count == 2)
            #expect(try gateway.heard(RefundRegistered.self).count == 1)

            let path = "/financial/api/ledger/sums?by=kind"
            let sums: Sums = try await installation.browser(.administrator).get(path).json()
            let expected = Sums.Sum(
                kind: .vippsEPayment, paymentCount: 2, refundCount: 1, payments: 25_800, refunds: 2_900, net: 22_900)
            #expect(sums.sums == [expected])
            #expect(try await installation.browser(.cashier).get(path).status == 403)
            #expect(try await Browser(base: installation.service.base).get(path).status == 401)
        }
    }

    @Test("tells the tills of a payment option that is made over HTTP")
    func option() async throws {
        try await Installation.with(ServiceName.finance) { installation in
            let id = PaymentOptionID.new(at: Date())
            let made = try await installation.browser(.administrator).post(
                "/financial/api/payment-options",
                #"{"commandID":"\#(id.text)","name":"Vipps","kind":"vipps-epayment","quickAccess":true}"#)
            #expect(made.status == 201)
            let saved = try await installation.pos.hears(PaymentOptionSaved.self)
            #expect(saved.message.paymentOptionID == id)
            #expect(saved.message.kind == .vippsEPayment)
            #expect(saved.message.enabled)
            #expect(saved.envelope.tenantID == installation.tenant)
            try await installation.relay.hears(FinanceViewChanged.self) { $0.views.contains("payment-options") }
        }
    }

    @Test("loses nothing of what it was told while it was killed")
    func killed() async throws {
        try await Installation.with(ServiceName.finance) { installation in
            let gateway = installation.gateway
            let first = capture()
            try gateway.tell(first, of: installation.tenant)
            try await gateway.hears(PaymentRegistered.self) { $0.paymentID == first.paymentID }
            try await installation.service.kill()
            let missed = (1...20).map { _ in capture() }
            for captured in missed { try gateway.tell(captured, of: installation.tenant) }
            try await installation.service.start()
            let last = try #require(missed.last)
            try await gateway.hears(PaymentRegistered.self) { $0.paymentID == last.paymentID }
            let registered = try gateway.heard(PaymentRegistered.self).map(\.paymentID)
            #expect(registered == ([first] + missed).map(\.paymentID))
        }
    }
}
