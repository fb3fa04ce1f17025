import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import NIOCore
import Notifications
import ServiceLifecycle
import SharedKernel

/// `GET /notifications/events`: the live feed of the tenant of the session.
package struct LiveFeedRoute: Sendable {
    /// More than this is not replayed: fetching everything again is cheaper.
    static let replayMax = 1_000
    private let hub: LiveFeedHub
    private let feed: any FeedStore
    private let farewell: Duration

    /// - Parameter farewell: how long a page that is let go may take to read what it has been sent.
    package init(hub: LiveFeedHub, feed: any FeedStore, farewell: Duration = .seconds(5)) {
        self.hub = hub
        self.feed = feed
        self.farewell = farewell
    }

    package var endpoints: [Endpoint] { [Endpoint(.get, "/notifications/events", answer: stream)] }

    /// A place in the hub; given back with its last reference, also when the answer is never written.
    private final class Seat: Sendable {
        let connection: LiveConnection
        private let hub: LiveFeedHub

        init(_ connection: LiveConnection, in hub: LiveFeedHub) {
            self.connection = connection
            self.hub = hub
        }

        deinit { hub.leave(connection) }
    }

    /// What is written before the live events begin.
    private struct Beginning: Sendable {
        var text: String
        let epoch: String
        /// Events up to this number are in `text`, or the page has them.
        var sent: Int64
    }

    private func stream(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.cashier, .administrator, .operator)
        let last = try position(request)
        // First a seat, then the past: whatever happens in between is heard.
        let seat = try takeSeat(session)
        let beginning = try await beginning(after: last, of: session.tenantID)
        var headers: HTTPFields = [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store"]
        headers[.accelBuffering] = "no"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [farewell] writer in
                let copy = writer
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await Self.write(beginning, seat, to: copy, farewell: farewell)
                }
            })
    }

    private func takeSeat(_ session: Session) throws -> Seat {
        do throws(LiveFeedRefusal) {
            return Seat(
                try hub.connect(
                    tenant: session.tenantID, session: session.sessionID, sessionEndsAt: session.expiresAt), in: hub)
        } catch {
            throw Problem(error)
        }
    }

    /// `Last-Event-ID`, or `lastEventId` of the query for a page that cannot set headers.
    private func position(_ request: Request) throws -> FeedPosition? {
        guard let text = request.headers[.lastEventID] ?? request.uri.queryParameters.get("lastEventId"), !text.isEmpty
        else { return nil }
        // What no feed ever wrote is answered like a place nobody knows: by a reset.
        return FeedPosition(text) ?? FeedPosition(epoch: "", number: 0)
    }

    private func beginning(after last: FeedPosition?, of tenant: TenantID) async throws -> Beginning {
        let state = try await feed.state(of: tenant)
        let now = FeedPosition(epoch: state.epoch, number: state.newest)
        switch FeedResumption.decide(last: last, state: state, replayMax: Self.replayMax) {
        case .live:
            // A new page may have been drawn before an event that is numbered already: it hears all that is waiting.
            return Beginning(
                text: EventStreamText.opening(at: now), epoch: state.epoch, sent: last == nil ? 0 : state.newest)
        case .reset:
            let text = EventStreamText.opening(at: now) + EventStreamText.reset(at: now)
            return Beginning(text: text, epoch: state.epoch, sent: 0)
        case .replay(let number):
            var beginning = Beginning(
                text: EventStreamText.opening(at: FeedPosition(epoch: state.epoch, number: number)),
                epoch: state.epoch, sent: number)
            for event in try await feed.events(of: tenant, after: number, limit: Self.replayMax) {
                beginning.text += EventStreamText.event(event, epoch: state.epoch)
                beginning.sent = event.number
            }
            return beginning
        }
    }

    /// Writes until the connection is ended from either side. A page that does not read is cut off a while after its
    /// seat is taken away.
    private static func write(
        _ beginning: Beginning, _ seat: Seat, to writer: any ResponseBodyWriter, farewell: Duration
    ) async throws {
        // The writer is used by the one child task alone, while this task waits for it.
        nonisolated(unsafe) var writer = writer
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await writer.write(ByteBuffer(string: beginning.text))
                for await signal in seat.connection.signals.cancelOnGracefulShutdown() {
                    switch signal {
                    case .event(let event) where event.number <= beginning.sent: continue
                    case .event(let event):
                        try await writer.write(
                            ByteBuffer(string: EventStreamText.event(event, epoch: beginning.epoch)))
                    case .keepAlive: try await writer.write(ByteBuffer(string: EventStreamText.keepAlive))
                    }
                }
                try await writer.finish(nil)
            }
            group.addTask {
                for await _ in seat.connection.ended {}
                try await Task.sleep(for: farewell)
            }
            try await group.next()
            group.cancelAll()
        }
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
    /// Tells nginx to pass every event on at once.
    static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}

extension Problem {
    init(_ refusal: LiveFeedRefusal) {
        switch refusal {
        case .tooManyOfSession(let max):
            self.init(
                .tooManyRequests, "too-many-connections", title: "Too many open pages",
                detail: "This session has \(max) live pages open already. Close one of them.")
        case .tooManyInAll(let max):
            self.init(
                .serviceUnavailable, "too-many-connections", title: "Too many connections",
                detail: "\(max) pages are connected already. Try again in a minute.")
        case .closed:
            self.init(
                .serviceUnavailable, "stopping", title: "The service is stopping",
                detail: "Try again in a few seconds.")
        }
    }
}
