import ArgumentParser
import Foundation
import SharedKernel

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Where the product is and who the operator is.
struct OperatorOptions: ParsableArguments {
    @Option(help: "Base address of the product (or BASE_URL).")
    var baseURL: String?

    @Option(help: "Name of the operator (or OPERATOR_USER). The password comes from OPERATOR_PASSWORD or is asked for.")
    var user: String?

    @Option(help: "The service to ask: pos-service, vipps-gateway, financial-service or notification-relay.")
    var service: String

    static let paths = [
        "pos-service": "pos", "vipps-gateway": "vipps", "financial-service": "financial",
        "notification-relay": "notifications",
    ]

    func validate() throws {
        guard Self.paths[service] != nil else {
            throw ValidationError("--service must be one of \(Self.paths.keys.sorted().joined(separator: ", ")).")
        }
    }

    /// Signs in, and speaks to the service's operator routes.
    func client() async throws -> OperatorClient {
        let environment = ProcessInfo.processInfo.environment
        let text = baseURL ?? environment["BASE_URL"] ?? "http://127.0.0.1:8080"
        guard let base = URL(string: text), base.scheme == "http" || base.scheme == "https" else {
            throw ValidationError("--base-url must be an http or https address.")
        }
        guard let user = user ?? environment["OPERATOR_USER"] else {
            throw ValidationError("Give --user or set OPERATOR_USER.")
        }
        guard
            let password = environment["OPERATOR_PASSWORD"]
                ?? getpass("Password of \(user): ").map({ String(cString: $0) })
        else { throw ValidationError("A password is needed: set OPERATOR_PASSWORD.") }
        let session = try await OperatorSession.signIn(at: base, user: user, password: password)
        let path = Self.paths[service] ?? service
        return OperatorClient(routes: base.appending(path: "\(path)/operator/bus"), session: session)
    }
}

/// A signed-in operator: the cookie, and the token that goes with every change.
struct OperatorSession {
    let cookie: String
    let csrf: String

    static func signIn(at base: URL, user: String, password: String) async throws -> OperatorSession {
        var request = URLRequest(url: base.appending(path: "pos/api/session"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder.house.encode(["userName": user, "password": password])
        let (_, response) = try await OperatorClient.send(request)
        guard let header = response.value(forHTTPHeaderField: "Set-Cookie"),
            let session = OperatorSession(setCookie: header)
        else { throw OperatorProblem(words: "The sign-in brought no session.") }
        return session
    }

    /// Reads `session=<base64url of the claims>.<signature>; ...`; the claims hold the token.
    init?(setCookie: String) {
        struct Claims: Decodable { let csrf: String }
        guard let start = setCookie.range(of: "session=") else { return nil }
        cookie = String(setCookie[start.upperBound...].prefix { $0 != ";" })
        var text = cookie.prefix { $0 != "." }.replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        guard let bytes = Data(base64Encoded: text), let claims = try? JSONDecoder().decode(Claims.self, from: bytes)
        else {
            return nil
        }
        csrf = claims.csrf
    }
}

/// One service's operator routes.
struct OperatorClient {
    let routes: URL
    let session: OperatorSession

    func get<Answer: Decodable>(_ type: Answer.Type, _ path: String = "") async throws -> Answer {
        let (bytes, _) = try await Self.send(request(path))
        return try JSONDecoder.house.decode(Answer.self, from: bytes)
    }

    func post(_ path: String) async throws { try await post(path, body: [String: String]()) }

    func post(_ path: String, body: some Encodable) async throws {
        var request = request(path)
        request.httpMethod = "POST"
        request.setValue(session.csrf, forHTTPHeaderField: "X-CSRF-Token")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder.house.encode(body)
        _ = try await Self.send(request)
    }

    private func request(_ path: String) -> URLRequest {
        var request = URLRequest(url: path.isEmpty ? routes : routes.appending(path: path))
        request.setValue("session=\(session.cookie)", forHTTPHeaderField: "Cookie")
        return request
    }

    static func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        var request = request
        request.timeoutInterval = 30
        let (bytes, response): (Data, URLResponse)
        do {
            (bytes, response) = try await URLSession.shared.data(for: request)
        } catch {
            throw OperatorProblem(
                words: "\(request.url?.absoluteString ?? "") cannot be reached: \(error.localizedDescription)")
        }
        guard let response = response as? HTTPURLResponse else {
            throw OperatorProblem(words: "That was no HTTP answer.")
        }
        guard (200..<300).contains(response.statusCode) else {
            throw OperatorProblem(status: response.statusCode, body: bytes)
        }
        return (bytes, response)
    }
}

/// What went wrong, in the service's own words.
struct OperatorProblem: Error, CustomStringConvertible {
    let description: String

    init(words: String) { description = words }

    init(status: Int, body: Data) {
        struct Problem: Decodable {
            let title: String
            let detail: String?
        }
        let problem = try? JSONDecoder().decode(Problem.self, from: body)
        let words = problem.map { "\($0.title). \($0.detail ?? "")" } ?? "no explanation"
        description = "\(status): \(words)"
    }
}
