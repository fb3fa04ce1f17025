import Hummingbird
import Messaging
import SharedKernel

/// What an operator may see and do on a service's bus, under `<base>/operator/bus`; role *operator* only. The addresses and
/// bodies stand in Messaging's `BusOperatorBodies.swift`, which the bus tool reads too.
package struct BusOperatorRoutes<Store: MessageStore>: Sendable {
    private let bus: DurableBus<Store>
    private let backups: any Backups

    package init(bus: DurableBus<Store>, backups: any Backups) {
        self.bus = bus
        self.backups = backups
    }

    /// - Parameter base: `/pos`, `/vipps`, `/financial` or `/notifications`.
    package func add(to router: Router<ServingContext>, base: String) {
        let (bus, backups) = (bus, backups)
        let routes = router.group("\(base)/operator/bus")
        routes.get { _, context in
            _ = try context.require(.operator)
            return try jsonResponse(await bus.health)
        }
        routes.get("dead-letters") { _, context in
            _ = try context.require(.operator)
            return try jsonResponse(DeadLetterList(deadLetters: try await bus.deadLetters()))
        }
        routes.post("dead-letters/:id/retry") { _, context in
            try await act(context) { try await bus.retry(try deadLetter(context)) }
        }
        routes.post("dead-letters/:id/drop") { _, context in
            try await act(context) { try await bus.drop(try deadLetter(context)) }
        }
        routes.post("retire") { request, context in
            try await act(context) {
                try await bus.retireSubscriber(try await decodeBody(RetireSubscriberBody.self, of: request).service)
            }
        }
        routes.post("hold") { request, context in
            try await act(context) {
                try await bus.hold(seconds: try await decodeBody(HoldBody.self, of: request).seconds)
            }
        }
        routes.post("release") { _, context in try await act(context) { await bus.release() } }
        routes.post("backup") { request, context in
            try await act(context) {
                try await backups.take(named: try await decodeBody(BackupBody.self, of: request).name)
            }
        }
        routes.post("accept-epoch") { request, context in
            try await act(context) {
                let wanted: AcceptEpochBody = try await decodeBody(of: request)
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
            throw Problem.invalid([FieldProblem(field: refused.field, slug: refused.slug, reason: refused.reason)])
        }
        return Response(status: .noContent)
    }

    private func deadLetter(_ context: ServingContext) throws -> Int64 {
        guard let id = context.parameters.get("id").flatMap(Int64.init) else { throw Problem.notFound("dead letter") }
        return id
    }
}
