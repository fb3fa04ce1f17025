import Hummingbird
import NIOCore

/// One dependency of a service and how it is.
package struct HealthCheck: Sendable {
    package enum State: Sendable, Hashable {
        case ready
        /// Words for an operator.
        case notReady(String)
    }

    package let name: String
    package let state: @Sendable () async -> State

    package init(_ name: String, state: @escaping @Sendable () async -> State) {
        self.name = name
        self.state = state
    }
}

/// `/healthz` (the process answers), `/readyz` (each dependency by name), `/metrics` (Prometheus' text form).
struct HealthRoutes {
    let service: String
    let checks: [HealthCheck]
    let metricsText: @Sendable () -> String

    private struct Answer: Encodable {
        let service: String
        let ready: Bool
        let dependencies: [Dependency]
    }
    private struct Dependency: Encodable {
        let name: String
        let ready: Bool
        let detail: String?
    }

    func add(to router: Router<ServingContext>) {
        router.get("healthz") { _, _ in
            try jsonResponse(["service": service, "status": "ok"])
        }
        router.get("readyz") { _, _ in
            var dependencies: [Dependency] = []
            for check in checks {
                switch await check.state() {
                case .ready: dependencies.append(Dependency(name: check.name, ready: true, detail: nil))
                case .notReady(let words):
                    dependencies.append(Dependency(name: check.name, ready: false, detail: words))
                }
            }
            let ready = dependencies.allSatisfy(\.ready)
            return try jsonResponse(
                Answer(service: service, ready: ready, dependencies: dependencies),
                status: ready ? .ok : .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: metricsText())))
        }
    }
}
