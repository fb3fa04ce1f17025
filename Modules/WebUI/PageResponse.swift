import Foundation
import HTTPTypes
import Hummingbird

/// What the page shall do besides showing the answer: carried by the `HX-Trigger` header to the pages' script.
package struct ClientEvents: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case plain = ""
        case good, bad
    }

    private var events: [String: [String: String]] = [:]

    package init() {}

    /// Shows a short note.
    package static func toast(_ text: String, _ kind: Kind = .good) -> ClientEvents { ClientEvents().toast(text, kind) }
    /// Closes the open dialog.
    package static var closeDialog: ClientEvents { ClientEvents().closeDialog }
    /// Moves to another page: `go("sale/…")` shows `#/sale/…`.
    package static func go(_ route: String) -> ClientEvents { ClientEvents().go(route) }

    package func toast(_ text: String, _ kind: Kind = .good) -> ClientEvents {
        adding("toast", ["text": text, "kind": kind.rawValue])
    }
    package var closeDialog: ClientEvents { adding("closeDialog", [:]) }
    package func go(_ route: String) -> ClientEvents { adding("go", ["route": route]) }

    /// Makes htmx trigger an event of this name on the element that sent the request (for `hx-trigger="<name> from:body"`).
    package func event(_ name: String) -> ClientEvents { adding(name, [:]) }

    private func adding(_ name: String, _ detail: [String: String]) -> ClientEvents {
        var copy = self
        copy.events[name] = detail
        return copy
    }

    /// JSON in ASCII, as a header must be.
    var header: String {
        guard let data = try? JSONEncoder().encode(events) else { return "{}" }
        return String(decoding: data, as: UTF8.self).unicodeScalars.map { scalar in
            if scalar.isASCII { return String(scalar) }
            return String(scalar).utf16.map { unit in
                let hex = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            }.joined()
        }.joined()
    }
}

extension Response {
    /// An HTML answer, never cached. (What it may load and run is said by the security headers of `HTTPServing`.)
    package static func page(
        _ html: String, status: HTTPResponse.Status = .ok, events: ClientEvents? = nil
    ) -> Response {
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"]
        let body = ByteBuffer(string: html)
        headers[.contentLength] = String(body.readableBytes)
        return Response(status: status, headers: headers, body: .init(byteBuffer: body)).with(events)
    }

    /// Done, nothing to show: 204 with what the page shall do.
    package static func done(_ events: ClientEvents) -> Response { Response(status: .noContent).with(events) }

    private func with(_ events: ClientEvents?) -> Response {
        guard let events, let name = HTTPField.Name("HX-Trigger") else { return self }
        var copy = self
        copy.headers[name] = events.header
        return copy
    }
}
