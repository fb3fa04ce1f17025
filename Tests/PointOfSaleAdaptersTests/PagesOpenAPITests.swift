import Foundation
import Testing

@Suite("docs/openapi/pos-pages.yaml") struct PagesOpenAPITests {
    /// Every `METHOD /path` of the document; it is written with two spaces a step.
    private func documented() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi/pos-pages.yaml")
        var found: Set<String> = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let match = line.wholeMatch(of: #/ {2}(/\S*):/#) { path = String(match.output.1) }
            if let match = line.wholeMatch(of: #/ {4}(get|post):/#) {
                found.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return found
    }

    @Test("has every address of the pages and no other") func addresses() async throws {
        let house = try PagesHouse(try await TillHouse())
        let written = try documented()
        #expect(written.subtracting(house.routes).sorted() == [])
        #expect(house.routes.subtracting(written).sorted() == [])
    }
}
