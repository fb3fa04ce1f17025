import Hummingbird
import Messaging
import SharedKernel

/// What an operator may see and do on a service's bus, under `<base>/operator/bus`; role *operator* only.
///
/// | Address | |
/// |---|---|
/// | `GET` | `BusHealth`: heads, cursors, lag, subscribers, refused streams |
/// | `GET dead-letters` | the oldest `DeadLetter`s |
/// | `POST dead-letters/{id}/retry`, `POST dead-letters/{id}/drop` | |
/// | `POST retire` | `{"service"}`: keep nothing more for a subscriber that will not come back |
/// | `POST accept-epoch` | `{"publisher","stream","epoch","after"}`: go on with a refused stream |
package struct BusOperatorRoutes<Store: MessageStore>: Sendable {
    private let bus: DurableBus<Store>

    package init(bus: DurableBus<Store>) { self.bus = bus }

    private struct Retirement: Decodable { let service: String }
    private struct Acceptance: Decodable {
        let publisher: String
        let stream: MessageStream
        let epoch: String
        let after: Int64
    }
    private struct Done: Encodable { let done = true }

    /// - Parameter base: `/pos`, `/vipps`, `/financial` or `/notifications`.
    package func add(to router: Router<ServingContext>, base: String) {
        let bus = bus
        let routes = router.group("\(base)/operator/bus")
        routes.get { _, context in
            _ = try context.require(.operator)
            return try jsonResponse(await bus.health)
        }
        routes.get("dead-letters") { _, context in
            _ = try context.require(.operator)
            return try jsonResponse(try await bus.deadLetters())
        }
        routes.post("dead-letters/:id/retry") { _, context in
            try await act(context) { try await bus.retry(try deadLetter(context)) }
        }
        routes.post("dead-letters/:id/drop") { _, context in
            try await act(context) { try await bus.drop(try deadLetter(context)) }
        }
        routes.post("retire") { request, context in
            try await act(context) {
                try await bus.retireSubscriber(try await decodeBody(Retirement.self, of: request).service)
            }
        }
        routes.post("accept-epoch") { request, context in
            try await act(context) {
                let wanted: Acceptance = try await decodeBody(of: request)
                try await bus.acceptEpoch(
                    wanted.epoch, of: wanted.publisher, stream: wanted.stream, after: wanted.after)
            }
        }
    }

    private func act(_ context: ServingContext, _ body: () async throws -> Void) async throws -> Response {
        _ = try context.require(.operator)
        do {
            try await body()
        } catch let refused as BusOperationRefused {
            throw Problem.conflict(
                refused.slug, refused.description,
                fields: [FieldProblem(field: refused.field, slug: refused.slug, reason: refused.reason)])
        }
        return try jsonResponse(Done())
    }

    private func deadLetter(_ context: ServingContext) throws -> Int64 {
        guard let id = context.parameters.get("id").flatMap(Int64.init) else { throw Problem.notFound("dead letter") }
        return id
    }
}
