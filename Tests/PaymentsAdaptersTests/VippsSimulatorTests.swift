import AsyncHTTPClient
import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import NIOCore
import NIOHTTP1
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Testing

/// The client, the worker and the door against an independent reading of the Vipps API: the simulator.
///
/// Runs when `VIPPS_SIMULATOR` names a running one that nobody else uses, for instance `http://127.0.0.1:8090`.
@Suite(
    "Against the simulator", .serialized, .timeLimit(.minutes(1)),
    .enabled(if: ProcessInfo.processInfo.environment["VIPPS_SIMULATOR"] != nil, "VIPPS_SIMULATOR is not set"))
struct VippsSimulatorTests {
    private let simulator = ProcessInfo.processInfo.environment["VIPPS_SIMULATOR"] ?? ""
    private static let msn = "123456"

    @Test("a sale is paid by phone number, captured, refunded, and told by signed webhooks")
    func paid() async throws {
        try await withGateway { gateway in
            try await gateway.registerWebhooks()
            let address = gateway.payment
            let request = gateway.request(.phoneNumber(Sealed(envelope: GatewayKeys.shared.seal("4791234567"))))
            let key = IdempotencyKey("create-\(address.reference)")
            #expect(
                await gateway.payments.create(request, key: key).outcome == .answered(CreateAnswer(redirectURL: nil)))
            #expect(
                await gateway.payments.create(request, key: key).outcome == .answered(CreateAnswer(redirectURL: nil)))
            try await gateway.control("customers/4791234567/approve", "{}")

            let amount = Money(minorUnits: 12500, currency: .nok)
            let captured = await gateway.payments.capture(
                amount, of: address, key: IdempotencyKey("c-\(address.reference)"))
            #expect(try Self.answer(captured).aggregate.captured == amount)
            let part = Money(minorUnits: 500, currency: .nok)
            let refunded = await gateway.payments.refund(
                part, of: address, key: IdempotencyKey("r-\(address.reference)"))
            #expect(try Self.answer(refunded).aggregate.refunded == part)
            let cancelled = await gateway.payments.cancel(
                address, transactionOnly: true, key: IdempotencyKey("x-\(address.reference)"))
            guard case .refused(let refusal) = cancelled.outcome else {
                Issue.record("cancelled what is captured: \(cancelled.outcome)")
                return
            }
            #expect(["6040", "6060"].contains(refusal.code))
            let log = try Self.answer(await gateway.payments.events(of: address)).map(\.name)
            #expect(log == ["CREATED", "AUTHORIZED", "CAPTURED", "REFUNDED"])

            try await gateway.control("settle", #"{"timeoutSeconds":10}"#)
            let heard = gateway.bench.recorder.webhooks.filter { $0.reference == address.reference }.map(\.name)
            #expect(heard == log)
            #expect(try await gateway.bench.told(WebhookDelivered.self).map(\.kind) == [.payments])
        }
    }

    @Test("a scan of the printed code pays through its check-in")
    func scanned() async throws {
        try await withGateway { gateway in
            try await gateway.registerWebhooks()
            try await gateway.setup.putMerchantQR("till-7", locationDescription: "Till 7", gateway.setupAddress)
            try await gateway.control(
                "customers/4791234567/scan", #"{"msn":"123456","merchantQrId":"till-7","wait":true}"#)
            let checkIn = try #require(try await gateway.bench.told(CustomerCheckedIn.self).first)
            #expect(checkIn.merchantQRID == "till-7")
            let token = try #require(
                try await gateway.bench.store.token(for: checkIn.checkInID, of: gateway.payment.tenantID))
            let reply = await gateway.payments.create(
                gateway.request(.token(token.token)), key: IdempotencyKey("create-\(gateway.payment.reference)"))
            #expect(reply.outcome == .answered(CreateAnswer(redirectURL: nil)))
        }
    }

    @Test("a code is made, listed, drawn as a harmless image, and deleted; a MobilePay code is converted")
    func codes() async throws {
        try await withGateway { gateway in
            let (setup, address) = (gateway.setup, gateway.setupAddress)
            try await setup.checkKeys(address)
            try await setup.putMerchantQR("till-8", locationDescription: "Till 8", address)
            let listed = try await setup.merchantQRs(address)
            #expect(listed.first { $0.merchantQRID == "till-8" }?.locationDescription == "Till 8")
            let svg = try await setup.merchantQRImage("till-8", address)
            #expect(svg.contains("<svg"))
            try await setup.deleteMerchantQR("till-8", address)
            try await setup.deleteMerchantQR("till-8", address)
            #expect(try await !setup.merchantQRs(address).contains { $0.merchantQRID == "till-8" })
            await #expect(throws: SetupTrouble.self) { try await setup.merchantQRImage("till-8", address) }

            let beacon = "123456789012345"
            try await setup.convertMobilePayQR(beacon, locationDescription: "Till 9", address)
            let converted = try await setup.merchantQRs(address).first { $0.merchantQRID == beacon }
            #expect(converted?.content.hasPrefix("mobilepaypos") == true)
        }
    }

    @Test("wrong keys are told as such, by which of them is wrong")
    func wrongKeys() async throws {
        for (id, secret, subscription, word) in [
            ("wrong", nil, nil, "client id"), (nil, "d3Jvbmc=", nil, "client secret"),
            (nil, nil, "wrong", "subscription key"),
        ] as [(String?, String?, String?, String)] {
            let keys = try await norwegianKeys()
            let sealed = GatewayKeys.shared.seal(
                keys: id ?? keys.clientID, secret ?? keys.clientSecret, subscription ?? keys.subscriptionKey)
            try await withGateway(envelope: sealed) { gateway in
                do throws(SetupTrouble) {
                    try await gateway.setup.checkKeys(gateway.setupAddress)
                    Issue.record("accepted a wrong \(word)")
                } catch {
                    guard case .keysRefused(let refusal) = error else {
                        Issue.record("not refused keys: \(error)")
                        return
                    }
                    #expect(refusal.detail.contains(word))
                }
            }
        }
    }

    @Test("a lost reply is unknown, and the same key gives the first outcome again")
    func lostReply() async throws {
        try await withGateway { gateway in
            let request = gateway.request(.phoneNumber(Sealed(envelope: GatewayKeys.shared.seal("4791234567"))))
            let key = IdempotencyKey("create-\(gateway.payment.reference)")
            try await gateway.control("faults", #"{"kind":"drop-reply","operation":"create","count":1}"#)
            #expect(await gateway.payments.create(request, key: key).outcome == .unknown(.connection))
            #expect(try Self.answer(await gateway.payments.get(gateway.payment)).state == .created)
            #expect(
                await gateway.payments.create(request, key: key).outcome == .answered(CreateAnswer(redirectURL: nil)))
            try await gateway.control("tokens/expire", "{}")
            #expect(try Self.answer(await gateway.payments.get(gateway.payment)).state == .created)
        }
    }

    private static func answer<Value>(_ reply: ProviderReply<Value>) throws -> Value {
        guard case .answered(let value) = reply.outcome else { throw NotAnswered(outcome: "\(reply.outcome)") }
        return value
    }

    private struct NotAnswered: Error { let outcome: String }

    // MARK: The gateway's doors towards Vipps, running

    private struct Gateway: Sendable {
        let bench: WebhookBench
        let payments: VippsPaymentProvider
        let setup: VippsSetupProvider
        let worker: SetupWorker
        let store: SQLiteSetupStore
        let http: HTTPClient
        let simulator: String
        let payment: PaymentAddress

        var setupAddress: SetupAddress {
            SetupAddress(tenantID: payment.tenantID, agreementID: payment.agreementID, msn: payment.msn)
        }

        func request(_ customer: CreateRequest.Customer) -> CreateRequest {
            let kroner = { (value: Int64) in Money(minorUnits: value, currency: .nok) }
            let item = ReceiptItem(
                id: "p-1", name: "Bread", quantity: 1, unitPrice: kroner(12500), discount: kroner(0),
                total: kroner(12500), totalExcludingTax: kroner(10000), taxRate: 2500)
            return CreateRequest(
                address: payment, amount: kroner(12500), description: "Shop: payment for sale OSL-1",
                customer: customer, receipt: [item], saleIdentifier: "OSL-1")
        }

        func control(_ path: String, _ body: String) async throws {
            var request = HTTPClientRequest(url: "\(simulator)/control/\(path)")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
            let response = try await http.execute(request, timeout: .seconds(20))
            let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
            #expect((200..<300).contains(Int(response.status.code)), "\(path): \(text)")
        }

        func registerWebhooks() async throws {
            let setup = SetupHearing(store: store, tenant: payment.tenantID)
            try await setup.hear(
                SalesUnitSaved(
                    salesUnitID: SalesUnitID(UUID()), displayName: "Shop", agreementID: payment.agreementID,
                    msn: payment.msn, organizationalUnitID: OrganizationalUnitID(UUID()), currency: .nok, savedAt: .now)
            )
            try await setup.hear(RegisterWebhook(agreementID: payment.agreementID, requestedAt: .now))
            try await worker.runDueJobs()
            #expect(Set(try await bench.told(WebhookRegistered.self).map(\.kind)) == [.payments, .checkIns])
        }
    }

    private func norwegianKeys() async throws -> VippsKeys {
        struct Seed: Decodable {
            struct KeySet: Decodable {
                let clientId: String
                let clientSecret: String
                let subscriptionKeys: [String]
                let msns: [String]
            }
            let keySets: [KeySet]
        }
        let text = try #require(ProcessInfo.processInfo.environment["VIPPS_SIMULATOR_SEED"])
        let seed = try JSONDecoder().decode(Seed.self, from: Data(contentsOf: URL(filePath: text)))
        let keys = try #require(seed.keySets.first { $0.msns.contains(Self.msn) })
        return VippsKeys(
            clientID: keys.clientId, clientSecret: keys.clientSecret, subscriptionKey: keys.subscriptionKeys[0])
    }

    private func withGateway(
        envelope: Data? = nil, _ body: @Sendable @escaping (Gateway) async throws -> Void
    ) async throws {
        let keys = try await norwegianKeys()
        let sealed =
            envelope ?? GatewayKeys.shared.seal(keys: keys.clientID, keys.clientSecret, keys.subscriptionKey)
        let bench = try WebhookBench()
        let setupStore = SQLiteSetupStore(database: bench.database, messages: bench.messages)
        try await SetupHearing(store: setupStore, tenant: bench.tenant).hear(
            AgreementSaved(
                agreementID: bench.agreement, displayName: "Vipps", keysEnvelope: sealed, keysSetAt: .now,
                savedBy: UserID(UUID()), savedAt: .now))
        let http = VippsTransport.makeHTTPClient()
        let simulator = simulator
        do {
            try await Application(router: bench.router).test(.live) { client in
                let ring = VippsKeyRing(sealed: setupStore, opening: GatewayKeys.shared.opening)
                let vipps = VippsClient(
                    address: try VippsAddress(deployment: "dev1", override: simulator),
                    system: VippsSystem(name: "Till", version: "1", pluginName: "vipps-gateway", pluginVersion: "1"),
                    transport: VippsTransport(client: http))
                let setup = VippsSetupProvider(client: vipps, keyRing: ring)
                let worker = SetupWorker(
                    store: setupStore, provider: setup, sealing: GatewayKeys.shared.sealing,
                    opening: GatewayKeys.shared.opening, webhookBase: "http://127.0.0.1:\(client.port ?? 0)",
                    now: { bench.clock.now }, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
                let gateway = Gateway(
                    bench: bench, payments: VippsPaymentProvider(client: vipps, keyRing: ring), setup: setup,
                    worker: worker, store: setupStore, http: http, simulator: simulator,
                    payment: PaymentAddress(
                        tenantID: bench.tenant, agreementID: bench.agreement, msn: Self.msn,
                        reference: "till-\(UUID().uuidString.prefix(13).lowercased())"))
                try await gateway.control("reset", "{}")
                try await body(gateway)
            }
            try await http.shutdown()
        } catch {
            try? await http.shutdown()
            throw error
        }
    }
}
