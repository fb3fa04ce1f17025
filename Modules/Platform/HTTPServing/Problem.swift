import Foundation
import Hummingbird
import Messaging
import SharedKernel

/// Why a request was refused, as `application/problem+json` (RFC 9457): what is wrong, where, and what to do.
package struct Problem: Error, Sendable, HTTPResponseError {
    package let status: HTTPResponse.Status
    /// Stable; programs branch on it, pages translate by it.
    package let slug: String
    package let title: String
    package let detail: String
    package let fields: [FieldProblem]

    package init(
        _ status: HTTPResponse.Status, _ slug: String, title: String, detail: String, fields: [FieldProblem] = []
    ) {
        self.status = status
        self.slug = slug
        self.title = title
        self.detail = detail
        self.fields = fields
    }

    private struct Body: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let fields: [FieldProblem]
    }

    package func response(from request: Request, context: some RequestContext) throws -> Response {
        let body = Body(type: slug, title: title, status: status.code, detail: detail, fields: fields)
        return Response(
            status: status,
            headers: [.contentType: "application/problem+json; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder.house.encode(body))))
    }
}

/// One field of a body or a form and what is wrong with it.
package struct FieldProblem: Sendable, Hashable, Codable {
    package let field: String
    package let slug: String
    package let reason: String

    package init(field: String, slug: String, reason: String) {
        self.field = field
        self.slug = slug
        self.reason = reason
    }

    package init(_ invalid: Invalid) {
        self.init(field: invalid.field, slug: invalid.slug, reason: invalid.reason)
    }
}

extension Problem {
    package static func invalid(_ fields: [FieldProblem]) -> Problem {
        Problem(
            .unprocessableContent, "invalid", title: "Something in the input is not right",
            detail: fields.map { "\($0.field): \($0.reason)" }.joined(separator: "; "), fields: fields)
    }

    package static func invalid(_ invalid: Invalid) -> Problem { .invalid([FieldProblem(invalid)]) }

    package static func malformed(_ detail: String, fields: [FieldProblem] = []) -> Problem {
        Problem(.badRequest, "malformed", title: "The request cannot be read", detail: detail, fields: fields)
    }

    /// Also for what belongs to another tenant: whether it exists is not told.
    package static func notFound(_ what: String) -> Problem {
        Problem(
            .notFound, "not-found", title: "Not found",
            detail: "There is no such \(what). Check the address, or go back and choose again.")
    }

    package static func conflict(_ slug: String, _ detail: String, fields: [FieldProblem] = []) -> Problem {
        Problem(.conflict, slug, title: "Not possible as things are", detail: detail, fields: fields)
    }

    /// The disk is full or fails: an operator's matter, and what was asked for may be asked for again.
    static func storeUnavailable(_ trouble: StoreUnavailable) -> Problem {
        Problem(
            .serviceUnavailable, "store-unavailable", title: "The database takes nothing for now",
            detail:
                "The database of this service does not work: \(trouble.reason). Nothing was promised. Send the same "
                + "request again when there is space and the disk is well; /readyz says when.")
    }

    package static let signedOut = Problem(
        .unauthorized, "signed-out", title: "Not signed in", detail: "Sign in to go on.")
    package static let sessionExpired = Problem(
        .unauthorized, "session-expired", title: "The session has ended",
        detail: "Sign in again to go on. Nothing that was saved is lost.")
    package static func forbidden(_ detail: String) -> Problem {
        Problem(.forbidden, "forbidden", title: "Not allowed", detail: detail)
    }
}
