import Foundation
import HTTPTypes
import Hummingbird

/// Stylesheet, script, icon, htmx and the optional font: read once, served with an address that changes with the content,
/// so that browsers keep them for a year and never show old ones.
package struct Assets: Sendable {
    struct File: Sendable {
        let data: Data
        let contentType: String
        /// Changes with the content. Not a secret, so a plain FNV-1a will do.
        let version: String

        init(_ data: Data, _ contentType: String) {
            self.data = data
            self.contentType = contentType
            let hash = data.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            version = String(hash, radix: 36)
        }
    }

    private var files: [String: File]

    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter directory: holds `htmx.min.js`, and `inter.woff2` if the shop's screens shall have it (ASSETS_DIRECTORY).
    ///   `nil` serves our own files only (tests of routes that need no script).
    package init(directory: URL?) throws {
        let (style, bareStyle) = (try Resources.data(named: "app.css"), try Resources.data(named: "bare.css"))
        files = [
            "app.css": File(Self.tightStyle(style, lengthsOf: style), "text/css; charset=utf-8"),
            "bare.css": File(Self.tightStyle(bareStyle, lengthsOf: style), "text/css; charset=utf-8"),
            "app.js": File(
                Self.tightened(try Resources.data(named: "app.js"), Self.scriptMarks), "text/javascript; charset=utf-8"
            ),
            "operations.js": File(try Resources.data(named: "operations.js"), "text/javascript; charset=utf-8"),
            "icons.svg": File(try Resources.data(named: "icons.svg"), "image/svg+xml"),
            "icon.svg": File(try Resources.data(named: "icon.svg"), "image/svg+xml"),
        ]
        guard let directory else { return }
        let htmx = directory.appending(path: "htmx.min.js")
        guard let script = try? Data(contentsOf: htmx) else {
            throw Missing(description: "ASSETS_DIRECTORY: \(htmx.path) cannot be read; the set-up fetches it")
        }
        files["htmx.min.js"] = File(script, "text/javascript; charset=utf-8")
        if let font = try? Data(contentsOf: directory.appending(path: "inter.woff2")) {
            files["inter.woff2"] = File(font, "font/woff2")
            files["inter.css"] = File(Data(Self.fontStyle.utf8), "text/css; charset=utf-8")
        }
    }

    // `optional`: used when it is there in time (it is preloaded and kept), never swapped in later, so nothing moves.
    private static let fontStyle =
        "@font-face{font-family:Inter;src:url(inter.woff2)format(\"woff2\");font-weight:100 900;font-display:optional}"

    /// Without comments, indentation, the spaces one can do without and the long names of lengths and colours: what the
    /// browser need not read. It knows no grammar, so it is for our own files only, whose texts have none of the
    /// marks; tests hold the result.
    static func tightened(_ source: Data, _ marks: [(String, String)]) -> Data {
        let text = String(decoding: source, as: UTF8.self).replacing(/\/\*(?s:.*?)\*\/ ?/, with: "")
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let kept = lines.filter { !$0.isEmpty && !$0.hasPrefix("//") }.joined(separator: "\n")
        return Data(marks.reduce(kept) { $0.replacing($1.0, with: $1.1) }.utf8)
    }

    /// Also with the lengths of the scales in place of their names, which are longer; no theme changes them.
    static func tightStyle(_ source: Data, lengthsOf style: Data) -> Data {
        let scales = /(--(?:space|radius|size|touch|bar|round)[a-z0-9-]*): ([^;]+); ?/
        var text = String(decoding: source, as: UTF8.self)
        for length in String(decoding: style, as: UTF8.self).matches(of: scales) {
            text = text.replacing(length.output.0, with: "")
            text = text.replacing("var(" + String(length.output.1) + ")", with: length.output.2)
        }
        return tightened(Data(text.utf8), styleMarks)
    }

    private static let styleMarks = [
        (": ", ":"), ("; ", ";"), (", ", ","), (" > ", ">"), (" {", "{"), ("{ ", "{"), (" }", "}"), (";}", "}"),
        ("\n", ""), ("--text-soft", "--ts"), ("--accent-text", "--at"), ("--accent-soft", "--as"), ("--accent-", "--a"),
        ("--surface", "--u"), ("--line-strong", "--ls"), ("--sunken", "--k"),
        ("--tone-soft", "--tf"), ("--tone", "--n"), ("--line", "--l"), ("--text", "--t"),
        ("--accent", "--A"), ("--good", "--g"), ("--warn", "--w"), ("--bad", "--b"), ("--shade", "--h"),
        ("--font", "--f"), ("--ground", "--G"),
    ]
    private static let scriptMarks = [
        (", ", ","), (" = ", "="), (" => ", "=>"), (") {", "){"), (" === ", "==="), (" !== ", "!=="), (" ? ", "?"),
        (" : ", ":"), (" && ", "&&"), (" || ", "||"), (" ?? ", "??"), (" + ", "+"), ("if (", "if("), ("for (", "for("),
        ("; ", ";"), ("{ ", "{"), (" }", "}"), (";}", "}"), (": ", ":"), (" > ", ">"), (" < ", "<"), (";\n", ";"),
        ("{\n", "{"), (",\n", ","), ("element", "el"), ("fragment", "fr"),
        ("topDialog", "tD"), ("isTextField", "iT"), ("moveToasts", "mT"), ("showFailedPage", "sF"), ("showPage", "sP"),
        ("isFailedUpdate", "iF"), ("refetchPostponed", "rP"), ("showConnection", "sC"), ("clockAhead", "cA"),
        ("shownRoute", "sR"), ("markPlaces", "mP"), ("followViews", "fV"), ("learnServerTime", "lT"),
        ("showFieldError", "sE"), ("wasLost", "wL"), ("stream", "st"), ("wanted", "wd"), ("postponed", "pp"),
        ("patience", "pc"), ("isAloneBefore", "iA"), ("closeDialogs", "cD"), ("openDialog", "oD"),
        ("event.", "e."), ("event)", "e)"), ("const ", "let "), (") return", ")return"), ("}\n", "}"),
    ]

    /// Size in bytes of a served file; `nil` for one that is not here.
    package func size(of name: String) -> Int? { files[name]?.data.count }

    /// Where a file is served that only one page needs; `nil` for one that is not here.
    package func address(of name: String, base: String) -> String? {
        files[name].map { "/\(base)/assets/\(name)?v=\($0.version)" }
    }

    /// The addresses for the templates' `{{assets.…}}`.
    func addresses(base: String) -> TemplateValue {
        func address(_ name: String) -> TemplateValue {
            files[name].map { .text("/\(base)/assets/\(name)?v=\($0.version)") } ?? .nothing
        }
        return [
            "style": address("app.css"), "bareStyle": address("bare.css"), "script": address("app.js"),
            "icon": address("icon.svg"), "htmx": address("htmx.min.js"),
            "font": files["inter.woff2"] == nil ? .nothing : .text("/\(base)/assets/inter.woff2"),
            "fontStyle": address("inter.css"),
        ]
    }

    /// Adds `GET /<base>/assets/{file}`.
    package func addRoutes<Context: RequestContext>(to router: some RouterMethods<Context>, base: String) {
        router.get("/\(base)/assets/{file}") { request, context -> Response in
            guard let name = context.parameters.get("file"), let file = self.files[name] else {
                throw HTTPError(.notFound)
            }
            return Self.response(file, to: request, isNamedByVersion: request.uri.queryParameters["v"] != nil)
        }
    }

    private static func response(_ file: File, to request: Request, isNamedByVersion: Bool) -> Response {
        let tag = "\"\(file.version)\""
        var headers: HTTPFields = [
            .contentType: file.contentType, .eTag: tag,
            .cacheControl: isNamedByVersion ? "public, max-age=31536000, immutable" : "public, max-age=3600",
            .xContentTypeOptions: "nosniff",
        ]
        guard request.headers[.ifNoneMatch] != tag else { return Response(status: .notModified, headers: headers) }
        headers[.contentLength] = String(file.data.count)
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: file.data)))
    }
}
