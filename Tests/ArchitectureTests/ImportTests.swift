import Foundation
import Testing

@Suite("The module table") struct ModuleTableTests {
    /// What the toolchain brings; allowed everywhere. Everything else stands in the table.
    static let toolchain: Set<String> = [
        "Foundation", "Synchronization", "Dispatch", "Glibc", "Testing", "FoundationNetworking", "Musl", "Darwin",
    ]

    @Test("is read whole: every folder with Swift files has its line")
    func isWhole() throws {
        let table = try ModuleTable()
        let folders = Set(table.rooms.map(\.folder))
        #expect(folders.count >= 35)
        for top in ["Modules", "Apps", "Tests", "Tools"] {
            for line in try ImportLine.all(inFolder: top) {
                #expect(folders.contains { line.file.hasPrefix($0 + "/") }, "\(line.file) belongs to no room")
            }
        }
    }

    @Test("allows every import in the tree")
    func allows() throws {
        for room in try ModuleTable().rooms {
            let strangers = Self.strangers(in: room, try ImportLine.all(inFolder: room.folder))
            #expect(strangers.isEmpty, "\(strangers)")
        }
    }

    @Test("is seen to refuse an import that no line allows")
    func refuses() {
        let manifest = """
            let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
            let shared: [Target.Dependency] = ["SharedKernel"]
            room("Payments", at: "Payments/Core", imports: shared),
            """
        let room = ModuleTable(manifest: manifest).rooms[0]
        let lines = ImportLine.all(
            inText: "import Foundation\nimport SharedKernel\nimport GRDB\n@testable import PointOfSale\n",
            file: "Modules/Payments/Core/Payment.swift")
        #expect(Self.strangers(in: room, lines).map(\.module) == ["GRDB", "PointOfSale"])
    }

    static func strangers(in room: ModuleTable.Room, _ lines: [ImportLine]) -> [ImportLine] {
        lines.filter { !toolchain.contains($0.module) && !room.imports.contains($0.module) && $0.module != room.name }
    }
}

@Suite("The direction of imports") struct DirectionTests {
    static let contexts = ["PointOfSale", "Payments", "Finance", "Notifications"]

    @Test("keeps the contexts apart: none imports another", arguments: contexts)
    func contextsApart(context: String) throws {
        let others = Set(Self.contexts).subtracting([context]).flatMap { [$0, $0 + "Adapters"] }
        for room in try ModuleTable().rooms where [context, context + "Adapters"].contains(room.name) {
            #expect(room.imports.isDisjoint(with: others), "\(room.name)")
        }
    }

    @Test("keeps the cores pure: they import the shared kernel alone", arguments: contexts)
    func coresPure(context: String) throws {
        let core = try #require(try ModuleTable().rooms.first { $0.name == context })
        #expect(core.imports == ["SharedKernel"])
    }

    @Test(
        "lets only one room touch each C library",
        arguments: [
            ("CZeroMQ", "ZeroMQ"), ("COpenSSL", "Cryptography"), ("CCurl", "NotificationsAdapters"),
            ("CQREncode", "QRCode"),
        ])
    func oneRoom(library: String, room: String) throws {
        #expect(try ModuleTable().rooms.filter { $0.imports.contains(library) }.map(\.name) == [room])
    }

    @Test("keeps platform rooms free of business")
    func platformFree() throws {
        let business = Set(Self.contexts.flatMap { [$0, $0 + "Adapters"] } + ["MessageContracts"])
        for room in try ModuleTable().rooms where room.folder.hasPrefix("Modules/Platform") {
            #expect(room.imports.isDisjoint(with: business), "\(room.name)")
        }
    }
}

@Suite("The style of the house") struct StyleTests {
    @Test("keeps files readable: none of ours beyond 500 lines")
    func short() throws {
        for top in ["Modules", "Apps"] {
            let base = ModuleTable.root.appending(path: top)
            let files = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                let lines = try String(contentsOf: file, encoding: .utf8).split(
                    separator: "\n", omittingEmptySubsequences: false)
                #expect(lines.count <= 500, "\(file.lastPathComponent) has \(lines.count) lines")
            }
        }
    }

    @Test("keeps cores deterministic: no clock, no chance, no printing in them")
    func deterministic() throws {
        let forbidden = ["Date()", "Date.now", "UUID()", ".random(", "print(", "Task.sleep", "ContinuousClock"]
        for context in DirectionTests.contexts {
            let base = ModuleTable.root.appending(path: "Modules/\(context)/Core")
            let files = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                let words = text.replacing(/\bnewUUID\(\)/, with: "")  // Brought in by the caller.
                let said = forbidden.filter(words.contains)
                #expect(said.isEmpty, "\(context)/\(file.lastPathComponent) says \(said)")
            }
        }
    }
}
