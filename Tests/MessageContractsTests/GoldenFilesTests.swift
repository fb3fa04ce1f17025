import Foundation
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("Golden files") struct GoldenFilesTests {
    private func pretty(_ message: some MessageContract) throws -> Data {
        let encoder = JSONEncoder.house
        encoder.outputFormatting.insert(.prettyPrinted)
        return try encoder.encode(message) + Data("\n".utf8)
    }

    private func golden(_ message: some MessageContract) throws -> Data {
        // A new message: WRITE_GOLDEN=1 swift test --filter GoldenFilesTests, then read what was written.
        if ProcessInfo.processInfo.environment["WRITE_GOLDEN"] == "1" {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Golden/\(type(of: message).type).json")
            if !FileManager.default.fileExists(atPath: file.path) { try pretty(message).write(to: file) }
            return try Data(contentsOf: file)
        }
        let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
        return try Data(contentsOf: folder.appending(path: "\(type(of: message).type).json"))
    }

    @Test("hold every message as it is encoded", arguments: Samples.all.indices)
    func encodes(_ index: Int) throws {
        let message = Samples.all[index]
        #expect(
            String(decoding: try pretty(message), as: UTF8.self) == String(decoding: try golden(message), as: UTF8.self)
        )
    }

    @Test("are read back as the same message", arguments: Samples.all.indices)
    func decodes(_ index: Int) throws {
        func check<Contract: MessageContract>(_ message: Contract) throws {
            #expect(try JSONDecoder.house.decode(Contract.self, from: golden(message)) == message)
        }
        try check(Samples.all[index])
    }

    @Test("are there for every message of the catalogue, once") func complete() throws {
        let sampled = Samples.all.map { type(of: $0).type }
        #expect(sampled.sorted() == Catalogue.all.map { $0.type }.sorted())
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        #expect(Set(files) == Set(sampled.map { "\($0).json" }))
    }
}

@Suite("The catalogue of messages") struct CatalogueTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Modules/Shared/MessageContracts")

    @Test("lists every contract that is written down") func complete() throws {
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var declared: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            where line.hasPrefix("package struct") && line.contains(": MessageContract") {
                declared.insert(String(line.dropFirst("package struct ".count).prefix { $0 != ":" }))
            }
        }
        #expect(declared == Set(Catalogue.all.map { "\($0)" }))
        #expect(declared.count == Catalogue.all.count)
    }

    @Test("names each type once, with its stream's context and a version") func names() {
        let types = Catalogue.all.map { $0.type }
        #expect(Set(types).count == types.count)
        for contract in Catalogue.all {
            #expect(contract.type.wholeMatch(of: /[a-z]+\.[a-z0-9-]+\.v[1-9][0-9]*/) != nil, "\(contract.type)")
            #expect(contract.type.split(separator: ".")[0] == contract.stream.rawValue.split(separator: ".")[0])
        }
    }

    @Test("has a subject for every message") func subjects() {
        for message in Samples.all { #expect(!message.subject.isEmpty, "\(type(of: message).type)") }
    }

    @Test(
        "reads each way in which a customer is identified",
        arguments: [
            (CustomerIdentification.phoneNumber(envelope: Data([1])), #"{"phoneNumber":{"envelope":"AQ=="}}"#),
            (.personalQR(envelope: Data([2])), #"{"personalQR":{"envelope":"Ag=="}}"#),
            (.checkIn(Samples.id(17)), #"{"checkIn":{"_0":"00000000-0000-7000-8000-000000000017"}}"#),
            (.oneTimeQR, #"{"oneTimeQR":{}}"#),
        ])
    func identification(_ value: CustomerIdentification, _ json: String) throws {
        #expect(String(decoding: try JSONEncoder.house.encode(value), as: UTF8.self) == json)
        #expect(try JSONDecoder.house.decode(CustomerIdentification.self, from: Data(json.utf8)) == value)
    }

    @Test("reads messages of a later version that have more fields") func moreFields() throws {
        let json = #"{"views":["sales"],"added":{"later":true}}"#
        #expect(try JSONDecoder.house.decode(PointOfSaleViewChanged.self, from: Data(json.utf8)).views == ["sales"])
    }
}
