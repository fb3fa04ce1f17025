import FinanceAdapters
import Foundation
import GRDB
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import SQLiteStorage
import Testing
import WebUI

@Suite("docs/openapi/financial-service.yaml") struct OpenAPITests {
    /// Every `METHOD /path` of a document that is written with two spaces a step.
    private func documented() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi/financial-service.yaml")
        var found: Set<String> = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let match = line.wholeMatch(of: #/  (/\S*):/#) { path = String(match.output.1) }
            if let match = line.wholeMatch(of: #/    (get|put|post|delete|patch):/#) {
                found.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return found
    }

    @Test("has every address of the router and no other") func addresses() throws {
        let house = try FinanceHouse()
        let router = try house.router()
        try Assets(directory: nil).addRoutes(to: router, base: "financial")
        let bus = DurableBus(
            service: ServiceName.finance, store: house.messages,
            transport: InMemoryNetwork(services: [ServiceName.finance]).transport(of: ServiceName.finance),
            subscriptions: [], handler: MessageRouter<Database>(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: house.messages, in: nil))
            .add(to: router, base: "/financial")
        let served = Set(
            router.routes.map { route in
                "\(route.method.rawValue) \(route.path.description.replacing(/:(\w+)/) { "{\($0.1)}" })"
            })
        let written = try documented()
        #expect(served.subtracting(written).sorted() == [])
        #expect(written.subtracting(served).sorted() == [])
    }
}
