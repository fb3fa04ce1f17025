import Foundation
import SharedKernel

/// What Vipps said when it said no, in any of its three forms of error body. Decisions look at `code` and `status` alone.
package struct VippsProblem: Error, Sendable, Hashable {
    package let status: Int
    /// `7010`, or `AADSTS700016` from the identity service. `nil` for field errors and the gateway in front.
    package let code: String?
    package let form: Form
    /// For support: Vipps' words, without long runs of digits (phone numbers).
    package let detail: String
    package let fields: [Field]
    package let traceID: String?

    package enum Form: String, Sendable, Hashable, CaseIterable {
        /// `application/problem+json` of an API.
        case problem
        /// `{"statusCode":..,"message":..}` of the gateway in front.
        case gateway
        /// `{"error":..,"error_codes":[..]}` of the identity service.
        case identity
        /// Empty, or none of these.
        case other
    }

    package struct Field: Sendable, Hashable {
        package let name: String
        package let reason: String

        package init(name: String, reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    /// Reads a body of any form; never fails, because a refusal stays one even when its body is unreadable.
    package init(status: Int, body: Data) {
        self.status = status
        let decoder = JSONDecoder()
        if let identity: IdentityBody = try? decoder.decode(foreign: body) {
            form = .identity
            code = identity.errorCodes?.first.map { "AADSTS\($0)" } ?? Self.short(identity.error)
            fields = []
            detail = "The identity service refused: \(Self.harmless(identity.error))."
            traceID = identity.traceID.map { String($0.prefix(100)) }
        } else if let gateway: GatewayBody = try? decoder.decode(foreign: body) {
            form = .gateway
            code = nil
            fields = []
            detail = Self.harmless(gateway.message)
            traceID = nil
        } else if let problem: ProblemBody = try? decoder.decode(foreign: body), problem.isTelling {
            let entries = (problem.extraDetails ?? []) + (problem.invalidParams ?? [])
            form = .problem
            code = entries.first { $0.name?.lowercased() == "errorcode" }?.reason.map(Self.short)
            fields = entries.filter { $0.name?.lowercased() != "errorcode" }
                .map { Field(name: $0.name ?? "", reason: Self.harmless($0.reason ?? "")) }
            let words = [problem.title, problem.detail].compactMap { $0 } + fields.map { "\($0.name): \($0.reason)" }
            detail = Self.harmless(words.joined(separator: " · "))
            traceID = problem.traceId.map { String($0.prefix(100)) }
        } else {
            form = .other
            code = nil
            fields = []
            detail = "Vipps answered with HTTP status \(status) and no explanation."
            traceID = nil
        }
    }

    /// No phone number in a text that is kept: eight digits and more are hidden, also with a space, a hyphen or a dot
    /// between them. At most 500 characters.
    static func harmless(_ text: String) -> String {
        String(text.prefix(500)).replacing(#/[0-9](?:[ .\-]?[0-9]){7,}/#, with: "•••")
    }

    private static func short(_ code: String) -> String { String(harmless(code).prefix(100)) }

    private struct IdentityBody: Decodable {
        let error: String
        let errorCodes: [Int]?
        let traceID: String?

        enum CodingKeys: String, CodingKey {
            case error
            case errorCodes = "error_codes"
            case traceID = "trace_id"
        }
    }

    private struct GatewayBody: Decodable {
        let statusCode: Int
        let message: String
    }

    private struct ProblemBody: Decodable {
        let title: String?
        let detail: String?
        let traceId: String?
        let extraDetails: [Entry]?
        let invalidParams: [Entry]?

        struct Entry: Decodable {
            let name: String?
            let reason: String?
        }

        var isTelling: Bool { title != nil || detail != nil || extraDetails != nil || invalidParams != nil }
    }
}
