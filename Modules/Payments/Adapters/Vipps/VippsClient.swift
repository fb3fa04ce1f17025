import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Payments
import SharedKernel

/// A request to the Vipps API, before the headers that every call carries.
package struct VippsRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    package let method: Method
    /// Path and query, percent-encoded: `/epayment/v1/payments`.
    package let path: String
    package let body: [UInt8]?
    package let idempotencyKey: String?

    package init(_ method: Method, _ path: String, body: [UInt8]? = nil, idempotencyKey: String? = nil) {
        self.method = method
        self.path = path
        self.body = body
        self.idempotencyKey = idempotencyKey
    }
}

/// The Vipps API with an access token, the usual headers and typed failures. Every call is made once; after an unexpected
/// 401 it is made once more, the same, with a new token.
package struct VippsClient: Sendable {
    package let address: VippsAddress
    private let system: VippsSystem
    private let transport: VippsTransport
    private let tokens: VippsTokenCache
    private let now: Now

    package init(
        address: VippsAddress, system: VippsSystem, transport: VippsTransport, now: @escaping Now = { Date() }
    ) {
        self.address = address
        self.system = system
        self.transport = transport
        self.now = now
        tokens = VippsTokenCache(now: now) { keys, msn in
            await Self.fetchToken(
                keys, msn: msn, address: address, system: system, transport: transport, now: now)
        }
    }

    /// Makes the call for a sales unit (`msn`), or for the keys as a whole (`nil`).
    package func call(_ request: VippsRequest, keys: VippsKeys, msn: String?) async -> VippsExchange {
        switch await attempt(request, keys: keys, msn: msn) {
        case .done(let exchange): return exchange
        case .tokenRefused(let token, _):
            await tokens.drop(token, of: keys)
            switch await attempt(request, keys: keys, msn: msn) {
            case .done(let exchange): return exchange
            case .tokenRefused(let second, let problem):
                await tokens.drop(second, of: keys)
                return exchange(.failure(.keysRefused(problem)), status: problem.status, problem: problem)
            }
        }
    }

    /// Fetches a new token, whatever is in memory. What the button "check keys" does.
    package func checkToken(keys: VippsKeys, msn: String?) async -> Result<Void, VippsFailure> {
        await Self.fetchToken(
            keys, msn: msn, address: address, system: system, transport: transport, now: now
        ).map { _ in }
    }

    /// Downloads something public by a link from an answer. No key and no token goes along.
    package func download(_ link: String) async -> Result<VippsAnswer, VippsFailure> {
        guard let url = URL(string: link), let scheme = url.scheme, url.host() != nil,
            scheme == "https" || (scheme == "http" && !address.isEncrypted)
        else { return .failure(.unknown(.unreadableAnswer)) }
        let request = HTTPClientRequest(url: link)
        return await Self.answer(to: request, over: transport).result
    }

    private enum Attempt {
        case done(VippsExchange)
        case tokenRefused(VippsToken, VippsProblem)
    }

    private func attempt(_ request: VippsRequest, keys: VippsKeys, msn: String?) async -> Attempt {
        let token: VippsToken
        switch await tokens.token(for: keys, msn: msn) {
        case .success(let fresh): token = fresh
        case .failure(let failure): return .done(exchange(.failure(failure.beforeTheCall), status: nil, problem: nil))
        }
        var outgoing = HTTPClientRequest(url: address.base + request.path)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        Self.addCommonHeaders(to: &outgoing, keys: keys, msn: msn, system: system)
        outgoing.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token.text)")
        if let key = request.idempotencyKey { outgoing.headers.replaceOrAdd(name: "Idempotency-Key", value: key) }
        if let body = request.body {
            outgoing.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            outgoing.body = .bytes(ByteBuffer(bytes: body))
        }
        let (result, status) = await Self.answer(to: outgoing, over: transport)
        switch result {
        case .success: return .done(exchange(result, status: status, problem: nil))
        case .failure(.refused(let problem)) where problem.status == 401: return .tokenRefused(token, problem)
        case .failure(.refused(let problem)), .failure(.keysRefused(let problem)),
            .failure(.rateLimited(let problem, _)):
            return .done(exchange(result, status: status, problem: problem))
        case .failure(.neverSent), .failure(.unknown): return .done(exchange(result, status: status, problem: nil))
        }
    }

    private func exchange(
        _ result: Result<VippsAnswer, VippsFailure>, status: Int?, problem: VippsProblem?
    ) -> VippsExchange {
        VippsExchange(
            result: result, status: status, traceID: problem?.traceID ?? TraceContext.current?.traceID)
    }
}

extension VippsFailure {
    /// A failure to get a token, seen from the call that needed it: that call never left.
    fileprivate var beforeTheCall: VippsFailure {
        switch self {
        case .unknown(let reason): .neverSent(reason)
        case .refused(let problem): .keysRefused(problem)
        case .keysRefused, .rateLimited, .neverSent: self
        }
    }
}

extension VippsClient {
    private static func addCommonHeaders(
        to request: inout HTTPClientRequest, keys: VippsKeys, msn: String?, system: VippsSystem
    ) {
        request.headers.replaceOrAdd(name: "Ocp-Apim-Subscription-Key", value: keys.subscriptionKey)
        request.headers.replaceOrAdd(name: "Accept", value: "application/json")
        if let msn { request.headers.replaceOrAdd(name: "Merchant-Serial-Number", value: msn) }
        for header in system.headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        if let trace = TraceContext.current?.child() {
            request.headers.replaceOrAdd(name: "traceparent", value: trace.traceparent)
        }
    }

    private static func answer(
        to request: HTTPClientRequest, over transport: VippsTransport
    ) async -> (result: Result<VippsAnswer, VippsFailure>, status: Int?) {
        let reply: VippsTransport.Reply
        do throws(VippsFailure) { reply = try await transport.send(request) } catch { return (.failure(error), nil) }
        let status = reply.status
        switch status {
        case 200..<300:
            return (.success(VippsAnswer(status: status, contentType: reply.contentType, body: reply.body)), status)
        case 408:
            return (.failure(.unknown(.timeout)), status)
        case 429:
            let problem = VippsProblem(status: status, body: Data(reply.body))
            return (.failure(.rateLimited(problem, retryAfter: RetryAfter.read(reply.retryAfter))), status)
        case 400..<500:
            return (.failure(.refused(VippsProblem(status: status, body: Data(reply.body)))), status)
        case 500...:
            return (.failure(.unknown(.serverError)), status)
        default:  // A redirect is not an answer of this API, and keys do not follow it.
            return (.failure(.unknown(.unreadableAnswer)), status)
        }
    }

    /// Every 4xx of the token endpoint but 429 means that the keys are no good: nothing else is in the request.
    private static func fetchToken(
        _ keys: VippsKeys, msn: String?, address: VippsAddress, system: VippsSystem, transport: VippsTransport,
        now: Now
    ) async -> Result<VippsToken, VippsFailure> {
        var request = HTTPClientRequest(url: address.base + "/accesstoken/get")
        request.method = .POST
        addCommonHeaders(to: &request, keys: keys, msn: msn, system: system)
        request.headers.replaceOrAdd(name: "client_id", value: keys.clientID)
        request.headers.replaceOrAdd(name: "client_secret", value: keys.clientSecret)
        let askedAt = now()
        switch await answer(to: request, over: transport).result {
        case .success(let answer):
            guard let body: TokenBody = try? JSONDecoder().decode(foreign: answer.body),
                !body.token.isEmpty, body.life > 0, body.token.utf8.allSatisfy({ (33...126).contains($0) })
            else { return .failure(.unknown(.unreadableAnswer)) }
            return .success(VippsToken(text: body.token, fetchedAt: askedAt, life: body.life))
        case .failure(.refused(let problem)): return .failure(.keysRefused(problem))
        case .failure(let failure): return .failure(failure)
        }
    }

    /// All numbers of this body are strings; a number is taken too.
    private struct TokenBody: Decodable {
        let token: String
        let life: TimeInterval

        enum CodingKeys: String, CodingKey {
            case token = "access_token"
            case life = "expires_in"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            token = try container.decode(String.self, forKey: .token)
            if let text = try? container.decode(String.self, forKey: .life) {
                life = TimeInterval(text) ?? 0
            } else {
                life = try container.decode(TimeInterval.self, forKey: .life)
            }
        }
    }
}

/// The header `Retry-After` in its form of seconds. (The form of a date is not used by this API: our clock may differ.)
enum RetryAfter {
    static func read(_ text: String?) -> Duration? {
        guard let text, let seconds = Int(text.trimmingCharacters(in: .whitespaces)), (0...86_400).contains(seconds)
        else { return nil }
        return .seconds(seconds)
    }
}
