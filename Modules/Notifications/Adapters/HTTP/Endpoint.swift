import HTTPServing
import HTTPTypes
import Hummingbird

/// One address of the service and what answers there. The table of all of them is held against docs/openapi by a test.
package struct Endpoint: Sendable {
    package let method: HTTPRequest.Method
    /// As OpenAPI writes it: `/notifications/api/mails/{saleID}/resend`.
    package let path: String
    let answer: @Sendable (Request, ServingContext) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String,
        answer: @escaping @Sendable (Request, ServingContext) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.answer = answer
    }
}

extension Router<ServingContext> {
    package func add(_ endpoints: [Endpoint]) {
        for endpoint in endpoints { on(RouterPath(endpoint.path), method: endpoint.method, use: endpoint.answer) }
    }
}
