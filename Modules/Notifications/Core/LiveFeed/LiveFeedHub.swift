import Foundation
import SharedKernel
import Synchronization

/// What a connected page is told.
package enum LiveSignal: Sendable, Hashable {
    case event(FeedEvent)
    /// Nothing happened; the line is still there.
    case keepAlive
}

/// One open page of a signed-in session. The signals end when the session ends, when the page reads too slowly, and
/// when the service stops; the page comes back and resumes where it stood.
package struct LiveConnection: Sendable {
    package let id: UInt64
    package let tenantID: TenantID
    package let sessionID: SessionID
    package let sessionEndsAt: Date
    package let signals: AsyncStream<LiveSignal>
    /// Ends with the signals, whether or not anybody reads them.
    package let ended: AsyncStream<Never>
    fileprivate let source: AsyncStream<LiveSignal>.Continuation
    fileprivate let end: AsyncStream<Never>.Continuation

    fileprivate func finish() {
        source.finish()
        end.finish()
    }
}

package enum LiveFeedRefusal: Error, Sendable, Hashable {
    case tooManyOfSession(max: Int)
    case tooManyInAll(max: Int)
    /// The service is stopping.
    case closed
}

/// Everybody who listens now. Events of a tenant go to the sessions of that tenant alone.
package final class LiveFeedHub: Sendable {
    package struct Limits: Sendable, Hashable {
        package let ofSession: Int
        package let inAll: Int
        /// Signals that may wait for a slow page before it is let go.
        package let waiting: Int

        package init(ofSession: Int, inAll: Int, waiting: Int) {
            precondition(ofSession > 0 && inAll > 0 && waiting > 0)
            self.ofSession = ofSession
            self.inAll = inAll
            self.waiting = waiting
        }

        package static let standard = Limits(ofSession: 8, inAll: 5_000, waiting: 256)
    }

    private struct State {
        var connections: [TenantID: [UInt64: LiveConnection]] = [:]
        /// Counted until the connection is really gone, so that a session cannot hold more by reading slowly.
        var ofSession: [SessionID: Int] = [:]
        var count = 0
        var nextID: UInt64 = 1
        var isClosed = false

        mutating func remove(_ connection: LiveConnection) {
            connections[connection.tenantID]?[connection.id] = nil
            if connections[connection.tenantID]?.isEmpty == true { connections[connection.tenantID] = nil }
        }
    }

    private let limits: Limits
    private let isEnded: @Sendable (SessionID) -> Bool
    private let state = Mutex(State())

    /// - Parameter isEnded: whether a session was ended before its time. Its pages hear nothing from then on.
    package init(limits: Limits = .standard, isEnded: @escaping @Sendable (SessionID) -> Bool = { _ in false }) {
        self.limits = limits
        self.isEnded = isEnded
    }

    /// How many pages are connected.
    package var count: Int { state.withLock(\.count) }

    /// Whoever connects gets every event that is published from now on, and must `leave` in the end.
    package func connect(
        tenant: TenantID, session: SessionID, sessionEndsAt: Date
    ) throws(LiveFeedRefusal) -> LiveConnection {
        let limits = limits
        let outcome = state.withLock { state -> Result<LiveConnection, LiveFeedRefusal> in
            guard !state.isClosed else { return .failure(.closed) }
            guard state.count < limits.inAll else { return .failure(.tooManyInAll(max: limits.inAll)) }
            guard state.ofSession[session, default: 0] < limits.ofSession else {
                return .failure(.tooManyOfSession(max: limits.ofSession))
            }
            let (signals, source) = AsyncStream<LiveSignal>.makeStream(
                bufferingPolicy: .bufferingOldest(limits.waiting))
            let (ended, end) = AsyncStream<Never>.makeStream()
            let connection = LiveConnection(
                id: state.nextID, tenantID: tenant, sessionID: session, sessionEndsAt: sessionEndsAt, signals: signals,
                ended: ended, source: source, end: end)
            state.nextID += 1
            state.count += 1
            state.ofSession[session, default: 0] += 1
            state.connections[tenant, default: [:]][connection.id] = connection
            return .success(connection)
        }
        return try outcome.get()
    }

    /// The connection is gone, whoever ended it.
    package func leave(_ connection: LiveConnection) {
        state.withLock { state in
            state.count -= 1
            let left = state.ofSession[connection.sessionID, default: 1] - 1
            state.ofSession[connection.sessionID] = left > 0 ? left : nil
            state.remove(connection)
        }
        connection.finish()
    }

    /// Tells the tenant's pages. Called in the order of the feed's numbers.
    package func publish(_ event: FeedEvent, to tenant: TenantID, now: Date) {
        send(.event(event), now: now) { $0.connections[tenant].map { Array($0.values) } ?? [] }
    }

    /// Shows every page that the line is alive, and ends those whose session has ended.
    package func pulse(now: Date) {
        send(.keepAlive, now: now) { $0.connections.values.flatMap(\.values) }
    }

    /// Ends every connection and refuses new ones: the service stops.
    package func close() {
        let open = state.withLock { state in
            state.isClosed = true
            let open = state.connections.values.flatMap(\.values)
            state.connections = [:]
            return open
        }
        for connection in open { connection.finish() }
    }

    private func send(_ signal: LiveSignal, now: Date, to chosen: (inout State) -> [LiveConnection]) {
        // Ended outside the lock: finishing a stream runs foreign code.
        let ended = state.withLock { state in
            var ended: [LiveConnection] = []
            for connection in chosen(&state) {
                guard connection.sessionEndsAt > now, !isEnded(connection.sessionID) else {
                    ended.append(connection)
                    continue
                }
                switch connection.source.yield(signal) {
                case .enqueued: break
                case .dropped, .terminated: ended.append(connection)
                @unknown default: ended.append(connection)
                }
            }
            for connection in ended { state.remove(connection) }
            return ended
        }
        for connection in ended { connection.finish() }
    }
}
