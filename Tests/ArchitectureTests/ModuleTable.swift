import Foundation

/// The table of rooms in Package.swift, read as text: folder and allowed imports of each room.
struct ModuleTable {
    struct Room {
        let name: String
        let folder: String
        let imports: Set<String>
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let rooms: [Room]

    init(manifest: String) {
        let words = Self.definitions(in: manifest)
        rooms = Self.calls(in: manifest).compactMap { kind, arguments in
            guard let name = arguments.firstMatch(of: /"(\w+)"/).map({ String($0.output.1) }) else { return nil }
            let at = arguments.firstMatch(of: /at:\s*"([^"]+)"/).map { String($0.output.1) } ?? name
            let folder = kind == "room" ? "Modules/\(at)" : kind == "tests" ? "Tests/\(name)" : at
            let imports = arguments.firstRange(of: "imports:").map { arguments[$0.upperBound...] } ?? ""
            return Room(name: name, folder: folder, imports: Self.names(in: imports, words))
        }
    }

    /// Every call of `room`, `app`, `tool` and `tests` with the text between its parentheses.
    private static func calls(in manifest: String) -> [(kind: String, arguments: Substring)] {
        manifest.matches(of: /(?:^|\s)(room|app|tool|tests)\(\s*"/).map { match in
            let start = manifest[match.range.lowerBound...].firstIndex(of: "(")!
            var depth = 0
            let end = manifest[start...].firstIndex { character in
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
                return depth == 0
            }
            return (String(match.output.1), manifest[manifest.index(after: start)..<(end ?? manifest.endIndex)])
        }
    }

    init() throws {
        self.init(manifest: try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8))
    }

    /// `let hummingbird: Target.Dependency = .product(name: "Hummingbird", ...)` and `let shared: [Target.Dependency] = [...]`.
    private static func definitions(in manifest: String) -> [String: Set<String>] {
        var words: [String: Set<String>] = [:]
        for match in manifest.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/) {
            words[String(match.output.1)] = [String(match.output.2)]
        }
        for match in manifest.matches(of: /let (\w+): \[Target\.Dependency\] = \[([^\]]*)\]/) {
            words[String(match.output.1)] = names(in: match.output.2, words)
        }
        return words
    }

    private static func names(in text: Substring, _ words: [String: Set<String>]) -> Set<String> {
        var names: Set<String> = []
        let beforeResources = text.firstRange(of: "resources:").map { text[..<$0.lowerBound] } ?? text
        for match in beforeResources.matches(of: /"(\w+)"|\b([a-z]\w*)\b/) {
            if let quoted = match.output.1 { names.insert(String(quoted)) }
            if let word = match.output.2 { names.formUnion(words[String(word)] ?? []) }
        }
        return names
    }
}

/// One `import` line of a Swift file.
struct ImportLine: Hashable, CustomStringConvertible {
    let file: String
    let module: String
    var description: String { "\(file) imports \(module)" }

    static func all(inFolder folder: String, under root: URL = ModuleTable.root) throws -> [ImportLine] {
        let base = root.appending(path: folder)
        guard let files = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil) else { return [] }
        var lines: [ImportLine] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            lines += all(inText: text, file: file.path().replacingOccurrences(of: root.path(), with: ""))
        }
        return lines
    }

    static func all(inText text: String, file: String) -> [ImportLine] {
        text.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\s*(?:@\w+\s+)?(?:\w+\s+)?import (?:(?:struct|class|enum|protocol|func) )?(\w+)/)
                .map { ImportLine(file: file, module: String($0.output.1)) }
        }
    }
}
