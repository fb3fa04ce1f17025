import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization

/// A small Vipps on a free port, played by the test: hands out tokens, keeps payments, and counts what it was asked.
final class PlayedVipps: Sendable {
    struct Payment: Sendable {
        var state = "CREATED"
        let amount: Int64
        let phoneNumber: String?
        let traceparent: String?
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var captures = 0
        var cancels = 0
    }

    private let kept = Mutex<[String: Payment]>([:])

    func payment(_ reference: String) -> Payment? { kept.withLock { $0[reference] } }

    /// The customer presses the button in the app.
    func approve(_ reference: String) { kept.withLock { $0[reference]?.state = "AUTHORIZED" } }

    /// Answers while `body` runs.
    func serve(_ body: @escaping @Sendable (_ base: String) async throws -> Void) async throws {
        let router = Router()
        router.post("accesstoken/get") { _, _ in
            Self.json(200, ["token_type": "Bearer", "expires_in": "3600", "access_token": "token-of-the-test"])
        }
        router.post("epayment/v1/payments") { request, _ in try await self.create(request) }
        let payment = router.group("epayment/v1/payments/:reference")
        payment.get { _, context in self.answer(context) { _ in } }
        payment.get("events") { _, _ in Self.json(200, [Any]()) }
        payment.post("capture") { request, context in
            let amount = try await Self.object(request)["modificationAmount"] as? [String: Any]
            return self.answer(context) { payment in
                payment.captures += 1
                payment.captured += (amount?["value"] as? NSNumber)?.int64Value ?? 0
            }
        }
        payment.post("refund") { request, context in
            let amount = try await Self.object(request)["modificationAmount"] as? [String: Any]
            return self.answer(context) { $0.refunded += (amount?["value"] as? NSNumber)?.int64Value ?? 0 }
        }
        payment.post("cancel") { _, context in
            self.answer(context) { payment in
                payment.cancels += 1
                if payment.state == "CREATED" { payment.state = "TERMINATED" }
            }
        }
        try await Application(router: router).test(.live) { client in
            try await body("http://127.0.0.1:\(client.port ?? 0)")
        }
    }

    private func create(_ request: Request) async throws -> Response {
        let body = try await Self.object(request)
        let reference = body["reference"] as? String ?? ""
        let payment = Payment(
            amount: ((body["amount"] as? [String: Any])?["value"] as? NSNumber)?.int64Value ?? 0,
            phoneNumber: (body["customer"] as? [String: Any])?["phoneNumber"] as? String,
            traceparent: HTTPField.Name("traceparent").flatMap { request.headers[$0] })
        kept.withLock { kept in if kept[reference] == nil { kept[reference] = payment } }
        return Self.json(201, ["reference": reference, "redirectUrl": "https://vipps.example/\(reference)"])
    }

    private func answer(_ context: BasicRequestContext, _ change: (inout Payment) -> Void) -> Response {
        let reference = context.parameters.get("reference") ?? ""
        let changed = kept.withLock { kept -> Payment? in
            guard var payment = kept[reference] else { return nil }
            change(&payment)
            kept[reference] = payment
            return payment
        }
        guard let changed else { return Self.json(404, ["title": "Not Found", "status": 404]) }
        func amount(_ value: Int64) -> [String: Any] { ["currency": "NOK", "value": value] }
        let aggregate = [
            "authorizedAmount": amount(changed.state == "AUTHORIZED" ? changed.amount : 0),
            "capturedAmount": amount(changed.captured), "refundedAmount": amount(changed.refunded),
            "cancelledAmount": amount(changed.state == "TERMINATED" ? changed.amount : 0),
        ]
        return Self.json(
            200,
            [
                "reference": reference, "state": changed.state, "amount": amount(changed.amount),
                "aggregate": aggregate, "pspReference": "psp-\(reference)",
            ])
    }

    private static func object(_ request: Request) async throws -> [String: Any] {
        let bytes = try await request.body.collect(upTo: 1 << 20)
        return try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any] ?? [:]
    }

    private static func json(_ status: Int, _ body: Any) -> Response {
        let bytes = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
        return Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
