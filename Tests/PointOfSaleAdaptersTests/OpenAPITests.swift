import Cryptography
import Foundation
import GRDB
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import PointOfSaleAdapters
import SQLiteStorage
import SharedKernel
import Testing

@Suite("docs/openapi/pos-service.yaml and pos-pages.yaml") struct OpenAPITests {
    /// Every `METHOD /path` of a document; it is written with two spaces a step.
    private func documented(_ name: String) throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi/\(name)")
        var found: Set<String> = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let match = line.wholeMatch(of: #/ {2}(/\S*):/#) { path = String(match.output.1) }
            if let match = line.wholeMatch(of: #/ {4}(get|put|post|delete|patch):/#) {
                found.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return found
    }

    /// The router as the service builds it: interface, pages, assets and the operator's routes.
    private func router() async throws -> Router<ServingContext> {
        let house = try await TillHouse()
        let keys = Keys.shared
        let now: Now = { house.now }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let door = PointOfSaleDoor(
            useCases: house.useCases, signer: SessionSigner(key: try SigningKey(pem: keys.sessionPrivate)),
            isSecure: false)
        let pages = try PointOfSalePages(door: door, assets: nil, now: now)
        let router = houseRouter(
            service: ServiceName.pos, verifier: SessionVerifier(key: try VerifyingKey(pem: keys.sessionPublic)),
            now: now, checks: [], metricsText: { "" }, logger: logger, problemPage: pages.problemPage)
        PointOfSaleAPI(door: door).add(to: router)
        pages.add(to: router)
        let bus = DurableBus(
            service: ServiceName.pos, store: house.messages,
            transport: InMemoryNetwork(services: [ServiceName.pos]).transport(of: ServiceName.pos),
            subscriptions: [], handler: MessageRouter<Database>(), logger: logger)
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: house.messages, in: nil)).add(to: router, base: "/pos")
        return router
    }

    @Test("have every address of the router between them, and no other") func addresses() async throws {
        let (api, pages) = (try documented("pos-service.yaml"), try documented("pos-pages.yaml"))
        let served = Set(
            try await router().routes.map { route in
                "\(route.method.rawValue) \(route.path.description.replacing(/:(\w+)/) { "{\($0.1)}" })"
            })
        #expect(served.subtracting(api.union(pages)).sorted() == [])
        #expect(api.union(pages).subtracting(served).sorted() == [])
        #expect(api.intersection(pages).sorted() == [])
    }
}
