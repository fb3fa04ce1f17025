/// An SVG image from outside that may be shown inside a page of ours: it draws, and it neither runs nor loads anything.
///
/// An allow-list of elements and a few rules for attributes; an image with anything else is refused, never mended, so that
/// the code and its quiet zone stay as they were drawn.
package struct SVGImage: Sendable, Hashable {
    /// Room is left for it in a message, also when every byte of it has to be escaped.
    package static let bytesMax = 256 * 1024
    package let text: String

    package struct Objection: Error, Sendable, Hashable {
        package let reason: String
    }

    package init(contentType: String?, bytes: [UInt8]) throws(Objection) {
        let kind = contentType?.split(separator: ";").first.map { $0.lowercased().filter { $0 != " " } }
        guard kind == "image/svg+xml" else {
            throw Objection(
                reason: "its type is \(kind.map { String($0.prefix(40)) } ?? "not given"), not image/svg+xml")
        }
        guard bytes.count <= Self.bytesMax else {
            throw Objection(reason: "it has \(bytes.count) bytes, more than \(Self.bytesMax)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Objection(reason: "it is not UTF-8") }
        self.text = text
        try Self.inspect(text)
    }

    private static let elements: Set<String> = [
        "svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
        "image",
        "clippath", "mask", "title", "desc", "text", "tspan", "lineargradient", "radialgradient", "stop", "pattern",
    ]

    /// Walks from tag to tag.
    private static func inspect(_ text: String) throws(Objection) {
        var rest = text.utf8[...]
        var roots = 0
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[rest.index(after: start)...]
            if rest.starts(with: "!--".utf8) {
                rest = try skip(rest, past: "-->", in: "a comment")
            } else if rest.starts(with: "?xml ".utf8) {
                rest = try skip(rest, past: "?>", in: "its declaration")
            } else if rest.starts(with: "!DOCTYPE svg".utf8) {
                let after = try skip(rest, past: ">", in: "its document type")
                guard !rest[..<after.startIndex].contains(UInt8(ascii: "[")) else {
                    throw Objection(reason: "its document type defines entities")
                }
                rest = after
            } else {
                let end = try endOfTag(rest)
                let tag = String(decoding: rest[..<end], as: UTF8.self)
                rest = rest[rest.index(after: end)...]
                roots += try inspect(tag: tag) ? 1 : 0
            }
        }
        guard roots == 1 else { throw Objection(reason: "it has \(roots) svg elements, not one") }
    }

    /// Inside a comment or declaration there is no angle bracket: a page's parser may end such things elsewhere than we do.
    private static func skip(
        _ rest: Substring.UTF8View, past mark: String, in what: String
    ) throws(Objection) -> Substring.UTF8View {
        let mark = Array(mark.utf8)
        var index = rest.startIndex
        while index != rest.endIndex {
            if rest[index...].starts(with: mark) { return rest[rest.index(index, offsetBy: mark.count)...] }
            let byte = rest[index]
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
                throw Objection(reason: "\(what) holds an angle bracket")
            }
            index = rest.index(after: index)
        }
        throw Objection(reason: "\(what) does not end")
    }

    /// The `>` that ends a tag: not one inside quotes.
    private static func endOfTag(_ rest: Substring.UTF8View) throws(Objection) -> Substring.UTF8View.Index {
        var quote: UInt8?
        for index in rest.indices {
            let byte = rest[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index
            } else if byte == UInt8(ascii: "<") {
                throw Objection(reason: "a tag begins inside a tag")
            }
        }
        throw Objection(reason: "a tag does not end")
    }

    /// - Returns: whether the tag opens an `svg` element.
    private static func inspect(tag: String) throws(Objection) -> Bool {
        let closing = tag.hasPrefix("/")
        let body = closing ? tag.dropFirst() : tag[...]
        let name = body.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
        guard elements.contains(name) else { throw Objection(reason: "it has an element \(name.prefix(30))") }
        if closing { return false }
        for (attribute, value) in try attributes(of: body.dropFirst(name.count)) {
            try inspect(attribute: attribute.lowercased(), value: value.lowercased())
        }
        return name == "svg"
    }

    private static func attributes(of text: Substring) throws(Objection) -> [(String, String)] {
        var found: [(String, String)] = []
        var rest = text.drop { $0.isWhitespace || $0 == "/" }
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest.dropFirst(name.count).drop { $0.isWhitespace }
            guard name.utf8.allSatisfy(isNameByte) else { throw Objection(reason: "an attribute with a strange name") }
            guard rest.first == "=" else { throw Objection(reason: "an attribute \(name.prefix(30)) without a value") }
            rest = rest.dropFirst().drop { $0.isWhitespace }
            guard let quote = rest.first, quote == "\"" || quote == "'",
                let end = rest.dropFirst().firstIndex(of: quote)
            else { throw Objection(reason: "an attribute \(name.prefix(30)) without quotes") }
            found.append((String(name), String(rest[rest.index(after: rest.startIndex)..<end])))
            rest = rest[rest.index(after: end)...].drop { $0.isWhitespace || $0 == "/" }
        }
        return found
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func inspect(attribute: String, value: String) throws(Objection) {
        if attribute.hasPrefix("on") { throw Objection(reason: "it has an attribute \(attribute.prefix(30))") }
        let local = attribute.split(separator: ":").last ?? ""
        let safePictures = ["data:image/png;base64,", "data:image/jpeg;base64,"]
        if local == "href" || local == "src" {
            guard value.hasPrefix("#") || safePictures.contains(where: value.hasPrefix) else {
                throw Objection(reason: "it links to something outside")
            }
        } else if !attribute.hasPrefix("xmlns") {
            let loads = value.replacing("url(#", with: "").contains("url(")
            if loads || value.contains("javascript:") || value.contains("@import") || value.contains("expression(") {
                throw Objection(reason: "its attribute \(attribute.prefix(30)) loads or runs something")
            }
            if attribute == "style" || local == "base", value.contains("&") || value.contains("\\") {
                throw Objection(reason: "its attribute \(attribute.prefix(30)) hides something")
            }
        }
    }
}
