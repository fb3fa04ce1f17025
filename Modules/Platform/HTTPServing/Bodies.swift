import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SharedKernel

/// How large a body may be unless a route says otherwise.
package let bodyBytesMax = 65_536

/// The raw bytes of a body.
///
/// - Throws: `Problem` 413 beyond `maxBytes`, 400 when the body breaks off or is not sent as HTTP demands.
package func collectBody(of request: Request, maxBytes: Int = bodyBytesMax) async throws -> Data {
    var request = request
    do {
        return Data(try await request.collectBody(upTo: maxBytes).readableBytesView)
    } catch is NIOTooManyBytesError {
        throw Problem(
            .contentTooLarge, "too-large", title: "The request is too large",
            detail: "At most \(maxBytes) bytes are accepted here. Send less at a time.")
    } catch let cancellation as CancellationError {
        throw cancellation
    } catch {
        throw Problem.malformed("The body could not be read to its end.")
    }
}

/// The body as JSON of `Content`.
///
/// - Throws: `Problem` that names the field and what is wrong with it.
package func decodeBody<Content: Decodable>(
    _ type: Content.Type = Content.self, of request: Request, maxBytes: Int = bodyBytesMax
) async throws -> Content {
    if let contentType = request.headers[.contentType], !contentType.lowercased().hasPrefix("application/json") {
        throw Problem(
            .unsupportedMediaType, "unsupported-media-type", title: "Not JSON",
            detail: "Send the body as application/json.")
    }
    let body = try await collectBody(of: request, maxBytes: maxBytes)
    do {
        return try JSONDecoder.house.decode(foreign: body)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
        throw Problem(unreadable: body)
    } catch let error as DecodingError {
        throw Problem(error)
    } catch let invalid as Invalid {
        throw Problem.invalid(invalid)
    }
}

extension Problem {
    /// Names the field that could not be read; never repeats its content.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .field(context.codingPath + [key], "missing", "is missing; it must be given")
        case .valueNotFound(_, let context):
            self = .field(context.codingPath, "missing", "is null; it must have a value")
        case .typeMismatch(let type, let context):
            self = .field(context.codingPath, "wrong-type", "has the wrong type; \(Self.word(for: type)) is expected")
        case .dataCorrupted(let context):
            self = .field(context.codingPath, "not-valid", "is not valid: \(context.debugDescription)")
        @unknown default:
            self = .malformed("The body cannot be read.")
        }
    }

    /// Foundation does not say where it met a number it could not take; so the first that is not whole or too large is
    /// looked for.
    fileprivate init(unreadable body: Data) {
        guard JSONDecoder.isShallow(body),
            let tree = try? JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed)
        else {
            self = .malformed("The body is not valid JSON.")
            return
        }
        guard let name = Self.placeOfOddNumber(in: tree, at: "") else {
            self = .malformed("The body cannot be read.")
            return
        }
        self = .field(name, "not-whole", "must be a whole number between -2^63 and 2^63 - 1")
    }

    private static func placeOfOddNumber(in value: Any, at name: String) -> String? {
        switch value {
        case let object as [String: Any]:
            return object.sorted { $0.key < $1.key }.lazy
                .compactMap { placeOfOddNumber(in: $0.value, at: name.isEmpty ? $0.key : "\(name).\($0.key)") }.first
        case let list as [Any]:
            return list.enumerated().lazy
                .compactMap { placeOfOddNumber(in: $0.element, at: "\(name)[\($0.offset)]") }.first
        case let number as NSNumber: return Int64(exactly: number) == nil ? name : nil
        default: return nil
        }
    }

    private static func field(_ path: [any CodingKey], _ slug: String, _ reason: String) -> Problem {
        let name = path.reduce("") { path, key in
            if let index = key.intValue { return "\(path)[\(index)]" }
            return path.isEmpty ? key.stringValue : "\(path).\(key.stringValue)"
        }
        return field(name, slug, reason)
    }

    private static func field(_ name: String, _ slug: String, _ reason: String) -> Problem {
        guard !name.isEmpty else { return .malformed("The body \(reason).") }
        return Problem(
            .badRequest, "malformed", title: "The request cannot be read", detail: "\(name) \(reason).",
            fields: [FieldProblem(field: name, slug: slug, reason: reason)])
    }

    private static func word(for type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is Int.Type, is Int64.Type, is UInt64.Type: "a whole number"
        case is [String: Any].Type: "an object"
        default: "another kind of value"
        }
    }
}

/// The fields of an HTML form (`application/x-www-form-urlencoded`).
package struct FormFields: Sendable, Hashable {
    private let values: [String: [String]]

    package init(_ text: String) {
        var values: [String: [String]] = [:]
        for pair in text.split(separator: "&").prefix(1000) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decode(sides[0])
            values[name, default: []].append(sides.count > 1 ? Self.decode(sides[1]) : "")
        }
        self.values = values
    }

    /// The first value of a field, without white space at its ends; `nil` when the form has no such field.
    package subscript(_ name: String) -> String? {
        values[name]?.first?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Every value of a field that may be given several times.
    package func all(_ name: String) -> [String] { values[name] ?? [] }

    /// Whether a check box is checked.
    package func isChecked(_ name: String) -> Bool { values[name] != nil }

    private static func decode(_ text: Substring) -> String {
        String(text).replacingOccurrences(of: "+", with: " ").removingPercentEncoding ?? ""
    }
}

/// The fields of the form in the body.
package func decodeForm(of request: Request, maxBytes: Int = bodyBytesMax) async throws -> FormFields {
    FormFields(String(decoding: try await collectBody(of: request, maxBytes: maxBytes), as: UTF8.self))
}

/// A JSON answer.
package func jsonResponse(_ content: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    Response(
        status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
        body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.house.encode(content))))
}
