import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import Synchronization
import Testing

/// Makes none, and remembers which were asked for.
private final class NoBackups: Backups {
    let names = Mutex<[String]>([])

    func take(named name: String) async throws {
        if name == "taken" { throw BusOperationRefused(field: "name", slug: "taken", reason: "take another name") }
        names.withLock { $0.append(name) }
    }
}

@Suite("The operator's routes for a backup") struct BusOperatorRoutesTests {
    private let backups = NoBackups()
    private let keys: SessionKeys
    private let house: House
    private let bus: DurableBus<InMemoryMessageStore<[Int]>>

    init() throws {
        house = try House()
        keys = house.keys
        let network = InMemoryNetwork(services: ["test-service"])
        bus = DurableBus(
            service: "test-service", store: InMemoryMessageStore(service: "test-service", value: [Int]()),
            transport: network.transport(of: "test-service"), subscriptions: [],
            handler: MessageRouter<InMemoryMessageStore<[Int]>.Transaction>(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private func post(_ path: String, _ body: String, roles: Set<Role> = [.operator]) async throws -> TestResponse {
        let router = houseRouter(
            service: "test-service", verifier: keys.verifier, now: { House.now }, checks: [], metricsText: { "" },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        BusOperatorRoutes(bus: bus, backups: backups).add(to: router, base: "/test")
        var headers = try house.cookie(roles: roles)
        headers[.contentType] = "application/json"
        headers[.csrfToken] = "token"
        return try await Application(router: router).test(.router) { [headers] client in
            try await client.execute(
                uri: "/test/operator/bus/\(path)", method: .post, headers: headers, body: ByteBuffer(string: body))
        }
    }

    @Test("hold, copy and release") func work() async throws {
        #expect(try await post("hold", #"{"seconds":60}"#).status == .noContent)
        #expect(try await post("backup", #"{"name":"evening"}"#).status == .noContent)
        #expect(try await post("release", "{}").status == .noContent)
        #expect(backups.names.withLock { $0 } == ["evening"])
    }

    @Test("say which field is wrong and why") func refuse() async throws {
        let refusals: [(path: String, body: String, field: String, status: HTTPResponse.Status)] = [
            ("hold", #"{"seconds":0}"#, "seconds", .unprocessableContent),
            ("hold", #"{"seconds":301}"#, "seconds", .unprocessableContent), ("hold", "{}", "seconds", .badRequest),
            ("backup", #"{"name":"taken"}"#, "name", .unprocessableContent), ("backup", "{}", "name", .badRequest),
        ]
        for refusal in refusals {
            let answer = try await post(refusal.path, refusal.body)
            #expect(answer.status == refusal.status, "\(refusal.path) \(refusal.body)")
            #expect(answer.problem?.fields.map(\.field) == [refusal.field])
        }
    }

    @Test("are for operators", arguments: ["hold", "release", "backup"]) func roles(path: String) async throws {
        #expect(try await post(path, #"{"seconds":60,"name":"evening"}"#, roles: [.administrator]).status == .forbidden)
        #expect(backups.names.withLock { $0.isEmpty })
    }
}
