import Foundation
import GRDB
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Testing

/// Files of the repository, found from this one.
private func document(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
}

@Suite("The documents of the gateway", .timeLimit(.minutes(1))) struct VippsDocumentsTests {
    @Test("describe every route of the router, and no other")
    func openAPI() throws {
        var described: Set<String> = []
        var path = ""
        for line in try document("docs/openapi/vipps-gateway.yaml").split(separator: "\n") {
            if let match = line.wholeMatch(of: /\s{2}(\/[^:]*):/) { path = String(match.1) }
            if let match = line.wholeMatch(of: /\s{4}(get|post|put|patch|delete):/) {
                described.insert("\(match.1.uppercased()) \(path)")
            }
        }
        let bench = try WebhookBench()
        let router = bench.router
        let network = InMemoryNetwork(services: [ServiceName.gateway])
        let bus = DurableBus(
            service: ServiceName.gateway, store: bench.messages, transport: network.transport(of: ServiceName.gateway),
            subscriptions: [], handler: MessageRouter<Database>(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: bench.messages, in: nil)).add(to: router, base: "/vipps")
        let routes = router.routes.map { route in
            let path = route.path.description.split(separator: "/").map { part in
                part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
            }
            return "\(route.method.rawValue) /\(path.joined(separator: "/"))"
        }
        #expect(Set(routes) == described)
    }

    @Test("list every endpoint of Vipps that is called, and no other")
    func endpoints() async throws {
        let listed = Set(
            try document("docs/vipps-endpoints.md").matches(of: /\| `((?:GET|POST|PUT|DELETE) \/[^`]*)`/)
                .map { String($0.1) })
        let stub = VippsStub.withTokens { _, _ in .json(200, "{}") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let envelope = GatewayKeys.shared.seal(keys: "c")
                let ring = VippsKeyRing(sealed: OneEnvelope(envelope: envelope), opening: GatewayKeys.shared.opening)
                await callEverything(
                    VippsPaymentProvider(client: bench.client, keyRing: ring),
                    VippsSetupProvider(client: bench.client, keyRing: ring))
            }
        }
        let called = Set(
            stub.asked.map { asked in
                let path = asked.path.prefix { $0 != "?" }
                    .replacing("a-reference", with: "{reference}").replacing("a-webhook", with: "{id}")
                    .replacing("a-code", with: "{merchantQrId}").replacing("a-beacon", with: "{beaconId}")
                return "\(asked.method) \(path)"
            })
        #expect(called == listed)
    }

    private func callEverything(_ payments: VippsPaymentProvider, _ setup: VippsSetupProvider) async {
        let address = PaymentAddress(
            tenantID: TenantID(UUID()), agreementID: AgreementID(UUID()), msn: "123456", reference: "a-reference")
        let amount = Money(minorUnits: 100, currency: .nok)
        let key = IdempotencyKey("k")
        _ = await payments.create(
            CreateRequest(
                address: address, amount: amount, description: "Shop", customer: .oneTimeQR, receipt: [],
                saleIdentifier: "1"), key: key)
        _ = await payments.get(address)
        _ = await payments.events(of: address)
        _ = await payments.capture(amount, of: address, key: key)
        _ = await payments.cancel(address, transactionOnly: true, key: key)
        _ = await payments.refund(amount, of: address, key: key)
        let place = SetupAddress(tenantID: address.tenantID, agreementID: address.agreementID, msn: address.msn)
        try? await setup.checkKeys(place)
        _ = try? await setup.webhooks(place)
        _ = try? await setup.registerWebhook("https://shop.example/x", for: .payments, place)
        try? await setup.deleteWebhook("a-webhook", place)
        _ = try? await setup.merchantQRs(place)
        try? await setup.putMerchantQR("a-code", locationDescription: "Till", place)
        try? await setup.deleteMerchantQR("a-code", place)
        try? await setup.convertMobilePayQR("a-beacon", locationDescription: "Till", place)
        _ = try? await setup.merchantQRImage("a-code", place)
    }
}
