import Cryptography
import Foundation
import GRDB
import HTTPServing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel
import Synchronization
import Testing

/// The webhook route over a real database, with one registration of each topic.
struct WebhookBench: Sendable {
    let clock = TurnedClock()
    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let store: SQLiteWebhookStore
    let signals = CountedSignals()
    let recorder = CountedRecorder()
    let tenant = TenantID(UUID())
    let agreement = AgreementID(UUID())
    let secret = "A0+AeKBRG2KRGvnNwJpQlb6IJFk48CKXCIcrLoHncVJKDILsQSxS6NWCccwWm6r6FhGKhiHTBsG2wo/xU6FY/A=="
    static let payments = "paymentstoken1"
    static let checkIns = "checkinstoken1"
    static let base = "https://shop.example/vipps/webhooks/"

    init() throws {
        var migrator = DatabaseMigrator()
        SetupSchema.register(in: &migrator)
        WebhookSchema.register(in: &migrator)
        database = try SQLiteDatabase.temporary(migrator: migrator)
        messages = SQLiteMessageStore(database: database, service: ServiceName.gateway)
        let keys = GatewayKeys.shared
        store = SQLiteWebhookStore(
            database: database, messages: messages, sealing: keys.sealing, opening: keys.opening, recorder: recorder)
        try database.writer.write { [tenant, agreement, secret] db in
            for (token, topic) in [(Self.payments, "payments"), (Self.checkIns, "check-ins")] {
                try db.execute(
                    sql: """
                        INSERT INTO webhook_registration (token, tenant_id, agreement_id, msn, topic, url, webhook_id,
                            secret_envelope, created_at, registered_at) VALUES (?, ?, ?, '123456', ?, ?, ?, ?, 0, 0)
                        """,
                    arguments: [
                        token, tenant.text, agreement.text, topic, Self.base + token, "id-\(token)", keys.seal(secret),
                    ])
            }
        }
    }

    var router: Router<ServingContext> {
        let router = houseRouter(
            service: ServiceName.gateway, verifier: nil, now: { [clock] in clock.now }, checks: [],
            metricsText: { "" }, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        WebhookRoutes(
            store: store, signals: signals,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        ).add(to: router)
        return router
    }

    /// Headers as Vipps makes them for `body` to the registration `token`.
    func signed(_ body: String, token: String, date: String = "Mon, 23 Nov 2026 09:15:02 GMT") -> HTTPFields {
        let hash = SHA256Digest.of(Data(body.utf8)).base64EncodedString()
        let text = "POST\n/vipps/webhooks/\(token)\n\(date);shop.example;\(hash)"
        let signature = HMACSHA256.code(of: Data(text.utf8), key: Data(secret.utf8)).base64EncodedString()
        var fields: HTTPFields = [
            .contentType: "application/json; charset=utf-8",
            .authorization: "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\(signature)",
        ]
        fields[.init("X-Ms-Date")!] = date
        fields[.init("X-Ms-Content-Sha256")!] = hash
        fields[.init("Webhook-Id")!] = "id-\(token)"
        return fields
    }

    func stored() async throws -> Int {
        try await database.writer.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM webhook_inbox") ?? 0 }
    }

    func told<Contract: MessageContract>(_ contract: Contract.Type) async throws -> [Contract] {
        try await database.writer.read { [messages] db in
            try messages.appendedEnvelopes(in: db).filter { $0.type == Contract.type }.map {
                try $0.decode(Contract.self)
            }
        }
    }

    static func payment(_ name: String = "AUTHORIZED", psp: String = "1304787731", msn: String = "123456") -> String {
        """
        {"msn":"\(msn)","reference":"till3-sale-000123-1","pspReference":"\(psp)","name":"\(name)",\
        "amount":{"currency":"NOK","value":12500},"timestamp":"2026-11-23T09:15:20.031Z","success":true}
        """
    }

    static func scan(_ token: String = "dG9rZW4=", at instant: String = "2026-11-23T09:15:00.1234567Z") -> String {
        """
        {"customerToken":"\(token)","merchantQrId":"till-1","msn":"123456","initiatedAt":"\(instant)"}
        """
    }
}

final class CountedSignals: PaymentSignals {
    private let calls = Mutex<[String]>([])
    var references: [String] { calls.withLock { $0 } }
    func paymentMayHaveChanged(tenantID: TenantID, msn: String, reference: String) {
        calls.withLock { $0.append("\(msn)/\(reference)") }
    }
}

final class CountedRecorder: PaymentWebhookRecorder {
    private let calls = Mutex<[PaymentWebhook]>([])
    var webhooks: [PaymentWebhook] { calls.withLock { $0 } }
    func record(_ webhook: PaymentWebhook, cause: Cause, at now: Date, in db: Database) throws {
        calls.withLock { $0.append(webhook) }
    }
}

@Suite("The door for webhooks", .timeLimit(.minutes(1))) struct WebhookRoutesTests {
    private let bench: WebhookBench
    private let path = "/vipps/webhooks/\(WebhookBench.payments)"

    init() throws { bench = try WebhookBench() }

    private func post(
        _ uri: String, _ headers: HTTPFields, _ body: String, on client: any TestClientProtocol
    ) async throws -> Int {
        try await client.execute(uri: uri, method: .post, headers: headers, body: ByteBuffer(string: body)) {
            $0.status.code
        }
    }

    @Test("keeps a signed webhook, wakes its payment, and tells of the delivery")
    func accepted() async throws {
        let body = WebhookBench.payment()
        try await Application(router: bench.router).test(.router) { client in
            let status = try await post(path, bench.signed(body, token: WebhookBench.payments), body, on: client)
            #expect(status == 200)
        }
        #expect(try await bench.stored() == 1)
        #expect(bench.signals.references == ["123456/till3-sale-000123-1"])
        let recorded = try #require(bench.recorder.webhooks.first)
        #expect(recorded.tenantID == bench.tenant)
        #expect(recorded.pspReference == "1304787731")
        #expect(recorded.amount == Money(minorUnits: 12500, currency: .nok))
        let delivered = try await bench.told(WebhookDelivered.self)
        #expect(delivered.map(\.kind) == [.payments])
        #expect(delivered.first?.agreementID == bench.agreement)
    }

    @Test("takes the other authorization header when the first was swallowed")
    func otherHeader() async throws {
        let body = WebhookBench.payment()
        var headers = bench.signed(body, token: WebhookBench.payments)
        headers[.init("X-Vipps-Authorization")!] = headers[.authorization]
        headers[.authorization] = nil
        let swallowed = headers
        try await Application(router: bench.router).test(.router) { client in
            let status = try await post(path, swallowed, body, on: client)
            #expect(status == 200)
        }
    }

    @Test("keeps a repeat once, and tells of deliveries once a minute")
    func repeats() async throws {
        try await Application(router: bench.router).test(.router) { client in
            for _ in 0..<10 {
                for psp in ["1", "2"] {
                    let body = WebhookBench.payment(psp: psp)
                    let headers = bench.signed(body, token: WebhookBench.payments)
                    let status = try await post(path, headers, body, on: client)
                    #expect(status == 200)
                }
                bench.clock.turn(by: 10)
            }
        }
        #expect(try await bench.stored() == 2)
        #expect(bench.recorder.webhooks.count == 2)
        #expect(try await bench.told(WebhookDelivered.self).count == 2)
    }

    @Test("does not mind how old or how new Vipps' date is", arguments: ["Mon, 23 Nov 2020 09:15:02 GMT", "nonsense"])
    func age(date: String) async throws {
        let body = WebhookBench.payment()
        try await Application(router: bench.router).test(.router) { client in
            let headers = bench.signed(body, token: WebhookBench.payments, date: date)
            let status = try await post(path, headers, body, on: client)
            #expect(status == 200)
        }
    }

    @Test("refuses what is unknown, unsigned or changed, and keeps nothing")
    func refused() async throws {
        let body = WebhookBench.payment()
        let good = bench.signed(body, token: WebhookBench.payments)
        func without(_ name: String) -> HTTPFields {
            var headers = good
            headers[.init(name)!] = nil
            return headers
        }
        var otherID = good
        otherID[.init("Webhook-Id")!] = "id-\(WebhookBench.checkIns)"
        let cases: [(String, HTTPFields, String)] = [
            (path, [:], body), (path, without("Authorization"), body), (path, without("X-Ms-Date"), body),
            (path, without("X-Ms-Content-Sha256"), body), (path, otherID, body), (path, good, body + " "),
            ("/vipps/webhooks/unknown", good, body), ("/vipps/webhooks/UPPER", good, body),
            ("/vipps/webhooks/\(WebhookBench.checkIns)", good, body),
            ("/vipps/webhooks/%70aymentstoken1/", bench.signed(body, token: "x"), body),
        ]
        try await Application(router: bench.router).test(.router) { client in
            for (uri, headers, body) in cases {
                let status = try await post(uri, headers, body, on: client)
                #expect(status == 401)
            }
            let status = try await client.execute(uri: path, method: .get, headers: good) { $0.status.code }
            #expect(status == 404 || status == 405)
        }
        #expect(try await bench.stored() == 0)
        #expect(bench.signals.references.isEmpty)
        #expect(try await bench.told(WebhookDelivered.self).isEmpty)
    }

    @Test("refuses every forged example over the wire", arguments: SignatureVectors.all.refused)
    func forged(delivery: SignatureVectors.Delivery) async throws {
        var headers: HTTPFields = [:]
        headers[.authorization] = delivery.authorization
        headers[.init("X-Ms-Date")!] = delivery.date
        headers[.init("X-Ms-Content-Sha256")!] = delivery.contentHash
        let body = String(decoding: delivery.body, as: UTF8.self)
        let forged = headers
        try await Application(router: bench.router).test(.router) { client in
            let status = try await post(path, forged, body, on: client)
            #expect(status == 401)
        }
        #expect(try await bench.stored() == 0)
    }

    @Test("takes 64 KiB and not a byte more")
    func large() async throws {
        try await Application(router: bench.router).test(.router) { client in
            for (length, expected) in [(64 * 1024, 200), (64 * 1024 + 1, 413)] {
                let body = String(repeating: " ", count: length)
                let headers = bench.signed(body, token: WebhookBench.payments)
                let status = try await post(path, headers, body, on: client)
                #expect(status == expected)
            }
        }
        #expect(try await bench.stored() == 1)
    }

    @Test(
        "answers 200 to what Vipps signed and we do not understand, so that nothing behind it is blocked",
        arguments: ["", "[]", "{}", #"{"msn":"123456"}"#, WebhookBench.payment(msn: "999999"), WebhookBench.scan()])
    func notUnderstood(body: String) async throws {
        try await Application(router: bench.router).test(.router) { client in
            let headers = bench.signed(body, token: WebhookBench.payments)
            let status = try await post(path, headers, body, on: client)
            #expect(status == 200)
        }
        #expect(try await bench.stored() == 1)
        #expect(bench.signals.references.isEmpty)
        #expect(bench.recorder.webhooks.isEmpty)
    }

    @Test("turns a scan into a check-in, once, whose token no file holds in the clear")
    func checkIn() async throws {
        let body = WebhookBench.scan("c2VjcmV0LWN1c3RvbWVyLXRva2Vu")
        let uri = "/vipps/webhooks/\(WebhookBench.checkIns)"
        try await Application(router: bench.router).test(.router) { client in
            for _ in 0..<3 {
                let headers = bench.signed(body, token: WebhookBench.checkIns)
                let status = try await post(uri, headers, body, on: client)
                #expect(status == 200)
            }
        }
        let told = try await bench.told(CustomerCheckedIn.self)
        let checkIn = try #require(told.first)
        #expect(told.count == 1)
        #expect(checkIn.merchantQRID == "till-1")
        #expect(abs(checkIn.validUntil.timeIntervalSince(bench.clock.now) - 898.1) < 0.1)
        let token = try #require(try await bench.store.token(for: checkIn.checkInID, of: bench.tenant))
        #expect(token.token.text == "c2VjcmV0LWN1c3RvbWVyLXRva2Vu")
        #expect(try await bench.store.token(for: checkIn.checkInID, of: TenantID(UUID())) == nil)

        try await bench.database.writer.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
        let file = try Data(contentsOf: URL(filePath: bench.database.path))
        #expect(file.range(of: Data("c2VjcmV0LWN1c3RvbWVyLXRva2Vu".utf8)) == nil)
        #expect(file.range(of: Data(bench.secret.utf8)) == nil)
    }

    @Test("forgets the token of a check-in after its time")
    func erased() async throws {
        let body = WebhookBench.scan()
        try await Application(router: bench.router).test(.router) { client in
            let headers = bench.signed(body, token: WebhookBench.checkIns)
            _ = try await post("/vipps/webhooks/\(WebhookBench.checkIns)", headers, body, on: client)
        }
        let checkIn = try #require(try await bench.told(CustomerCheckedIn.self).first)
        let setup = SQLiteSetupStore(database: bench.database, messages: bench.messages)
        bench.clock.turn(by: 16 * 60)
        try await setup.tidy(at: bench.clock.now)
        #expect(try await bench.store.token(for: checkIn.checkInID, of: bench.tenant) != nil)
        bench.clock.turn(by: 15 * 60)
        try await setup.tidy(at: bench.clock.now)
        #expect(try await bench.store.token(for: checkIn.checkInID, of: bench.tenant) == nil)
    }

    @Test("tells of no check-in that is too old already")
    func tooOld() async throws {
        let body = WebhookBench.scan(at: "2026-11-23T08:50:00Z")
        try await Application(router: bench.router).test(.router) { client in
            let headers = bench.signed(body, token: WebhookBench.checkIns)
            let status = try await post("/vipps/webhooks/\(WebhookBench.checkIns)", headers, body, on: client)
            #expect(status == 200)
        }
        #expect(try await bench.told(CustomerCheckedIn.self).isEmpty)
    }
}
