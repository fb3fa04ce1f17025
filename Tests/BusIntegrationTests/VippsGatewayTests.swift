import Cryptography
import Foundation
import HTTPServing
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("vipps-gateway as a process", .serialized, .timeLimit(.minutes(3)))
struct VippsGatewayTests {
    /// The gateway with an agreement and a sales unit, and Vipps.
    private struct Bench: Sendable {
        let installation: Installation
        let vipps: PlayedVipps
        let agreement = AgreementID.new(at: Date())
        static let msn = "123456"

        var pos: PlayedService { installation.pos }
        var tenant: TenantID { installation.tenant }
        var commands: MessageStream { .posPaymentCommands }

        func seal(_ text: String) throws -> Data {
            let keys = installation.keys
            return try SealingCertificates(pem: keys.text(keys.sealingCertificates)).seal(Data(text.utf8))
        }

        /// Told, and heard: a payment by an agreement that is not known yet would be refused, and streams are not ordered
        /// among one another.
        func setUp() async throws {
            let now = Date()
            let keys = #"{"clientID":"client-1","clientSecret":"secret-1","subscriptionKey":"0123abcd"}"#
            try pos.tell(
                AgreementSaved(
                    agreementID: agreement, displayName: "Agreement", keysEnvelope: seal(keys), keysSetAt: now,
                    savedBy: .new(at: now), savedAt: now), of: tenant)
            try pos.tell(
                SalesUnitSaved(
                    salesUnitID: .new(at: now), displayName: "Shop", agreementID: agreement, msn: Self.msn,
                    organizationalUnitID: .new(at: now), currency: .nok, savedAt: now), of: tenant)
            try await pos.allHeard(.posSetup, by: ServiceName.gateway)
        }

        /// A payment of 129 kroner by a phone number.
        func payment() throws -> StartPayment {
            let now = Date()
            let id = PaymentID.new(at: now)
            return StartPayment(
                paymentID: id, saleID: .new(at: now), saleIdentifier: "OSL-1", reference: "pay-\(id.text)",
                agreementID: agreement, msn: Self.msn, amount: Money(minorUnits: 12_900, currency: .nok),
                description: "Shop: payment for sale OSL-1",
                identification: .phoneNumber(envelope: try seal("4791234567")), receipt: [],
                organizationalUnitID: .new(at: now), requestedAt: now)
        }

        func abort(_ payment: StartPayment) -> AbortPayment {
            AbortPayment(paymentID: payment.paymentID, reason: .cashier, requestedAt: Date())
        }

        /// Tells the payment and waits until Vipps has it.
        @discardableResult
        func begun(_ payment: StartPayment) async throws -> StartPayment {
            try pos.tell(payment, of: tenant)
            try await pos.hears(PaymentRequestedAtVipps.self) { $0.paymentID == payment.paymentID }
            return payment
        }

        /// The customer approves; returns when the gateway has told that the money is taken.
        @discardableResult
        func captured(_ payment: StartPayment) async throws -> (message: PaymentCaptured, envelope: Envelope) {
            vipps.approve(payment.reference)
            return try await pos.hears(PaymentCaptured.self) { $0.paymentID == payment.paymentID }
        }

        func captures(heardOf payment: StartPayment) throws -> Int {
            try pos.heard(PaymentCaptured.self).count { $0.paymentID == payment.paymentID }
        }
    }

    private func withBench(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        let vipps = PlayedVipps()
        try await vipps.serve { base in
            try await Installation.with(
                ServiceName.gateway,
                settings: { ["OPENING_KEYS_FILE": $0.keys.openingKeys, "VIPPS_BASE_URL": base] },
                { installation in
                    let bench = Bench(installation: installation, vipps: vipps)
                    try await bench.setUp()
                    try await body(bench)
                })
        }
    }

    @Test("does not start in production with another address of Vipps, and says why")
    func production() async throws {
        let course = await #expect(throws: BadCourse.self) {
            try await Installation.with(
                ServiceName.gateway,
                settings: {
                    [
                        "OPENING_KEYS_FILE": $0.keys.openingKeys, "DEPLOYMENT": "prod2",
                        "VIPPS_BASE_URL": "http://127.0.0.1:1",
                    ]
                }, { _ in })
        }
        let ended = try #require(course?.error as? ServiceProcess.Ended)
        #expect(ended.status == 78)
        #expect(ended.log.contains("VIPPS_BASE_URL"))
        #expect(ended.log.contains("Deployment prod2 is production and talks to https://api.vipps.no alone."))
    }

    @Test("hears of keys, a sales unit and a payment, asks Vipps, and tells how the payment goes")
    func payment() async throws {
        try await withBench { bench in
            let payment = try bench.payment()
            let cause = Cause.beginning(at: Date(), trace: .new())
            let start = try bench.pos.tell(payment, of: bench.tenant, cause: cause)
            let requested = try await bench.pos.hears(PaymentRequestedAtVipps.self)
            #expect(requested.message.paymentID == payment.paymentID)
            #expect(requested.message.expiresAt > Date())
            #expect(requested.message.qrContent == nil)
            let asked = try #require(bench.vipps.payment(payment.reference))
            #expect(asked.amount == 12_900)
            #expect(asked.phoneNumber == "4791234567")
            #expect(asked.traceparent?.contains(cause.trace.traceID) == true)

            let captured = try await bench.captured(payment)
            #expect(captured.message.amount == payment.amount)
            #expect(captured.message.saleID == payment.saleID)
            let authorized = try await bench.pos.hears(PaymentAuthorized.self)
            let told = [requested.envelope, authorized.envelope, captured.envelope]
            #expect(told.map(\.sequence) == told.map(\.sequence).sorted())
            for envelope in told {
                #expect(envelope.source == "/vipps-gateway")
                #expect(envelope.tenantID == bench.tenant)
                #expect(envelope.cause.correlationID == cause.correlationID)
                #expect(envelope.cause.trace.traceID == cause.trace.traceID)
            }
            #expect(requested.envelope.cause.causationID == start.id.text)
            #expect(bench.vipps.payment(payment.reference)?.captures == 1)
            // Everybody who listens hears the same.
            try await bench.installation.finance.hears(PaymentCaptured.self) { $0.paymentID == payment.paymentID }
            let log = bench.installation.service.logText
            #expect(!log.contains("91234567") && !log.contains("secret-1") && !log.contains("token-of-the-test"))
        }
    }

    @Test("captures once, however often the same payment is told")
    func repeated() async throws {
        try await withBench { bench in
            let payment = try await bench.begun(try bench.payment())
            // The same words in a new message, and the old messages byte for byte.
            try bench.pos.tell(payment, of: bench.tenant)
            try await bench.pos.repeatAll(of: bench.commands)
            try await bench.captured(payment)
            try bench.pos.tell(payment, of: bench.tenant)
            try await bench.pos.repeatAll(of: bench.commands)
            try await bench.captured(try await bench.begun(try bench.payment()))
            try await bench.pos.allHeard(bench.commands, by: ServiceName.gateway)
            #expect(bench.vipps.payment(payment.reference)?.captures == 1)
            #expect(bench.vipps.payment(payment.reference)?.captured == 12_900)
            #expect(try bench.captures(heardOf: payment) == 1)
        }
    }

    /// Says that it is a command to pay, and is none.
    private struct PoisonedCommand: MessageContract {
        static let type = StartPayment.type
        static let stream = StartPayment.stream
        var subject: String { "poison" }
        var paymentID = "not an identifier"
    }

    @Test("lays a poisoned message aside and goes on with the next")
    func poison() async throws {
        try await withBench { bench in
            try bench.pos.tell(PoisonedCommand(), of: bench.tenant)
            let next = try await bench.begun(try bench.payment())
            let path = "/vipps/operator/bus/dead-letters"
            let letters: DeadLetterList = try await bench.installation.browser(.operator).get(path).json()
            #expect(letters.deadLetters.map(\.type) == [StartPayment.type])
            #expect(letters.deadLetters.map(\.subject) == ["poison"])
            #expect(letters.deadLetters.first?.publisher == ServiceName.pos)
            #expect(try await bench.installation.browser(.cashier).get(path).status == 403)
            try await bench.captured(next)
        }
    }

    @Test("ends a payment that is aborted before the customer approved")
    func aborted() async throws {
        try await withBench { bench in
            let payment = try await bench.begun(try bench.payment())
            try bench.pos.tell(bench.abort(payment), of: bench.tenant)
            let ended = try await bench.pos.hears(PaymentTerminated.self)
            #expect(ended.message.paymentID == payment.paymentID)
            #expect(ended.message.saleID == payment.saleID)
            // Once more: nothing more is told.
            try bench.pos.tell(bench.abort(payment), of: bench.tenant)
            try await bench.begun(try bench.payment())
            #expect(try bench.pos.heard(PaymentTerminated.self).count == 1)
            #expect(try bench.captures(heardOf: payment) == 0)
            #expect(bench.vipps.payment(payment.reference)?.state == "TERMINATED")
        }
    }

    @Test("pays back what is asked for, once")
    func refund() async throws {
        try await withBench { bench in
            let payment = try await bench.begun(try bench.payment())
            try await bench.captured(payment)
            let refund = RefundPayment(
                refundID: .new(at: Date()), paymentID: payment.paymentID,
                amount: Money(minorUnits: 2_900, currency: .nok), saleID: .new(at: Date()), requestedAt: Date())
            try bench.pos.tell(refund, of: bench.tenant)
            try bench.pos.tell(refund, of: bench.tenant)
            let refunded = try await bench.pos.hears(PaymentRefunded.self)
            #expect(refunded.message.refundID == refund.refundID)
            #expect(refunded.message.amount == refund.amount)
            #expect(!refunded.message.outside)
            try await bench.begun(try bench.payment())
            #expect(bench.vipps.payment(payment.reference)?.refunded == 2_900)
            #expect(try bench.pos.heard(PaymentRefunded.self).count == 1)
        }
    }

    @Test("goes on where it was when it is killed, and hears what was told meanwhile")
    func killed() async throws {
        try await withBench { bench in
            let before = try await bench.begun(try bench.payment())
            try await bench.installation.service.kill()
            let meanwhile = try bench.payment()
            try bench.pos.tell(meanwhile, of: bench.tenant)
            bench.vipps.approve(before.reference)
            try await bench.installation.service.start()
            try await bench.captured(before)
            try await bench.pos.hears(PaymentRequestedAtVipps.self) { $0.paymentID == meanwhile.paymentID }
            try await bench.captured(meanwhile)
            for payment in [before, meanwhile] {
                #expect(bench.vipps.payment(payment.reference)?.captures == 1)
                #expect(try bench.captures(heardOf: payment) == 1)
            }
        }
    }
}
