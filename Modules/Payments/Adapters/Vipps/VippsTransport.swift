import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Payments

/// HTTP with limits: connections are reused, everything ends in time, and no answer grows beyond its limit.
package struct VippsTransport: Sendable {
    package struct Limits: Sendable, Hashable {
        package var connect: Duration
        /// From the call to the last byte of the answer.
        package var request: Duration
        package var answerBytesMax: Int

        package init(
            connect: Duration = .seconds(5), request: Duration = .seconds(30), answerBytesMax: Int = 1 << 20
        ) {
            self.connect = connect
            self.request = request
            self.answerBytesMax = answerBytesMax
        }
    }

    /// An answer of any status.
    struct Reply: Sendable {
        let status: Int
        let contentType: String?
        let retryAfter: String?
        let body: [UInt8]
    }

    private let client: HTTPClient
    private let limits: Limits

    /// - Parameter client: made by `makeHTTPClient`; its owner shuts it down.
    package init(client: HTTPClient, limits: Limits = Limits()) {
        self.client = client
        self.limits = limits
    }

    /// A client fit for this: no redirects (keys must not follow them), no retries behind our back.
    package static func makeHTTPClient(limits: Limits = Limits()) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = TimeAmount(limits.connect)
        configuration.timeout.read = TimeAmount(limits.request)
        configuration.connectionPool.retryConnectionEstablishment = false
        // One for every call that the workers may have under way: nobody waits for another's silent connection.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 96
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// One request, one answer of any status.
    func send(_ request: HTTPClientRequest) async throws(VippsFailure) -> Reply {
        do {
            return try await withDeadline {
                let response = try await client.execute(request, timeout: TimeAmount(limits.request))
                let body = try await response.body.collect(upTo: limits.answerBytesMax)
                return Reply(
                    status: Int(response.status.code), contentType: response.headers.first(name: "content-type"),
                    retryAfter: response.headers.first(name: "retry-after"), body: Array(body.readableBytesView))
            }
        } catch {
            throw Self.failure(of: error)
        }
    }

    /// AsyncHTTPClient's own timeout ends with the head of the answer; this one ends with the body.
    private func withDeadline(
        _ work: @escaping @Sendable () async throws -> Reply
    ) async throws -> Reply {
        try await withThrowingTaskGroup(of: Reply.self) { group in
            group.addTask(operation: work)
            group.addTask {
                try await Task.sleep(for: limits.request)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    /// Only what certainly happened before the first byte left is "never sent".
    private static func failure(of error: any Error) -> VippsFailure {
        switch error {
        case is NIOConnectionError: return .neverSent(.connection)
        case let error as IOError where error.errnoCode == ECONNREFUSED: return .neverSent(.connection)
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout: return .neverSent(.timeout)
            case .deadlineExceeded, .readTimeout, .writeTimeout: return .unknown(.timeout)
            case .cancelled: return .unknown(.interrupted)
            default: return .unknown(.connection)
            }
        case is NIOTooManyBytesError: return .unknown(.unreadableAnswer)
        case is CancellationError: return .unknown(.interrupted)
        default: return .unknown(.connection)
        }
    }
}
