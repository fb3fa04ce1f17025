import Foundation
import Testing

@Suite("docs/openapi/pos-service.yaml") struct OpenAPITests {
    /// Every `METHOD /path` of the document; it is written with two spaces a step. Pages and the operator's routes, which
    /// other rooms serve, have tests of their own.
    private func documented() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi/pos-service.yaml")
        var found: Set<String> = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let match = line.wholeMatch(of: #/ {2}(/\S*):/#) { path = String(match.output.1) }
            if let match = line.wholeMatch(of: #/ {4}(get|put|post|delete|patch):/#) {
                found.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return found.filter { $0.contains(" /pos/api/") || !$0.contains("/pos/") }
    }

    @Test("has every address of the interface and no other") func addresses() async throws {
        let house = try await TillHouse()
        #expect(try documented() == house.routes)
    }
}
