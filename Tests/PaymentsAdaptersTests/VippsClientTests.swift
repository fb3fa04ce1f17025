import Foundation
import Payments
import PaymentsAdapters
import SharedKernel
import Testing

@Suite("The address of Vipps") struct VippsAddressTests {
    @Test("is production for four deployments", arguments: ["prod2", "prod3", "prod5", "prod6"])
    func production(deployment: String) throws {
        #expect(try VippsAddress(deployment: deployment, override: nil).base == "https://api.vipps.no")
        #expect(try VippsAddress(deployment: deployment, override: "https://api.vipps.no/").isProduction)
    }

    @Test("is test for all others", arguments: ["dev1", "prod1", "prod4", "prod", "PROD2", "staging", ""])
    func test(deployment: String) throws {
        #expect(try VippsAddress(deployment: deployment, override: nil).base == "https://apitest.vipps.no")
        #expect(
            try VippsAddress(deployment: deployment, override: "http://127.0.0.1:8090").base == "http://127.0.0.1:8090")
    }

    @Test(
        "refuses to leave production",
        arguments: [
            "https://apitest.vipps.no", "http://127.0.0.1:8090", "http://api.vipps.no", "https://api.vipps.no.evil",
        ])
    func leaving(override: String) {
        #expect {
            try VippsAddress(deployment: "prod3", override: override)
        } throws: {
            ($0 as? Invalid)?.slug == "not-in-production" && ($0 as? Invalid)?.field == "VIPPS_BASE_URL"
        }
    }

    @Test("refuses real money in test")
    func realMoney() {
        #expect {
            try VippsAddress(deployment: "dev1", override: "https://api.vipps.no")
        } throws: {
            ($0 as? Invalid)?.slug == "production-in-test"
        }
    }

    @Test("refuses what is no address", arguments: ["vipps", "ftp://x", "http://", "http://x/path", "http://u@x"])
    func noAddress(override: String) {
        #expect(throws: Invalid.self) { try VippsAddress(deployment: "dev1", override: override) }
    }
}

@Suite("A call to Vipps", .timeLimit(.minutes(1))) struct VippsCallTests {
    private let call = VippsRequest(.get, "/epayment/v1/payments/ref-00001")

    @Test("carries token, keys, sales unit, system and trace, and fits the limits of the headers")
    func headers() async throws {
        let trace = TraceContext.new()
        let stub = VippsStub.withTokens { _, _ in .json(200, "{}") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let request = VippsRequest(
                    .post, "/epayment/v1/payments", body: Array("{}".utf8), idempotencyKey: "key-1")
                let exchange = await TraceContext.$current.withValue(trace) {
                    await bench.client.call(request, keys: bench.keys, msn: "123456")
                }
                #expect(exchange.status == 200)
                #expect(exchange.traceID == trace.traceID)
            }
        }
        let token = try #require(stub.asked(VippsStub.tokenPath).first)
        #expect(token["client_id"] == "client-1")
        #expect(token["client_secret"] == "c2VjcmV0")
        #expect(token["authorization"] == nil)
        #expect(token.body.isEmpty)
        let asked = try #require(stub.asked("/epayment/v1/payments").first)
        #expect(asked["authorization"] == "Bearer token-1")
        #expect(asked["client_secret"] == nil)
        #expect(asked["idempotency-key"] == "key-1")
        #expect(asked["content-type"] == "application/json")
        #expect(asked["traceparent"]?.hasPrefix("00-\(trace.traceID)-") == true)
        for request in [token, asked] {
            #expect(request["ocp-apim-subscription-key"] == "0123abcd")
            #expect(request["merchant-serial-number"] == "123456")
            for name in ["name", "version", "plugin-name", "plugin-version"] {
                let value = try #require(request["vipps-system-\(name)"])
                #expect((1...30).contains(value.utf8.count))
            }
        }
    }

    @Test("goes over the connection of the one before")
    func connection() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(200, "{}") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                for _ in 0..<20 {
                    #expect(await bench.client.call(call, keys: bench.keys, msn: "123456").status == 200)
                }
            }
        }
        let ports = stub.asked.map(\.port)
        #expect(ports.count == 21 && !ports.contains(nil))
        #expect(Set(ports).count == 1)
    }

    @Test("shares one token among many at the same time, and uses it for its whole life")
    func singleFlight() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(200, "{}") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                await withTaskGroup(of: Int?.self) { group in
                    for _ in 0..<20 {
                        group.addTask { await bench.client.call(call, keys: bench.keys, msn: "123456").status }
                    }
                    for await status in group { #expect(status == 200) }
                }
                #expect(stub.asked(VippsStub.tokenPath).count == 1)
                bench.clock.turn(by: 3500)
                _ = await bench.client.call(call, keys: bench.keys, msn: "123456")
                #expect(stub.asked(VippsStub.tokenPath).count == 1)
                bench.clock.turn(by: 60)
                _ = await bench.client.call(call, keys: bench.keys, msn: "123456")
                #expect(stub.asked(VippsStub.tokenPath).count == 2)
            }
        }
        #expect(stub.asked(call.path).last?["authorization"] == "Bearer token-2")
    }

    @Test("takes another token for other keys")
    func otherKeys() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(200, "{}") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let replaced = VippsKeys(clientID: "client-1", clientSecret: "other", subscriptionKey: "0123abcd")
                for keys in [bench.keys, replaced, bench.keys, replaced] {
                    _ = await bench.client.call(call, keys: keys, msn: "123456")
                }
            }
        }
        #expect(stub.asked(VippsStub.tokenPath).count == 2)
    }

    @Test("is made once more, the same, with a new token after an unexpected 401")
    func retryAfter401() async throws {
        let stub = VippsStub.withTokens { _, number in
            number == 1 ? .json(401, #"{"statusCode":401,"message":"expired"}"#) : .json(200, "{}")
        }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let request = VippsRequest(.post, "/epayment/v1/payments", body: Array("{}".utf8), idempotencyKey: "k")
                #expect(await bench.client.call(request, keys: bench.keys, msn: "1234").status == 200)
            }
        }
        let asked = stub.asked("/epayment/v1/payments")
        #expect(asked.map { $0["authorization"] } == ["Bearer token-1", "Bearer token-2"])
        #expect(asked.map { $0["idempotency-key"] } == ["k", "k"])
    }

    @Test("ends as refused keys after the second 401")
    func second401() async throws {
        let stub = VippsStub.withTokens { _, _ in .json(401, #"{"statusCode":401,"message":"no"}"#) }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let exchange = await bench.client.call(call, keys: bench.keys, msn: "1234")
                guard case .failure(.keysRefused(let problem)) = exchange.result else {
                    Issue.record("not refused keys: \(exchange.result)")
                    return
                }
                #expect(problem.form == .gateway)
            }
        }
        #expect(stub.asked(call.path).count == 2)
        #expect(stub.asked(VippsStub.tokenPath).count == 2)
    }

    @Test("is never made with keys that give no token, and the next call asks for one again")
    func noToken() async throws {
        let stub = VippsStub { asked, number in
            guard asked.path == VippsStub.tokenPath else { return .json(200, "{}") }
            return number == 1
                ? .json(
                    400,
                    """
                    {"error":"unauthorized_client","error_description":"AADSTS700016: Application not found",\
                    "error_codes":[700016],"trace_id":"t-1"}
                    """) : VippsStub.token(number)
        }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                guard
                    case .failure(.keysRefused(let problem)) = await bench.client.call(
                        call, keys: bench.keys, msn: nil
                    ).result
                else {
                    Issue.record("not refused keys")
                    return
                }
                #expect(problem.code == "AADSTS700016")
                #expect(problem.keysRefusal.detail.contains("client id"))
                #expect(stub.asked(call.path).isEmpty)
                #expect(await bench.client.call(call, keys: bench.keys, msn: nil).status == 200)
            }
        }
    }

    @Test("tells how long Vipps wants to be left alone")
    func rateLimited() async throws {
        let stub = VippsStub.withTokens { _, _ in
            .json(429, #"{"statusCode":429,"message":"Rate limit is exceeded."}"#, headers: ["Retry-After": "7"])
        }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                guard
                    case .failure(.rateLimited(_, .seconds(7))) = await bench.client.call(
                        call, keys: bench.keys, msn: "1234"
                    ).result
                else {
                    Issue.record("not rate limited for 7 seconds")
                    return
                }
            }
        }
    }

    @Test(
        "has an unknown outcome when the answer is lost, late, endless or of the server's trouble",
        arguments: [
            (VippsStub.Answer.silence, UnknownReason.timeout), (.drip, .timeout), (.brokenOff, .connection),
            (.json(500, "{}"), .serverError), (.json(503, "maintenance"), .serverError),
            (.json(302, "", headers: ["Location": "https://example.com"]), .unreadableAnswer),
            (.json(200, String(repeating: "x", count: 5000)), .unreadableAnswer),
        ])
    func unknown(answer: VippsStub.Answer, reason: UnknownReason) async throws {
        let stub = VippsStub.withTokens { _, _ in answer }
        try await stub.serve { base in
            let limits = VippsTransport.Limits(
                connect: .seconds(10), request: .seconds(3), answerBytesMax: 4096)
            try await VippsBench.run(base: base, limits: limits) { bench in
                guard
                    case .failure(.unknown(reason)) = await bench.client.call(call, keys: bench.keys, msn: "1").result
                else {
                    Issue.record("not unknown by \(reason)")
                    return
                }
            }
        }
        #expect(stub.asked(call.path).count == 1)
    }

    @Test("was never sent when nobody listens")
    func neverSent() async throws {
        // A stub that has gone leaves a port where nobody listens.
        let port = FreedPort()
        try await VippsStub { _, _ in .silence }.serve { port.base = $0 }
        try await VippsBench.run(base: port.base) { bench in
            guard case .failure(.neverSent) = await bench.client.call(call, keys: bench.keys, msn: "1").result else {
                Issue.record("not never sent")
                return
            }
        }
    }

    @Test("downloads by a link without keys, and by no unsafe link")
    func download() async throws {
        let stub = VippsStub { _, _ in .text(200, "<svg/>", type: "image/svg+xml") }
        try await stub.serve { base in
            try await VippsBench.run(base: base) { bench in
                let image = try await bench.client.download("\(base)/image?token=1").get()
                #expect(image.contentType == "image/svg+xml")
                for link in ["file:///etc/passwd", "gopher://x", "nonsense", ""] {
                    let refused = await bench.client.download(link)
                    #expect(throws: VippsFailure.self) { try refused.get() }
                }
            }
        }
        #expect(stub.asked.first?["ocp-apim-subscription-key"] == nil)
        #expect(stub.asked.first?["authorization"] == nil)
    }
}

final class FreedPort: @unchecked Sendable {  // Written once, before it is read.
    var base = ""
}

@Suite("A problem of Vipps") struct VippsProblemTests {
    @Test("is known by its code, not by its words")
    func code() {
        let body = """
            {"type":"https://httpstatuses.io/400","title":"Anything","detail":"whatever 4791234567","status":400,
            "traceId":"00-1-2-01","extraDetails":[{"name":"ErrorCode","reason":"7010"}]}
            """
        let refusal = VippsProblem(status: 400, body: Data(body.utf8)).refusal
        #expect(refusal.code == "7010")
        #expect(refusal.traceID == "00-1-2-01")
        #expect(!refusal.detail.contains("4791234567"))
    }

    @Test(
        "is kept without a phone number, however it is written",
        arguments: ["4791234567", "+47 912 34 567", "0047-91-23-45-67", "47.9123.4567"])
    func phoneNumbers(number: String) {
        let body = #"{"title":"Not valid","detail":"The number \#(number) of sale 1000123 is unknown."}"#
        let problem = VippsProblem(status: 400, body: Data(body.utf8))
        #expect(problem.detail.filter(\.isNumber) == "1000123")
        #expect(problem.detail.contains("of sale 1000123 is unknown"))
    }

    @Test("that is no JSON at all is a refusal all the same", arguments: ["", "[", String(repeating: "[", count: 513)])
    func unreadable(body: String) {
        #expect(VippsProblem(status: 400, body: Data(body.utf8)).form == .other)
    }

    @Test("names the field of a field error")
    func field() {
        let body = """
            {"title":"Bad Request","status":400,"extraDetails":[{"name":"Reference","reason":"must match"}]}
            """
        let problem = VippsProblem(status: 400, body: Data(body.utf8))
        #expect(problem.refusal.code == Refusal.OwnCode.invalidRequest)
        #expect(problem.fields == [VippsProblem.Field(name: "Reference", reason: "must match")])
    }

    @Test(
        "stays a refusal in every form",
        arguments: [
            (403, #"{"statusCode":403,"message":"Forbidden"}"#, Refusal.OwnCode.notAllowed),
            (404, "", Refusal.OwnCode.unexpectedAnswer), (409, "<html>", Refusal.OwnCode.unexpectedAnswer),
            (400, #"{"error":"invalid_request"}"#, "invalid_request"),
            (422, #"{"invalidParams":[{"name":"x","reason":"y"}]}"#, Refusal.OwnCode.unexpectedAnswer),
        ])
    func forms(status: Int, body: String, code: String) {
        #expect(VippsProblem(status: status, body: Data(body.utf8)).refusal.code == code)
    }
}

@Suite("The system headers") struct VippsSystemTests {
    @Test("have 1 to 30 printable characters, whatever is given")
    func fitting() {
        let long = String(repeating: "x", count: 80)
        let system = VippsSystem(name: long, version: "", pluginName: "a\r\nb", pluginVersion: "æøå")
        #expect(system.headers.map(\.value) == [String(repeating: "x", count: 30), "unknown", "ab", "unknown"])
    }
}
