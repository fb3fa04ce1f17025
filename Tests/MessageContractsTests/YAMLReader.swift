/// Reads the part of YAML that our documents are written in: block and flow collections, plain and double-quoted
/// scalars, folded text. Anything else is an error, so that the documents stay simple.
indirect enum YAML: Equatable {
    case scalar(String)
    case list([YAML])
    case map([String: YAML])

    subscript(_ key: String) -> YAML? {
        if case .map(let fields) = self { fields[key] } else { nil }
    }

    var text: String? { if case .scalar(let text) = self { text } else { nil } }
    var items: [YAML] { if case .list(let items) = self { items } else { [] } }
    var fields: [String: YAML] { if case .map(let fields) = self { fields } else { [:] } }

    struct Unreadable: Error { let line: String }

    static func read(_ text: String) throws -> YAML {
        var lines = text.split(separator: "\n").filter {
            let content = $0.drop { $0 == " " }
            return !content.isEmpty && !content.hasPrefix("#")
        }[...]
        return try block(&lines, indent: 0)
    }

    private static func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }

    private static func block(_ lines: inout ArraySlice<Substring>, indent wanted: Int) throws -> YAML {
        var list: [YAML] = []
        var map: [String: YAML] = [:]
        while let line = lines.first, indent(line) == wanted {
            lines.removeFirst()
            let content = line.dropFirst(wanted)
            if content.hasPrefix("- ") {
                list.append(try value(content.dropFirst(2), &lines, indent: wanted))
                continue
            }
            guard let (key, rest) = keyed(content), map[key] == nil else { throw Unreadable(line: String(line)) }
            map[key] = try value(rest, &lines, indent: wanted)
        }
        if let line = lines.first, indent(line) > wanted { throw Unreadable(line: String(line)) }
        return list.isEmpty ? .map(map) : .list(list)
    }

    private static func keyed(_ content: Substring) -> (String, Substring)? {
        let isQuoted = content.hasPrefix("\"")
        let body = isQuoted ? content.dropFirst() : content
        guard let end = body.firstIndex(of: isQuoted ? "\"" : ":") else { return nil }
        let rest = isQuoted ? body[body.index(after: end)...] : body[end...]
        guard rest.hasPrefix(":") else { return nil }
        return (String(body[..<end]), rest.dropFirst().drop { $0 == " " })
    }

    private static func value(
        _ rest: Substring, _ lines: inout ArraySlice<Substring>, indent parent: Int
    ) throws -> YAML {
        if rest == ">-" {
            var words: [Substring] = []
            while let line = lines.first, indent(line) > parent { words.append(lines.removeFirst().drop { $0 == " " }) }
            return .scalar(words.joined(separator: " "))
        }
        if !rest.isEmpty {
            var scanner = rest
            let value = try flow(&scanner, isInside: false)
            guard scanner.allSatisfy({ $0 == " " }) else { throw Unreadable(line: String(rest)) }
            return value
        }
        guard let next = lines.first, indent(next) > parent else { return .scalar("") }
        return try block(&lines, indent: indent(next))
    }

    private static func flow(_ text: inout Substring, isInside: Bool) throws -> YAML {
        text = text.drop { $0 == " " }
        switch text.first {
        case "{":
            var fields: [String: YAML] = [:]
            try separated(&text, until: "}") { text in
                guard let (key, rest) = keyed(text) else { throw Unreadable(line: String(text)) }
                text = rest
                fields[key] = try flow(&text, isInside: true)
            }
            return .map(fields)
        case "[":
            var items: [YAML] = []
            try separated(&text, until: "]") { items.append(try flow(&$0, isInside: true)) }
            return .list(items)
        case "\"":
            text.removeFirst()
            var scalar = ""
            while let character = text.popFirst(), character != "\"" {
                scalar.append(character == "\\" ? text.popFirst() ?? "\\" : character)
            }
            return .scalar(scalar)
        default:
            let scalar = isInside ? text.prefix { !",]}".contains($0) } : text
            text = text.dropFirst(scalar.count)
            return .scalar(String(scalar).trimmed)
        }
    }

    private static func separated(
        _ text: inout Substring, until end: Character, _ item: (inout Substring) throws -> Void
    ) throws {
        text.removeFirst()
        while true {
            text = text.drop { $0 == " " || $0 == "," }
            guard let first = text.first else { throw Unreadable(line: "no \(end)") }
            if first == end {
                text.removeFirst()
                return
            }
            try item(&text)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
