import Foundation
import Payments
import PaymentsAdapters
import SharedKernel
import Testing

@Suite("Payments through Vipps", .timeLimit(.minutes(1))) struct VippsPaymentProviderTests {
    private let address = PaymentAddress(
        tenantID: TenantID(UUID()), agreementID: AgreementID(UUID()), msn: "123456", reference: "till3-sale-000123-1")
    private static let payment = """
        {"reference":"till3-sale-000123-1","pspReference":"psp-1","state":"AUTHORIZED",
        "amount":{"currency":"NOK","value":12500},"paymentMethod":{"type":"WALLET"},"profile":{},
        "aggregate":{"authorizedAmount":{"currency":"NOK","value":12500},"capturedAmount":{"currency":"NOK","value":12500},
        "refundedAmount":{"currency":"NOK","value":500},"cancelledAmount":{"currency":"NOK","value":0}}}
        """

    private func with(
        _ stub: VippsStub, envelope: Data? = GatewayKeys.shared.seal(keys: "client-1"),
        _ body: @Sendable @escaping (VippsPaymentProvider) async throws -> Void
    ) async throws {
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let ring = VippsKeyRing(sealed: OneEnvelope(envelope: envelope), opening: GatewayKeys.shared.opening)
                try await body(VippsPaymentProvider(client: bench.client, keyRing: ring))
            }
        }
    }

    private func request(
        _ customer: CreateRequest.Customer, receipt: [ReceiptItem] = [], description: String = "Shop: sale 123"
    ) -> CreateRequest {
        CreateRequest(
            address: address, amount: Money(minorUnits: 12500, currency: .nok), description: description,
            customer: customer, receipt: receipt, saleIdentifier: "OSL-1000123")
    }

    private func sealed(_ text: String) -> Sealed { Sealed(envelope: GatewayKeys.shared.seal(text)) }

    private static func fields(_ text: String) throws -> NSDictionary {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }

    @Test("ask by phone number with exactly the fields of a push")
    func push() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(201, #"{"reference":"till3-sale-000123-1"}"#) }
        try await with(stub) { provider in
            let reply = await provider.create(request(.phoneNumber(sealed("4791234567"))), key: IdempotencyKey("k-1"))
            #expect(reply.outcome == .answered(CreateAnswer(redirectURL: nil)))
            #expect(reply.record.httpStatus == 201)
        }
        let body = try Self.fields(try #require(stub.asked("/epayment/v1/payments").first).body)
        #expect(
            body == [
                "amount": ["currency": "NOK", "value": 12500], "paymentMethod": ["type": "WALLET"],
                "customer": ["phoneNumber": "4791234567"], "customerInteraction": "CUSTOMER_PRESENT",
                "reference": "till3-sale-000123-1", "userFlow": "PUSH_MESSAGE", "paymentDescription": "Shop: sale 123",
            ] as NSDictionary)
    }

    @Test("ask by check-in and by the customer's own code")
    func others() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(201, #"{"reference":"till3-sale-000123-1"}"#) }
        try await with(stub) { provider in
            _ = await provider.create(request(.token(CustomerToken("eyJra"))), key: IdempotencyKey("k-1"))
            let code = "https://qr.vipps.no/p/abc"
            _ = await provider.create(request(.personalQR(sealed(code))), key: IdempotencyKey("k-2"))
        }
        let bodies = try stub.asked("/epayment/v1/payments").map { try Self.fields($0.body) }
        #expect(
            bodies.map { $0["customer"] as? NSDictionary } == [
                ["customerToken": "eyJra"], ["personalQr": "https://qr.vipps.no/p/abc"],
            ])
        #expect(bodies.allSatisfy { $0["userFlow"] as? String == "PUSH_MESSAGE" })
    }

    @Test("draw a one-time code from the text Vipps gives")
    func oneTimeQR() async throws {
        let stub = VippsStub.withTokens { _, _ in
            .json(201, #"{"reference":"till3-sale-000123-1","redirectUrl":"https://qr.vipps.no/x"}"#)
        }
        try await with(stub) { provider in
            let reply = await provider.create(request(.oneTimeQR), key: IdempotencyKey("k-1"))
            #expect(reply.outcome == .answered(CreateAnswer(redirectURL: "https://qr.vipps.no/x")))
        }
        let body = try Self.fields(try #require(stub.asked("/epayment/v1/payments").first).body)
        #expect(body["userFlow"] as? String == "QR")
        #expect(body["qrFormat"] as? NSDictionary == ["format": "TEXT/TARGETURL"])
        #expect(body["customer"] == nil)
    }

    @Test("send the receipt with quantities as text and taxes in hundredths of a per cent")
    func receipt() async throws {
        let kroner = { (value: Int64) in Money(minorUnits: value, currency: .nok) }
        let item = ReceiptItem(
            id: "p-1", name: "Bread", quantity: 3, unitPrice: kroner(5000), discount: kroner(2500),
            total: kroner(12500), totalExcludingTax: kroner(10000), taxRate: 2500)
        let stub = VippsStub.withTokens { _, _ in .json(201, #"{"reference":"till3-sale-000123-1"}"#) }
        try await with(stub) { provider in
            _ = await provider.create(
                request(.token(CustomerToken("t")), receipt: [item]), key: IdempotencyKey("k-1"))
        }
        let body = try Self.fields(try #require(stub.asked("/epayment/v1/payments").first).body)
        #expect(
            body["receipt"] as? NSDictionary == [
                "orderLines": [
                    [
                        "id": "p-1", "name": "Bread", "totalAmount": 12500, "totalAmountExcludingTax": 10000,
                        "totalTaxAmount": 2500, "taxRate": 2500, "discount": 2500,
                        "unitInfo": ["unitPrice": 5000, "quantity": "3", "quantityUnit": "PCS"],
                    ]
                ], "bottomLine": ["currency": "NOK", "receiptNumber": "OSL-1000123"],
            ])
    }

    @Test("fit the description", arguments: [("ab", 3), ("abc", 3), (String(repeating: "ø", count: 300), 100)])
    func description(text: String, length: Int) async throws {
        let stub = VippsStub.withTokens { _, _ in .json(201, #"{"reference":"till3-sale-000123-1"}"#) }
        try await with(stub) { provider in
            _ = await provider.create(request(.oneTimeQR, description: text), key: IdempotencyKey("k-1"))
        }
        let body = try Self.fields(try #require(stub.asked("/epayment/v1/payments").first).body)
        #expect((body["paymentDescription"] as? String)?.unicodeScalars.count == length)
    }

    @Test(
        "refuse customer data that does not open or is no number, without calling",
        arguments: ["", "12", "+4791234567"])
    func unreadable(number: String) async throws {
        let stub = VippsStub.withTokens { _, _ in .json(201, "{}") }
        try await with(stub) { provider in
            for bad in [sealed(number), Sealed(envelope: Data([1, 2, 3]))] {
                let reply = await provider.create(request(.phoneNumber(bad)), key: IdempotencyKey("k-1"))
                guard case .refused(let refusal) = reply.outcome else {
                    Issue.record("not refused")
                    return
                }
                #expect(refusal.code == Refusal.OwnCode.customerDataUnreadable)
            }
        }
        #expect(stub.asked.isEmpty)
    }

    @Test("read the aggregate, whatever the call")
    func snapshots() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(200, Self.payment) }
        let amount = Money(minorUnits: 500, currency: .nok)
        try await with(stub) { provider in
            let replies = [
                await provider.get(address),
                await provider.capture(amount, of: address, key: IdempotencyKey("c-1")),
                await provider.cancel(address, transactionOnly: true, key: IdempotencyKey("x-1")),
                await provider.refund(amount, of: address, key: IdempotencyKey("r-1")),
            ]
            for reply in replies {
                guard case .answered(let snapshot) = reply.outcome else {
                    Issue.record("not answered: \(reply.outcome)")
                    return
                }
                #expect(snapshot.state == .authorized)
                #expect(snapshot.aggregate.captured.minorUnits == 12500)
                #expect(snapshot.aggregate.refunded.minorUnits == 500)
            }
        }
        let base = "/epayment/v1/payments/till3-sale-000123-1"
        #expect(stub.asked("\(base)/cancel").first?.body == #"{"cancelTransactionOnly":true}"#)
        #expect(
            stub.asked("\(base)/capture").first?.body == #"{"modificationAmount":{"currency":"NOK","value":500}}"#)
        #expect(stub.asked("\(base)/refund").first?["idempotency-key"] == "r-1")
        #expect(stub.asked(base).first?["idempotency-key"] == nil)
    }

    @Test("read the event log with up to seven digits of a second")
    func events() async throws {
        let stub = VippsStub.withTokens { _, _ in
            .json(
                200,
                """
                [{"reference":"r","pspReference":"e-1","name":"CREATED","amount":{"currency":"NOK","value":1},
                "timestamp":"2026-11-23T09:15:01.4312345Z","idempotencyKey":"k","success":true},
                {"reference":"r","pspReference":"e-2","name":"CAPTURED","amount":{"currency":"NOK","value":1},
                "timestamp":"2026-11-23T09:15:02+00:00","idempotencyKey":null,"success":false}]
                """)
        }
        try await with(stub) { provider in
            guard case .answered(let events) = await provider.events(of: address).outcome else {
                Issue.record("not answered")
                return
            }
            #expect(events.map(\.name) == ["CREATED", "CAPTURED"])
            #expect(events.map(\.success) == [true, false])
            #expect(abs(events[1].occurredAt.timeIntervalSince(events[0].occurredAt) - 0.5687655) < 0.001)
        }
    }

    @Test(
        "believe no answer that is not what the API promises",
        arguments: [
            "", "{}", "[]", String(repeating: "[", count: 513), #"{"reference":"another-payment"}"#,
            payment.replacing("AUTHORIZED", with: "NEW"),
            payment.replacing("NOK", with: "SEK"), payment.replacing("12500", with: "12500.5"),
            payment.replacing("till3-sale-000123-1", with: "till3-sale-000123-2"),
            payment.replacing(#""value":500"#, with: #""value":12501"#),
            payment.replacing(#""value":500"#, with: #""value":9223372036854775807"#),
            payment.replacing(#""value":500"#, with: #""value":-500"#),
            payment.replacing(#""value":0"#, with: #""value":1"#),
        ])
    func unreadableAnswers(body: String) async throws {
        let stub = VippsStub.withTokens { _, _ in .json(200, body) }
        try await with(stub) { provider in
            #expect(await provider.get(address).outcome == .unknown(.unreadableAnswer))
            guard body != Self.payment.replacing("AUTHORIZED", with: "NEW") else { return }
            if case .answered = await provider.create(request(.oneTimeQR), key: IdempotencyKey("k")).outcome {
                #expect(body.contains("till3-sale-000123-1"))
            }
        }
    }

    @Test("pass a refusal on by its code, and missing keys as refused keys")
    func refusals() async throws {
        let stub = VippsStub.withTokens { _, _ in
            .json(404, #"{"title":"x","status":404,"extraDetails":[{"name":"ErrorCode","reason":"5090"}]}"#)
        }
        try await with(stub) { provider in
            guard case .refused(let refusal) = await provider.get(address).outcome else {
                Issue.record("not refused")
                return
            }
            #expect(refusal.code == "5090")
        }
        let silent = VippsStub.withTokens { _, _ in .json(200, "{}") }
        for envelope in [nil, Data([0]), GatewayKeys.shared.seal("{}")] {
            try await with(silent, envelope: envelope) { provider in
                guard case .keysRefused(let refusal) = await provider.get(address).outcome else {
                    Issue.record("not refused keys")
                    return
                }
                #expect(refusal.code == Refusal.OwnCode.keysMissing)
            }
        }
        #expect(silent.asked.isEmpty)
    }

    @Test("let no secret into a description")
    func secrets() {
        let keys = VippsKeys(clientID: "id-secret", clientSecret: "very-secret", subscriptionKey: "sub-secret")
        let token = VippsToken(text: "secret-token", fetchedAt: .now, life: 1)
        for text in ["\(keys)", String(reflecting: keys), "\(token)", String(reflecting: token)] {
            #expect(!text.contains("secret"))
        }
    }
}
