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
import NIOCore
import PointOfSale
import PointOfSaleAdapters
import SQLiteStorage
import SharedKernel
import Synchronization

/// A whole pos-service without bus and socket: its own file, its router, two tenants, a clock turned by hand.
final class TillHouse: Sendable {
    static let noon = InstantText.read("2026-11-23T11:00:00.000Z")!

    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let store: SQLitePointOfSaleStore
    let saleList: SQLiteSaleList
    let useCases: PointOfSaleUseCases
    let inbox: MessageRouter<Database>
    let app: any ApplicationProtocol
    private let clock = Clock()

    /// A clock turned by hand.
    final class Clock: Sendable {
        private let instant = Mutex(TillHouse.noon)
        var now: Date { instant.withLock { $0 } }
        func turn(by seconds: TimeInterval) { instant.withLock { $0 = $0.addingTimeInterval(seconds) } }
    }

    init() async throws {
        let clock = clock
        let now: Now = { clock.now }
        database = try SQLiteDatabase.temporary(migrator: PointOfSaleSchema.migrator)
        messages = SQLiteMessageStore(database: database, service: ServiceName.pos)
        store = SQLitePointOfSaleStore(
            database: database, messages: messages, sessions: try EndedSessions(in: database), now: now)
        saleList = SQLiteSaleList(database: database)
        let keys = Keys.shared
        let hasher = QuickHasher()
        useCases = PointOfSaleUseCases(
            store: store, saleList: saleList,
            sealer: CertificateSealer(certificates: try SealingCertificates(pem: keys.certificate)), hasher: hasher,
            attempts: SignInAttempts(), newToken: { UUID().uuidString })
        inbox = PointOfSaleInbox.router(store: store)
        let router = houseRouter(
            service: ServiceName.pos, verifier: SessionVerifier(key: try VerifyingKey(pem: keys.sessionPublic)),
            withoutToken: PointOfSaleAPI.withoutToken, now: now, checks: [], metricsText: { "" },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let signer = SessionSigner(key: try SigningKey(pem: keys.sessionPrivate))
        PointOfSaleAPI(door: PointOfSaleDoor(useCases: useCases, signer: signer, isSecure: false)).add(to: router)
        app = Application(router: router, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        for seed in try SeedFile(json: Data(Self.seed.utf8)).seeds {
            try await SeedShop(store: store, hasher: hasher)(seed)
        }
    }

    var now: Date { clock.now }
    func turn(by seconds: TimeInterval) { clock.turn(by: seconds) }

    /// Every message the service has told, oldest first.
    func told() async throws -> [Envelope] {
        try await database.writer.read { [messages] in try messages.appendedEnvelopes(in: $0) }
    }

    func told<Contract: MessageContract>(_ contract: Contract.Type) async throws -> [Contract] {
        try await told().filter { $0.type == Contract.type }.map { try $0.decode() }
    }

    /// Hears a message as the bus would deliver it: in one transaction, which is undone when the handler throws.
    func hear(_ message: some MessageContract, tenant: TenantID = .kaffe) async throws {
        let envelope = Envelope(
            id: .new(at: now), source: "/somebody", type: type(of: message).type, subject: message.subject, time: now,
            tenantID: tenant, stream: type(of: message).stream, sequence: 1, epoch: "epoch",
            cause: Cause(correlationID: "correlation", causationID: nil, trace: .new()),
            data: try JSONEncoder.house.encode(message))
        try await database.writer.write { [inbox] in try inbox.handle(envelope, in: $0) }
    }

    static let seed = """
        {"tenants":[
        {"id":"00000000-0000-4000-8000-0000000000a1","name":"Fjellheim Kaffe","market":"NO","currency":"NOK",
         "features":["Payments.Basic"],
         "organizationalUnits":[{"id":"00000000-0000-4000-8000-000000000001","name":"Oslo","code":"OSL"}],
         "users":[
          {"id":"00000000-0000-4000-8000-000000000011","userName":"kari","displayName":"Kari","password":"kanelbolle","roles":["cashier"],"language":"nb"},
          {"id":"00000000-0000-4000-8000-000000000012","userName":"admin","displayName":"Anne","password":"surdeigsbrod","roles":["administrator","cashier"],"language":"nb"},
          {"id":"00000000-0000-4000-8000-000000000013","userName":"operator","displayName":"Ola","password":"fjernhjelp","roles":["operator"],"language":"en"}],
         "products":[
          {"id":"00000000-0000-4000-8000-000000000021","number":"1001","barcode":"2000010010011","name":"Filterkaffe, liten","priceMinor":3900,"vatRateBasisPoints":1500,"category":"Kaffe"},
          {"id":"00000000-0000-4000-8000-000000000022","number":"1002","barcode":null,"name":"Keramikkopp","priceMinor":24900,"vatRateBasisPoints":2500,"category":null}],
         "agentInstances":[
          {"id":"00000000-0000-4000-8000-000000000031","name":"Kasse 1","organizationalUnitID":"00000000-0000-4000-8000-000000000001","isNoAgent":false},
          {"id":"00000000-0000-4000-8000-000000000032","name":"Uten kasse","organizationalUnitID":"00000000-0000-4000-8000-000000000001","isNoAgent":true}]},
        {"id":"00000000-0000-4000-8000-0000000000a2","name":"Havnens Kaffebar","market":"DK","currency":"DKK","features":[],
         "organizationalUnits":[{"id":"00000000-0000-4000-8000-000000000002","name":"København","code":"CPH"}],
         "users":[{"id":"00000000-0000-4000-8000-000000000014","userName":"admin","displayName":"Anders","password":"havnefront","roles":["administrator","cashier"],"language":"da"}],
         "products":[{"id":"00000000-0000-4000-8000-000000000023","number":"2001","barcode":null,"name":"Filterkaffe","priceMinor":3200,"vatRateBasisPoints":2500,"category":null}],
         "agentInstances":[{"id":"00000000-0000-4000-8000-000000000033","name":"Uden kasse","organizationalUnitID":"00000000-0000-4000-8000-000000000002","isNoAgent":true}]}
        ]}
        """
}

extension TenantID {
    static let kaffe = TenantID("00000000-0000-4000-8000-0000000000a1")!
    static let havn = TenantID("00000000-0000-4000-8000-0000000000a2")!
}

extension Identifier {
    static func no(_ digits: String) -> Identifier { Identifier("00000000-0000-4000-8000-0000000000\(digits)")! }
    /// Made on the spot.
    static var fresh: Identifier { Identifier(UUID()) }
}

extension Money {
    static func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
}

/// scrypt is slow on purpose; what is tested here is not scrypt.
struct QuickHasher: PasswordHasher {
    func hash(_ password: String) -> String { "plain \(password)" }
    func verify(_ password: String, against hash: String) -> Bool { hash == "plain \(password)" }
}

/// Keys of this run of the tests, made by the `openssl` command line.
struct Keys: Sendable {
    static let shared = try! Keys()

    let sessionPrivate: String
    let sessionPublic: String
    let certificate: String
    /// Opens what the certificate seals.
    let opening: String

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "till-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for arguments in [
            "genpkey -algorithm ed25519 -out session.pem", "pkey -in session.pem -pubout -out session-public.pem",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=gateway -keyout key.pem -out certificate.pem",
        ] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments.split(separator: " ").map(String.init)
            process.currentDirectoryURL = folder
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
        }
        func text(_ name: String) throws -> String {
            try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
        sessionPrivate = try text("session.pem")
        sessionPublic = try text("session-public.pem")
        certificate = try text("certificate.pem")
        opening = certificate + (try text("key.pem"))
    }

    /// What only the gateway can read.
    static func open(_ envelope: Data) throws -> String {
        String(decoding: try OpeningKeys(pem: shared.opening).open(envelope), as: UTF8.self)
    }
}

/// A browser at the till: its cookie and its token.
struct Browser: Sendable {
    let client: any TestClientProtocol
    var cookie: String?
    var token: String?

    init(_ client: any TestClientProtocol) { self.client = client }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: [String: Any]? = nil, text: String? = nil,
        headers extra: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = extra
        if let cookie { headers[.cookie] = "session=\(cookie)" }
        if let token, headers[.csrfToken] == nil { headers[.csrfToken] = token }
        let content =
            try text ?? body.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) }
        if content != nil { headers[.contentType] = "application/json" }
        let response = try await client.execute(
            uri: "/pos/api/\(path)", method: method, headers: headers, body: content.map { ByteBuffer(string: $0) })
        return Answer(status: response.status.code, text: String(buffer: response.body), headers: response.headers)
    }

    func signedIn(_ userName: String, _ password: String, tenant: String? = nil) async throws -> Browser {
        var body: [String: Any] = ["userName": userName, "password": password]
        body["tenant"] = tenant
        let answer = try await ask(.post, "session", body)
        var browser = self
        browser.cookie = answer.headers[.setCookie]?.split(separator: ";").first?.split(separator: "=", maxSplits: 1)
            .last
            .map(String.init)
        browser.token = answer.json["csrf"] as? String
        return browser
    }

    /// Gives a command to a sale.
    func command(_ sale: String, _ type: String, _ fields: [String: Any] = [:], id: CommandID = .fresh) async throws
        -> Answer
    {
        var body = fields
        body["type"] = type
        body["commandID"] = id.text
        return try await ask(.post, "sales/\(sale)/commands", body)
    }

    /// A new sale with one small coffee, 39,00 kr.
    func coffee() async throws -> String {
        let sale = try await ask(.post, "sales", ["commandID": CommandID.fresh.text])
        let id = sale.json["id"] as? String ?? "no sale"
        _ = try await command(id, "add-product", ["code": "2000010010011"])
        return id
    }
}

extension Answer {
    /// `name=value` of the cookies that were set, by name.
    var cookies: [String: String] {
        headers[values: .setCookie].reduce(into: [:]) { found, header in
            let pair = header.prefix { $0 != ";" }
            found[String(pair.prefix { $0 != "=" })] = String(pair)
        }
    }
}

/// An answer, read as what it should be.
struct Answer: Sendable {
    let status: Int
    let text: String
    let headers: HTTPFields

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }
    var slug: String? { json["type"] as? String }
    var id: String { json["id"] as? String ?? "no id" }
    var fields: [String] { list("fields").compactMap { $0["field"] as? String } }
    func list(_ name: String) -> [[String: Any]] { json[name] as? [[String: Any]] ?? [] }
    func amount(_ name: String) -> Int? { (json[name] as? [String: Any])?["minorUnits"] as? Int }
    func text(_ name: String) -> String? { json[name] as? String }
}

func money(_ minorUnits: Int, _ currency: String = "NOK") -> [String: Any] {
    ["minorUnits": minorUnits, "currency": currency]
}

extension TillHouse {
    static let vippsOption: PaymentOptionID = .no("51")
    static let cashOption: PaymentOptionID = .no("52")
    static let till: AgentInstanceID = .no("31")

    /// A house in which everything is set up: options, agreement, sales unit, a code at till 1, and the cashier there.
    static func ready(_ body: @Sendable (TillHouse, Browser) async throws -> Void) async throws {
        let house = try await TillHouse()
        try await house.hear(
            PaymentOptionSaved(
                paymentOptionID: vippsOption, name: "Vipps", kind: .vippsEPayment, quickAccess: true, enabled: true,
                savedAt: noon))
        try await house.hear(
            PaymentOptionSaved(
                paymentOptionID: cashOption, name: "Kontant", kind: .cash, quickAccess: true, enabled: true,
                savedAt: noon))
        try await house.app.test(.router) { client in
            let admin = try await Browser(client).signedIn("admin", "surdeigsbrod")
            _ = try await admin.ask(
                .post, "vipps-agreements",
                [
                    "id": AgreementID.no("61").text, "displayName": "Vipps",
                    "keys": ["clientID": "id-1", "clientSecret": "very-secret=", "subscriptionKey": "key-1"],
                ])
            _ = try await admin.ask(
                .post, "vipps-sales-units",
                [
                    "id": SalesUnitID.no("71").text, "displayName": "Oslo", "msn": "123456",
                    "organizationalUnitID": OrganizationalUnitID.no("01").text,
                    "agreementID": AgreementID.no("61").text,
                ])
            try await house.hear(
                MerchantQRsSynced(
                    salesUnitID: .no("71"), msn: "123456",
                    codes: [
                        .init(merchantQRID: "qr-1", locationDescription: "Till 1", content: "https://qr.example/1")
                    ],
                    syncedAt: noon))
            _ = try await admin.ask(
                .put, "agent-profiles/\(till.text)",
                ["name": "Kasse 1", "salesUnitID": SalesUnitID.no("71").text, "merchantQRID": "qr-1"])
            let kari = try await Browser(client).signedIn("kari", "kanelbolle")
            _ = try await kari.ask(.put, "session/agent-profile", ["agentProfileID": till.text])
            try await body(house, kari)
        }
    }
}
