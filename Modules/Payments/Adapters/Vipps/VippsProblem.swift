import Foundation

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
        if let identity = try? decoder.decode(IdentityBody.self, from: body) {
            form = .identity
            code = identity.errorCodes?.first.map { "AADSTS\($0)" } ?? identity.error
            fields = []
            detail = "The identity service refused: \(Self.harmless(identity.error))."
            traceID = identity.traceID
        } else if let gateway = try? decoder.decode(GatewayBody.self, from: body) {
            form = .gateway
            code = nil
            fields = []
            detail = Self.harmless(gateway.message)
            traceID = nil
        } else if let problem = try? decoder.decode(ProblemBody.self, from: body), problem.isTelling {
            let entries = (problem.extraDetails ?? []) + (problem.invalidParams ?? [])
            form = .problem
            code = entries.first { $0.name?.lowercased() == "errorcode" }?.reason
            fields = entries.filter { $0.name?.lowercased() != "errorcode" }
                .map { Field(name: $0.name ?? "", reason: Self.harmless($0.reason ?? "")) }
            let words = [problem.title, problem.detail].compactMap { $0 } + fields.map { "\($0.name): \($0.reason)" }
            detail = Self.harmless(words.joined(separator: " · "))
            traceID = problem.traceId
        } else {
            form = .other
            code = nil
            fields = []
            detail = "Vipps answered with HTTP status \(status) and no explanation."
            traceID = nil
        }
    }

    /// No phone number in a text that is kept: runs of eight digits and more are hidden. At most 500 characters.
    static func harmless(_ text: String) -> String {
        var result = ""
        var digits = ""
        func flush() {
            result += digits.count >= 8 ? "•••" : digits
            digits = ""
        }
        for character in text.prefix(500) {
            if character.isASCII, character.isNumber {
                digits.append(character)
            } else {
                flush()
                result.append(character)
            }
        }
        flush()
        return result
    }

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
