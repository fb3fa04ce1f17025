import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SharedKernel
import Synchronization

/// Calls a service as a browser does: with the session's cookie and token.
final class Browser: Sendable {
    private let base: String
    private let session = Mutex<(cookie: String, token: String)?>(nil)

    init(base: String) { self.base = base }

    func carry(session cookie: String, token: String) { session.withLock { $0 = (cookie, token) } }

    struct Answer: Sendable {
        let status: UInt
        let setCookies: [String]
        let body: Data

        /// - Throws: `Unwelcome` unless the status is 2xx.
        func json<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
            guard (200..<300).contains(status) else {
                throw Unwelcome(status: status, body: String(decoding: body, as: UTF8.self))
            }
            return try JSONDecoder.house.decode(Body.self, from: body)
        }
    }

    struct Unwelcome: Error {
        let status: UInt
        let body: String
    }

    func get(_ path: String) async throws -> Answer { try await ask(request(.GET, path)) }

    func post(_ path: String, _ json: String? = nil) async throws -> Answer { try await send(.POST, path, json) }
    func put(_ path: String, _ json: String) async throws -> Answer { try await send(.PUT, path, json) }

    private func send(_ method: HTTPMethod, _ path: String, _ json: String?) async throws -> Answer {
        var request = request(method, path)
        if let json {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: json))
        }
        return try await ask(request)
    }

    /// Reads an endless answer piece by piece until `read` is content.
    func listen(_ path: String, headers: [String: String] = [:], until read: (String) async throws -> Bool)
        async throws
    {
        var request = request(.GET, path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        guard response.status == .ok else { throw Unwelcome(status: response.status.code, body: "") }
        var text = ""
        for try await piece in response.body {
            text += String(buffer: piece)
            if try await read(text) { return }
        }
        throw NeverCame(what: "the rest of \(path): \(text)")
    }

    private func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let session = session.withLock({ $0 }) {
            request.headers.add(name: "Cookie", value: "session=\(session.cookie)")
            request.headers.add(name: "X-CSRF-Token", value: session.token)
        }
        return request
    }

    private func ask(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 20)
        return Answer(
            status: response.status.code, setCookies: response.headers["Set-Cookie"], body: Data(body.readableBytesView)
        )
    }
}
