import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Messaging
import Payments
import PaymentsAdapters
import SharedKernel
import Synchronization

/// A server on a free port that answers as a test tells it, and remembers what it was asked.
final class VippsStub: Sendable {
    struct Asked: Sendable {
        let method: String
        /// Path with query.
        let path: String
        let headers: [String: String]
        let body: String
        /// The client's port: one for each connection.
        let port: Int?

        subscript(_ header: String) -> String? { headers[header.lowercased()] }
    }

    private struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let port: Int?

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            port = source.channel.remoteAddress?.port
        }
    }

    enum Answer: Sendable {
        case json(Int, String, headers: [String: String] = [:])
        case text(Int, String, type: String)
        /// Says nothing until the client goes.
        case silence
        /// Promises a body and closes the connection in the middle.
        case brokenOff
        /// A body that never ends.
        case drip
    }

    static let tokenPath = "/accesstoken/get"
    private let seen = Mutex<[Asked]>([])
    private let clientHasGone = WakeSignal()
    private let script: @Sendable (Asked, Int) -> Answer

    /// - Parameter script: what to answer; the number counts the requests to the same path from 1.
    init(_ script: @escaping @Sendable (Asked, Int) -> Answer) { self.script = script }

    /// A token that is named after its number, as Vipps writes it: all numbers are strings.
    static func token(_ number: Int, life: Int = 3600) -> Answer {
        .json(
            200,
            """
            {"token_type":"Bearer","expires_in":"\(life)","ext_expires_in":"\(life)","expires_on":"1795000000",\
            "not_before":"1794990000","resource":"00000002-0000-0000-c000-000000000000","access_token":"token-\(number)"}
            """)
    }

    /// A stub that hands out tokens and answers everything else by `script`.
    static func withTokens(_ script: @escaping @Sendable (Asked, Int) -> Answer) -> VippsStub {
        VippsStub { asked, number in asked.path == tokenPath ? token(number) : script(asked, number) }
    }

    var asked: [Asked] { seen.withLock { $0 } }
    func asked(_ path: String) -> [Asked] { asked.filter { $0.path == path } }

    /// Runs the stub while `body` does.
    func serve(_ body: @Sendable @escaping (_ base: String) async throws -> Void) async throws {
        let router = Router(context: Context.self)
        for method: HTTPRequest.Method in [.get, .post, .put, .delete] {
            router.on("**", method: method) { request, context in
                try await self.answer(request, from: context.port)
            }
        }
        try await Application(router: router).test(.live) { client in
            defer { self.clientHasGone.wake() }
            try await body("http://127.0.0.1:\(client.port ?? 0)")
        }
    }

    private func answer(_ request: Request, from port: Int?) async throws -> Response {
        let bytes = try await request.body.collect(upTo: 1 << 20)
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let asked = Asked(
            method: request.method.rawValue, path: request.uri.string, headers: headers, body: String(buffer: bytes),
            port: port)
        let number = seen.withLock { seen in
            seen.append(asked)
            return seen.count { $0.path == asked.path }
        }
        switch script(asked, number) {
        case .json(let status, let body, let extra):
            var fields: HTTPFields = [.contentType: "application/json"]
            for (name, value) in extra { if let name = HTTPField.Name(name) { fields[name] = value } }
            return Response(
                status: .init(code: status), headers: fields, body: .init(byteBuffer: ByteBuffer(string: body)))
        case .text(let status, let body, let type):
            return Response(
                status: .init(code: status), headers: [.contentType: type],
                body: .init(byteBuffer: ByteBuffer(string: body)))
        case .silence:
            await clientHasGone.wait()
            return Response(status: .internalServerError)
        case .brokenOff:
            return Response(
                status: .ok,
                body: .init(contentLength: 1000) { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    throw CancellationError()
                })
        case .drip:
            return Response(
                status: .ok,
                body: .init { writer in
                    for _ in 0..<1000 {
                        try await writer.write(ByteBuffer(string: " "))
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    try await writer.finish(nil)
                })
        }
    }
}

/// A client of a stub, with keys in memory and a clock turned by hand.
struct VippsBench: Sendable {
    let client: VippsClient
    let clock: TurnedClock
    let keys = VippsKeys(clientID: "client-1", clientSecret: "c2VjcmV0", subscriptionKey: "0123abcd")

    /// Runs `body` with a client whose limits are small, and shuts its connections down afterwards.
    static func run(
        base: String, limits: VippsTransport.Limits = .init(connect: .seconds(2), request: .seconds(5)),
        _ body: @Sendable (VippsBench) async throws -> Void
    ) async throws {
        let http = VippsTransport.makeHTTPClient(limits: limits)
        let clock = TurnedClock()
        let bench = VippsBench(
            client: VippsClient(
                address: try VippsAddress(deployment: "dev1", override: base),
                system: VippsSystem(
                    name: "Till", version: "1.0", pluginName: "vipps-gateway", pluginVersion: "1.0"),
                transport: VippsTransport(client: http, limits: limits), now: { clock.now }),
            clock: clock)
        let result: Result<Void, any Error>
        do {
            try await body(bench)
            result = .success(())
        } catch { result = .failure(error) }
        try await http.shutdown()
        try result.get()
    }
}

/// The wall clock, turned by hand.
final class TurnedClock: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_795_000_000))
    var now: Date { instant.withLock { $0 } }
    func turn(by seconds: TimeInterval) { instant.withLock { $0 += seconds } }
}

/// Keys for every agreement of every tenant.
struct OneEnvelope: SealedKeys {
    let envelope: Data?
    func keysEnvelope(of agreement: AgreementID, tenant: TenantID) async throws -> Data? { envelope }
}
