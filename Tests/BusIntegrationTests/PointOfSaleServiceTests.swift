import Foundation
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("pos-service as a process", .serialized, .timeLimit(.minutes(3)))
struct PointOfSaleServiceTests {
    /// One shop with one till, and a cashier signed in at it.
    private struct Bench: Sendable {
        static let unit = "0b000000-0001-4000-8000-000000000001"
        static let instance = "0b000000-0003-4000-8000-000000000001"
        static let product = "0b000000-0004-4000-8000-000000000001"

        let installation: Installation
        let till: Browser
        let tenant: TenantID
        var gateway: PlayedService { installation.gateway }
        var finance: PlayedService { installation.finance }

        static func seed(_ tenant: String) -> String {
            """
            {"tenants":[{"id":"\(tenant)","name":"The shop","market":"NO","currency":"NOK",
              "features":["Payments.Basic"],
              "organizationalUnits":[{"id":"\(unit)","name":"Oslo","code":"OSL"}],
              "users":[{"id":"0b000000-0002-4000-8000-000000000001","userName":"anne","displayName":"Anne",
                "password":"a password of the test","roles":["administrator","cashier"],"language":"en"}],
              "products":[{"id":"\(product)","number":"1001","barcode":null,"name":"Coffee pot","priceMinor":12900,
                "vatRateBasisPoints":2500,"category":null}],
              "agentInstances":[{"id":"\(instance)","name":"Till 1","organizationalUnitID":"\(unit)",
                "isNoAgent":false}]}]}
            """
        }

        private struct SignedIn: Decodable { let csrf: String }
        private struct Identified: Decodable { let id: String }

        func signIn() async throws {
            let answer = try await till.post(
                "/pos/api/session",
                #"{"userName":"anne","password":"a password of the test","tenant":"\#(tenant.text)"}"#)
            let signedIn: SignedIn = try answer.json()
            let cookie = try #require(answer.setCookies.first { $0.hasPrefix("session=") })
            let value = try #require(cookie.dropFirst("session=".count).split(separator: ";").first)
            till.carry(session: String(value), token: signedIn.csrf)
        }

        /// An agreement and a sales unit at the till, as an administrator makes them.
        func setUp() async throws {
            let keys = #"{"clientID":"client-1","clientSecret":"secret-1","subscriptionKey":"0123abcd"}"#
            let agreement: Identified = try await till.post(
                "/pos/api/vipps-agreements", #"{"displayName":"Vipps","keys":\#(keys)}"#
            ).json()
            let salesUnit: Identified = try await till.post(
                "/pos/api/vipps-sales-units",
                """
                {"displayName":"Oslo","organizationalUnitID":"\(Self.unit)","agreementID":"\(agreement.id)",
                 "msn":"123456"}
                """
            ).json()
            _ =
                try await till.put(
                    "/pos/api/agent-profiles/\(Self.instance)", #"{"name":"Till 1","salesUnitID":"\#(salesUnit.id)"}"#
                ).json() as Anything
            _ =
                try await till.put("/pos/api/session/agent-profile", #"{"agentProfileID":"\#(Self.instance)"}"#)
                .json() as Anything
        }

        private struct Options: Decodable {
            struct Option: Decodable {
                let id: PaymentOptionID
                let enabled: Bool
            }
            let paymentOptions: [Option]
        }

        /// Tells of a payment option and waits until the till offers it.
        func option(_ name: String = "Vipps", enabled: Bool = true) async throws -> PaymentOptionID {
            let id = PaymentOptionID.new(at: Date())
            try finance.tell(
                PaymentOptionSaved(
                    paymentOptionID: id, name: name, kind: .vippsEPayment, quickAccess: true, enabled: enabled,
                    savedAt: Date()), of: tenant)
            try await finance.allHeard(.financePaymentOptions, by: ServiceName.pos)
            return id
        }

        /// Whether the till may take payments by the option; `nil` when it has never heard of it.
        func isEnabled(_ option: PaymentOptionID) async throws -> Bool? {
            let options: Options = try await till.get("/pos/api/payment-options").json()
            return options.paymentOptions.first { $0.id == option }?.enabled
        }

        /// A sale of one coffee pot.
        func sale() async throws -> SaleID {
            let sale: Identified = try await till.post("/pos/api/sales", #"{"commandID":"\#(newID())"}"#).json()
            let id = try #require(SaleID(sale.id))
            try await command(id, #""type":"add-product","code":"1001""#)
            return id
        }

        @discardableResult
        func command(_ sale: SaleID, _ fields: String, id: String = newID()) async throws -> SaleSeen {
            try await till.post("/pos/api/sales/\(sale.text)/commands", #"{"commandID":"\#(id)",\#(fields)}"#).json()
        }

        func look(_ sale: SaleID) async throws -> SaleSeen {
            try await till.get("/pos/api/sales/\(sale.text)").json()
        }

        /// The fields of the command that asks the customer of that phone number to pay.
        static func pay(by option: PaymentOptionID) -> String {
            """
            "type":"start-payment","paymentOptionID":"\(option.text)",
            "identification":{"type":"phone","phoneNumber":"4791234567"}
            """
        }

        /// What the gateway tells of a payment up to the money.
        func pays(_ start: StartPayment) throws {
            let now = Date()
            try gateway.tell(
                PaymentRequestedAtVipps(
                    paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
                    amount: start.amount, requestedAt: now, expiresAt: now + 600), of: tenant)
            try gateway.tell(
                PaymentAuthorized(
                    paymentID: start.paymentID, saleID: start.saleID, reference: start.reference,
                    amount: start.amount, authorizedAt: now), of: tenant)
            try gateway.tell(captured(start), of: tenant)
        }

        func captured(_ start: StartPayment) -> PaymentCaptured {
            PaymentCaptured(
                paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
                amount: start.amount, capturedAt: Date())
        }
    }

    private struct Anything: Decodable {}
    private struct SaleSeen: Decodable {
        let state: String
        let received: Money
    }

    private static func newID() -> String { CommandID.new(at: Date()).text }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        let tenant = TenantID.new(at: Date())
        try await Installation.with(
            ServiceName.pos,
            settings: { files in
                [
                    "SESSION_PRIVATE_KEY_FILE": files.keys.sessionPrivate,
                    "SEALING_CERTIFICATES_FILE": files.keys.sealingCertificates,
                    "SEED_FILE": try files.write(Bench.seed(tenant.text), to: "seed.json"),
                ]
            },
            { installation in
                let bench = Bench(
                    installation: installation, till: Browser(base: installation.service.base), tenant: tenant)
                try await bench.signIn()
                try await bench.setUp()
                try await body(bench)
            })
    }

    @Test("offers a payment option that financial-service tells of, and refuses it once it is disabled")
    func options() async throws {
        try await withBench { bench in
            let option = try await bench.option()
            #expect(try await bench.isEnabled(option) == true)
            let other = try await bench.option("Not yet", enabled: false)
            #expect(try await bench.isEnabled(other) == false)
            try bench.finance.tell(
                PaymentOptionDisabled(paymentOptionID: option, changedAt: Date()), of: bench.tenant)
            try await bench.finance.allHeard(.financePaymentOptions, by: ServiceName.pos)
            #expect(try await bench.isEnabled(option) == false)
            let sale = try await bench.sale()
            let refused = try await bench.till.post(
                "/pos/api/sales/\(sale.text)/commands", #"{"commandID":"\#(Self.newID())",\#(Bench.pay(by: option))}"#)
            #expect(refused.status == 409 || refused.status == 422)
            #expect(try bench.gateway.heard(StartPayment.self).isEmpty)
        }
    }

    @Test("tells of agreement and sales unit, the keys sealed for the gateway alone")
    func setUp() async throws {
        try await withBench { bench in
            let agreement = try await bench.gateway.hears(AgreementSaved.self)
            let envelope = try #require(agreement.message.keysEnvelope)
            #expect(envelope.range(of: Data("secret-1".utf8)) == nil)
            let unit = try await bench.gateway.hears(SalesUnitSaved.self)
            #expect(unit.message.msn == "123456")
            #expect(unit.message.agreementID == agreement.message.agreementID)
            #expect(!bench.installation.service.logText.contains("secret-1"))
        }
    }

    @Test("asks the gateway for a payment and completes the sale by itself when the money is there")
    func sale() async throws {
        try await withBench { bench in
            let option = try await bench.option()
            let sale = try await bench.sale()
            let started = try await bench.finance.hears(SaleStarted.self)
            #expect(started.message.saleID == sale)
            let command = Self.newID()
            try await bench.command(sale, Bench.pay(by: option), id: command)
            try await bench.command(sale, Bench.pay(by: option), id: command)
            let start = try await bench.gateway.hears(StartPayment.self)
            #expect(start.message.saleID == sale)
            #expect(start.message.amount == Money(minorUnits: 12_900, currency: .nok))
            #expect(start.message.msn == "123456")
            #expect(start.message.description == "The shop: payment for sale \(start.message.saleIdentifier)")

            try bench.pays(start.message)
            let completed = try await bench.finance.hears(SaleCompleted.self)
            #expect(completed.message.saleID == sale)
            #expect(completed.message.completedBy == nil)
            #expect(completed.message.payments.map(\.paymentID) == [start.message.paymentID])
            #expect(completed.message.total == start.message.amount)
            try await bench.installation.relay.hears(PointOfSaleViewChanged.self) {
                $0.views.contains("sale/\(sale.text)")
            }
            // The command was sent twice, and acted once.
            #expect(try bench.gateway.heard(StartPayment.self).count == 1)
        }
    }

    @Test("counts captured money once, however often it is told")
    func repeated() async throws {
        try await withBench { bench in
            let option = try await bench.option()
            let sale = try await bench.sale()
            try await bench.command(sale, Bench.pay(by: option))
            let start = try await bench.gateway.hears(StartPayment.self).message
            try bench.pays(start)
            try await bench.finance.hears(SaleCompleted.self)
            try bench.gateway.tell(bench.captured(start), of: bench.tenant)
            try bench.pays(start)
            try await bench.gateway.repeatAll(of: .payments)
            try await bench.gateway.allHeard(.payments, by: ServiceName.pos)
            let seen = try await bench.look(sale)
            #expect(seen.state == "completed")
            #expect(seen.received == start.amount)
            // The next sale stands behind everything that the repeats could have caused.
            let next = try await bench.sale()
            try await bench.finance.hears(SaleStarted.self) { $0.saleID == next }
            #expect(try bench.finance.heard(SaleCompleted.self).count == 1)
            #expect(try bench.gateway.heard(RefundPayment.self).isEmpty)
        }
    }

    @Test("completes the sale when it was killed while the money came")
    func killed() async throws {
        try await withBench { bench in
            let option = try await bench.option()
            let sale = try await bench.sale()
            try await bench.command(sale, Bench.pay(by: option))
            let start = try await bench.gateway.hears(StartPayment.self).message
            try await bench.installation.service.kill()
            try bench.pays(start)
            try await bench.installation.service.start()
            let completed = try await bench.finance.hears(SaleCompleted.self)
            #expect(completed.message.saleID == sale)
            #expect(try await bench.look(sale).state == "completed")
        }
    }
}
