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

    /// - Parameter directory: holds `htmx.min.js`, `inter.woff2` if the shop's screens shall have it, and our own files as
    ///   the set-up makes them smaller (ASSETS_DIRECTORY). What of those is not there is served as it is written; `nil`
    ///   serves all of them so, and nothing else (tests of routes that need no script).
    package init(directory: URL?) throws {
        let ours = [
            "app.css": "text/css; charset=utf-8", "bare.css": "text/css; charset=utf-8",
            "app.js": "text/javascript; charset=utf-8", "operations.js": "text/javascript; charset=utf-8",
            "icons.svg": "image/svg+xml", "icon.svg": "image/svg+xml",
        ]
        files = Dictionary(
            uniqueKeysWithValues: try ours.map { name, contentType in
                let smaller = directory.flatMap { try? Data(contentsOf: $0.appending(path: name)) }
                return (name, File(try smaller ?? Resources.data(named: name), contentType))
            })
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
