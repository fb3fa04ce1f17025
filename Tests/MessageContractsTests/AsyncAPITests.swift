import Foundation
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("docs/asyncapi.yaml") struct AsyncAPITests {
    private let document: YAML
    private let swift = SchemaCollection()

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/asyncapi.yaml")
        document = try YAML.read(String(contentsOf: file, encoding: .utf8))
        for contract in Catalogue.all { try swift.reflect(contract, named: "\(contract)") }
    }

    private var schemas: [String: YAML] { document["components"]?["schemas"]?.fields ?? [:] }

    private func name(_ reference: YAML?) -> String? {
        reference?["$ref"]?.text?.split(separator: "/").last.map(String.init)
    }

    private func shape(_ schema: YAML) throws -> JSONShape {
        if let name = name(schema) { return .named(name) }
        switch schema["type"]?.text {
        case "string": return schema["contentEncoding"]?.text == "base64" ? .bytes : .plain("string")
        case "integer": return .plain("integer")
        case "boolean": return .plain("boolean")
        case "array": return .array(try shape(#require(schema["items"])))
        case let other:
            Issue.record("a property has the type \(other ?? "none")")
            return .plain("unknown")
        }
    }

    @Test("is AsyncAPI 3") func version() {
        #expect(document["asyncapi"]?.text == "3.0.0")
    }

    @Test("has every message on its stream, and no other") func channels() {
        var documented: [String: Set<String>] = [:]
        for (stream, channel) in document["channels"]?.fields ?? [:] {
            #expect(channel["address"]?.text == stream)
            for (message, reference) in channel["messages"]?.fields ?? [:] {
                #expect(name(reference) == message)
                documented[stream, default: []].insert(message)
            }
        }
        let contracts = Dictionary(grouping: Catalogue.all) { $0.stream.rawValue }.mapValues { Set($0.map { "\($0)" }) }
        #expect(documented == contracts)
        let published = (document["operations"]?.fields ?? [:]).values.compactMap { name($0["channel"]) }
        #expect(Set(published) == Set(contracts.keys))
    }

    @Test("names every message as the envelope does") func messages() {
        let messages = document["components"]?["messages"]?.fields ?? [:]
        #expect(messages.count == Catalogue.all.count)
        for contract in Catalogue.all {
            #expect(messages["\(contract)"]?["name"]?.text == contract.type)
            #expect(name(messages["\(contract)"]?["payload"]) == "\(contract)")
        }
    }

    @Test("says of every object which fields it has, of what kind, and which must be there") func objects() throws {
        for (name, expected) in swift.objects {
            let schema = try #require(schemas[name], "\(name) is not documented")
            #expect(schema["type"]?.text == "object")
            let documented = ObjectShape(
                required: Set((schema["required"]?.items ?? []).compactMap(\.text)),
                properties: try (schema["properties"]?.fields ?? [:]).mapValues(shape))
            #expect(documented == expected, "\(name)")
        }
    }

    @Test("lists every value of every enumeration") func enumerations() throws {
        #expect(Set(swift.enums.keys).isSuperset(of: ["PaymentKind", "AbortReason", "PaymentEventOrigin", "Currency"]))
        for (name, expected) in swift.enums {
            let schema = try #require(schemas[name], "\(name) is not documented")
            #expect((schema["enum"]?.items ?? []).compactMap(\.text) == expected, "\(name)")
        }
    }

    @Test("has no schema that nothing uses") func nothingLeftOver() {
        let known = Set(swift.objects.keys).union(swift.enums.keys)
        let others: Set<String> = [
            "Identifier", "Instant", "Envelope", "CustomerIdentification", "SealedText", "CheckInReference",
        ]
        #expect(Set(schemas.keys) == known.union(others))
    }

    @Test("describes the envelope as it travels") func envelope() throws {
        let envelope = Envelope(
            id: Samples.id(1), source: "/pos-service", type: PointOfSaleViewChanged.type, subject: "sales",
            time: Samples.instant, tenantID: Samples.id(2), stream: .posViews, sequence: 2, epoch: "epoch",
            cause: Cause(correlationID: "correlation", causationID: "cause", trace: .new()), data: Data("{}".utf8))
        let bytes = try EnvelopeCoding.encode(envelope, previousID: Samples.id(3))
        let full = try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let schema = try #require(schemas["Envelope"])
        #expect(Set(full.keys) == Set((schema["properties"]?.fields ?? [:]).keys))
        let optional: Set = ["previousid", "causationid"]
        #expect(Set((schema["required"]?.items ?? []).compactMap(\.text)) == Set(full.keys).subtracting(optional))
    }

    @Test("is met by the golden samples: every documented field is filled") func samples() throws {
        for message in Samples.all {
            let object = try #require(
                JSONSerialization.jsonObject(with: JSONEncoder.house.encode(message)) as? [String: Any])
            #expect(Set(object.keys) == Set((swift.objects["\(type(of: message))"]?.properties ?? [:]).keys))
        }
    }
}
