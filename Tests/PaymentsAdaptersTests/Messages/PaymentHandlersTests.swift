import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Testing

@Suite("The till's commands about payments") struct PaymentHandlersTests {
    let file: PaymentFile
    let router: MessageRouter<Database>
    let tenant = TenantID(UUID())

    init() throws {
        file = try PaymentFile()
        var router = MessageRouter<Database>()
        PaymentHandlers(store: file.store, now: { .paymentStart }).register(in: &router)
        self.router = router
    }

    func hear(_ message: some MessageContract, of tenant: TenantID? = nil) async throws {
        let envelope = Envelope(
            id: MessageID(UUID()), source: "/pos-service", type: type(of: message).type, subject: message.subject,
            time: .paymentStart, tenantID: tenant ?? self.tenant, stream: .posPaymentCommands, sequence: 1,
            epoch: "epoch", cause: .beginning(at: .paymentStart), data: try JSONEncoder.house.encode(message))
        try await file.database.writer.write { [router] db in try router.handle(envelope, in: db) }
    }

    func start(
        _ id: PaymentID = PaymentID(UUID()), reference: String = "till3-0001", amount: Money = .nok(12_900)
    ) -> StartPayment {
        StartPayment(
            paymentID: id, saleID: SaleID(UUID()), saleIdentifier: "OSL-1", reference: reference,
            agreementID: AgreementID(UUID()), msn: "123456", amount: amount,
            description: "Shop: payment for sale OSL-1", identification: .oneTimeQR, receipt: [],
            organizationalUnitID: OrganizationalUnitID(UUID()), requestedAt: .paymentStart)
    }

    func payment(_ id: PaymentID) async throws -> Payment? {
        try await file.store.payment(PaymentName(tenantID: tenant, paymentID: id))
    }

    @Test("plan a create, and do it once however often they come") func starts() async throws {
        let message = start()
        try await hear(message)
        try await hear(message)
        let payment = try #require(try await payment(message.paymentID))
        #expect(payment.operations.map(\.act) == [.create])
        #expect(try await file.told().isEmpty)
    }

    @Test(
        "answer what cannot be asked of Vipps with a failure that names the field",
        arguments: [
            ("amount", "till3-0001", Int64(0)), ("amount", "till3-0001", 65_000_001), ("reference", "a b", 100),
        ])
    func invalid(field: String, reference: String, units: Int64) async throws {
        let message = start(reference: reference, amount: .nok(units))
        try await hear(message)
        let failed = try #require(try await file.told().first).decode(PaymentFailed.self)
        #expect(failed.failure.code == "invalid-request")
        #expect(failed.failure.detail.hasPrefix(field))
        #expect(try await payment(message.paymentID) == nil)
    }

    @Test("refuse a reference that is in use") func reference() async throws {
        try await hear(start())
        try await hear(start())
        #expect(try await file.told().map { try $0.decode(PaymentFailed.self).failure.code } == ["4150"])
    }

    @Test("do nothing to another tenant's payment, and leave a refusal") func foreign() async throws {
        let message = start()
        try await hear(message)
        let stranger = TenantID(UUID())
        try await hear(
            AbortPayment(paymentID: message.paymentID, reason: .cashier, requestedAt: .paymentStart), of: stranger)
        try await hear(start(message.paymentID, reference: "till9-0009"), of: stranger)
        #expect(try await payment(message.paymentID)?.givenUp == nil)
        let refused = try await file.database.writer.read { db in
            try String.fetchAll(db, sql: "SELECT command FROM payment_refused_command ORDER BY number")
        }
        #expect(refused == ["abort", "start"])
        #expect(try await file.told().isEmpty)
    }

    @Test("end a payment that was never sent") func abort() async throws {
        let message = start()
        try await hear(message)
        let abort = AbortPayment(paymentID: message.paymentID, reason: .cashier, requestedAt: .paymentStart)
        try await hear(abort)
        try await hear(abort)
        #expect(try await file.told().map(\.type) == [PaymentTerminated.type])
    }

    @Test("answer a refund of an unknown payment with a failure") func unknownRefund() async throws {
        let refund = RefundPayment(
            refundID: RefundID(UUID()), paymentID: PaymentID(UUID()), amount: .nok(1), saleID: SaleID(UUID()),
            requestedAt: .paymentStart)
        try await hear(refund)
        let failed = try #require(try await file.told().first).decode(RefundFailed.self)
        #expect(failed.failure.code == "unknown-payment")
        #expect(failed.refundID == refund.refundID)
    }

    @Test("keep the cause from message to message") func cause() async throws {
        let message = start()
        try await hear(message)
        try await hear(AbortPayment(paymentID: message.paymentID, reason: .cashier, requestedAt: .paymentStart))
        let told = try #require(try await file.told().first)
        #expect(told.cause.causationID != nil)
    }

    @Test("are joined by webhooks, which make a GET due in their own transaction") func webhooks() async throws {
        let message = start()
        try await hear(message)
        let webhook = PaymentWebhook(
            tenantID: tenant, msn: "123456", reference: "till3-0001", pspReference: "7", name: "AUTHORIZED",
            amount: .nok(12_900), occurredAt: .paymentStart, idempotencyKey: nil, success: true)
        for _ in 0..<10 {
            try await file.database.writer.write { [file] db in
                try PaymentWebhooks(store: file.store)
                    .record(webhook, cause: .beginning(at: .paymentStart), at: .paymentStart, in: db)
            }
        }
        #expect(try await payment(message.paymentID)?.look.at == .paymentStart)
        #expect(try await file.lines().map(\.origin) == [.webhook])
        #expect(try await file.told().isEmpty)
    }
}
