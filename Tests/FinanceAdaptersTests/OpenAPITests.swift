import FinanceAdapters
import Foundation
import Hummingbird
import Testing

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

    @Test("has every address of the service and no other") func addresses() throws {
        let house = try FinanceHouse()
        let api = FinanceAPI(options: house.options, ledger: house.ledger, eventLog: house.eventLog).endpoints
        let served = Set((api + (try house.pages().endpoints)).map { "\($0.method.rawValue) \($0.path)" })
        let watching: Set = ["GET /healthz", "GET /readyz", "GET /metrics"]
        #expect(try documented() == served.union(watching))
    }
}
