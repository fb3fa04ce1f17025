import Cryptography
import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import SharedKernel
import Testing

/// An Ed25519 pair made by the `openssl` command line.
struct SessionKeys: Sendable {
    let signer: SessionSigner
    let verifyingKey: VerifyingKey
    let verifier: SessionVerifier

    /// Made once for all tests of this process.
    static let shared = Result { try SessionKeys() }

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sessions-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for arguments in [
            ["genpkey", "-algorithm", "ed25519", "-out", "key.pem"],
            ["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"],
        ] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = folder
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
        }
        signer = SessionSigner(
            key: try SigningKey(pem: String(contentsOf: folder.appending(path: "key.pem"), encoding: .utf8)))
        verifyingKey = try VerifyingKey(
            pem: String(contentsOf: folder.appending(path: "public.pem"), encoding: .utf8))
        verifier = SessionVerifier(key: verifyingKey)
    }
}

struct House {
    static let now = Date(timeIntervalSince1970: 1_795_000_000)
    let keys: SessionKeys
    let app: any ApplicationProtocol

    struct Body: Codable {
        let amount: Int64
        let lines: [Line]
        struct Line: Codable { let name: String }
    }

    /// - Parameter keys: `nil` for those that all houses share.
    init(ready: Bool = true, keys ownKeys: SessionKeys? = nil) throws {
        keys = try ownKeys ?? SessionKeys.shared.get()
        let router = houseRouter(
            service: "test-service", verifier: keys.verifier, withoutToken: ["/sign-in"], now: { House.now },
            checks: [HealthCheck("database") { ready ? .ready : .notReady("the disk is full") }],
            metricsText: { "metric 1\n" }, logger: Logger(label: "test"))
        router.post("bodies") { request, _ in try jsonResponse(try await decodeBody(Body.self, of: request)) }
        router.post("sign-in") { _, _ in try jsonResponse(["signed": "in"]) }
        router.get("admin") { _, context in try jsonResponse(["user": try context.require(.administrator).userName]) }
        router.post("admin") { _, context in try jsonResponse(["user": try context.require(.administrator).userName]) }
        router.get("broken") { _, _ -> Response in throw CocoaError(.fileNoSuchFile) }
        router.get("full") { _, _ -> Response in throw StoreUnavailable(reason: "disk full; make space on its disk") }
        router.get("things/:id") { _, context in
            let id: SaleID = try context.identifier("id", of: "sale")
            return try jsonResponse(["id": id.text])
        }
        app = Application(router: router)
    }

    func cookie(roles: Set<Role> = [.administrator], expiresIn: TimeInterval = 60) throws -> HTTPFields {
        let session = Session(
            sessionID: .new(at: House.now), userID: .new(at: House.now), userName: "kari",
            tenantID: .new(at: House.now),
            tenantName: "Fjellheim", roles: roles, csrf: "token", expiresAt: House.now.addingTimeInterval(expiresIn))
        return [.cookie: "session=\(try keys.signer.cookie(for: session))"]
    }
}

struct ProblemBody: Codable {
    struct Field: Codable {
        let field: String
        let slug: String
        let reason: String
    }
    let type: String
    let status: Int
    let detail: String
    let fields: [Field]
}

extension TestResponse {
    /// The problem in the body; `nil` when the body is something else.
    var problem: ProblemBody? { try? JSONDecoder().decode(ProblemBody.self, from: Data(body.readableBytesView)) }
}

@Suite("A request body") struct RequestBodyTests {
    @Test(
        "is refused with the field and the reason",
        arguments: [
            (#"{"lines":[]}"#, "amount", "missing"),
            (#"{"amount":"ten","lines":[]}"#, "amount", "wrong-type"),
            (#"{"amount":1,"lines":[{"name":"a"},{"name":7}]}"#, "lines[1].name", "wrong-type"),
            (#"{"amount":null,"lines":[]}"#, "amount", "missing"),
            (#"{"amount":1.5,"lines":[]}"#, "amount", "not-whole"),
            (#"{"amount":99999999999999999999,"lines":[]}"#, "amount", "not-whole"),
        ])
    func refused(body: String, field: String, slug: String) async throws {
        try await House().app.test(.router) { client in
            try await client.execute(uri: "/bodies", method: .post, body: ByteBuffer(string: body)) { response in
                #expect(response.status == .badRequest)
                let problem = try #require(response.problem)
                #expect(problem.fields.first?.field == field)
                #expect(problem.fields.first?.slug == slug)
            }
        }
    }

    @Test(
        "that is no JSON, or no object, is a clear 400",
        arguments: ["{", "", "[]", "\u{0}\u{1}"])
    func malformed(body: String) async throws {
        try await House().app.test(.router) { client in
            try await client.execute(uri: "/bodies", method: .post, body: ByteBuffer(string: body)) { response in
                #expect(response.status == .badRequest)
                #expect(response.problem?.type == "malformed")
            }
        }
    }

    @Test("beyond the limit is refused with the limit")
    func tooLarge() async throws {
        try await House().app.test(.router) { client in
            let body = ByteBuffer(string: String(repeating: "x", count: bodyBytesMax + 1))
            try await client.execute(uri: "/bodies", method: .post, body: body) { response in
                #expect(response.status == .contentTooLarge)
                #expect(response.problem?.detail.contains("\(bodyBytesMax)") == true)
            }
        }
    }
}

@Suite("A session") struct SessionTests {
    @Test("opens what its role may do")
    func opens() async throws {
        let house = try House()
        try await house.app.test(.router) { client in
            try await client.execute(uri: "/admin", method: .get, headers: house.cookie()) { response in
                #expect(response.status == .ok)
            }
        }
    }

    @Test("that is missing, expired, forged or of another role is refused by name")
    func refuses() async throws {
        let house = try House()
        let other = try House(keys: try SessionKeys())
        try await house.app.test(.router) { client in
            for (headers, status, slug) in [
                (HTTPFields(), 401, "signed-out"),
                (try house.cookie(expiresIn: -1), 401, "session-expired"),
                (try other.cookie(), 401, "signed-out"),
                ([.cookie: "session=a.b"], 401, "signed-out"),
                (try house.cookie(roles: [.cashier]), 403, "forbidden"),
            ] as [(HTTPFields, Int, String)] {
                try await client.execute(uri: "/admin", method: .get, headers: headers) { response in
                    #expect(response.status.code == status)
                    #expect(response.problem?.type == slug)
                }
            }
        }
    }

    @Test("that was ended before its time has expired, and no other has") func ended() throws {
        let keys = try SessionKeys.shared.get()
        func session() -> Session {
            Session(
                sessionID: .new(at: House.now), userID: .new(at: House.now), userName: "kari",
                tenantID: .new(at: House.now), tenantName: "Fjellheim", roles: [.cashier], csrf: "token",
                expiresAt: House.now.addingTimeInterval(60))
        }
        let (ended, other) = (session(), session())
        let verifier = SessionVerifier(key: keys.verifyingKey) { $0 == ended.sessionID }
        #expect(verifier.check(try keys.signer.cookie(for: ended), now: House.now) == .expired)
        #expect(verifier.check(try keys.signer.cookie(for: other), now: House.now) == .valid(other))
    }

    @Test("guards unsafe requests by its token and by their origin")
    func guards() async throws {
        let house = try House()
        try await house.app.test(.router) { client in
            var headers = try house.cookie()
            try await client.execute(uri: "/admin", method: .post, headers: headers) {
                #expect($0.status == .forbidden)
            }
            headers[.csrfToken] = "token"
            try await client.execute(uri: "/admin", method: .post, headers: headers) { #expect($0.status == .ok) }
            headers[.origin] = "https://elsewhere.example"
            try await client.execute(uri: "/admin", method: .post, headers: headers) {
                #expect($0.status == .forbidden)
            }
            try await client.execute(uri: "/sign-in", method: .post) { #expect($0.status == .ok) }
        }
    }
}

@Suite("Every answer") struct AnswerTests {
    @Test("continues the caller's trace and forbids foreign scripts")
    func headers() async throws {
        try await House().app.test(.router) { client in
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            try await client.execute(uri: "/healthz", method: .get, headers: [.traceparent: trace]) { response in
                #expect(response.headers[.traceparent]?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true)
                let policy = try #require(response.headers[.contentSecurityPolicy])
                #expect(policy.contains("script-src 'self'") && !policy.contains("unsafe"))
            }
        }
    }

    @Test("to a full disk is a 503 that says what is the matter and what to do")
    func fullDisk() async throws {
        try await House().app.test(.router) { client in
            try await client.execute(uri: "/full", method: .get) { response in
                #expect(response.status == .serviceUnavailable)
                let body = String(buffer: response.body)
                for words in ["\"store-unavailable\"", "database", "make space", "Send the same request again"] {
                    #expect(body.contains(words))
                }
            }
        }
    }

    @Test("to our own failure is a 500 that tells nothing but the trace")
    func broken() async throws {
        try await House().app.test(.router) { client in
            try await client.execute(uri: "/broken", method: .get) { response in
                #expect(response.status == .internalServerError)
                #expect(response.problem?.detail.contains("Cocoa") == false)
            }
        }
    }

    @Test("to an unknown address or identifier is a 404 problem", arguments: ["/nowhere", "/things/7", "/things/x%00"])
    func unknown(path: String) async throws {
        try await House().app.test(.router) { client in
            try await client.execute(uri: path, method: .get) { response in
                #expect(response.status == .notFound)
                #expect(response.problem?.type == "not-found")
            }
        }
    }
}

@Suite("Readiness") struct ReadinessTests {
    @Test("names each dependency", arguments: [true, false])
    func names(ready: Bool) async throws {
        try await House(ready: ready).app.test(.router) { client in
            try await client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == (ready ? .ok : .serviceUnavailable))
                let text = String(buffer: response.body)
                #expect(text.contains("database"))
                #expect(text.contains("disk is full") == !ready)
            }
            try await client.execute(uri: "/metrics", method: .get) { response in
                #expect(String(buffer: response.body) == "metric 1\n")
            }
        }
    }
}
