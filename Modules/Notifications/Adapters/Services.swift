import CrashPoints
import Foundation
import Logging
import Messaging
import Metrics
import Notifications
import ServiceLifecycle
import SharedKernel

/// Shows the connected pages that the line is alive, and keeps the feed within its bounds. On shutdown it ends every
/// connection, so that the web server has nobody to wait for.
package struct LiveFeedPulse: Service {
    private static let pruneEvery = 4

    private let hub: LiveFeedHub
    private let feed: any FeedStore
    private let retention: FeedRetention
    private let interval: Duration
    private let now: Now
    private let logger: Logger

    package init(
        hub: LiveFeedHub, feed: any FeedStore, retention: FeedRetention = .standard, interval: Duration = .seconds(15),
        now: @escaping Now, logger: Logger
    ) {
        self.hub = hub
        self.feed = feed
        self.retention = retention
        self.interval = interval
        self.now = now
        self.logger = logger
    }

    package func run() async throws {
        defer { hub.close() }
        var beats = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: interval) }
            if Task.isCancelled || Task.isShuttingDownGracefully { return }
            hub.pulse(now: now())
            Gauge(label: "live_feed_connections").record(hub.count)
            beats += 1
            guard beats % Self.pruneEvery == 0 else { continue }
            do { try await feed.prune(now: now(), keeping: retention) } catch {
                logger.error("the live feed could not be pruned", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Sends invoice mails as they fall due. The mail in hand is finished on shutdown.
package struct InvoiceMailer: Service {
    /// It looks at least this often, also to erase old addresses.
    private static let longestRest: TimeInterval = 3600
    private static let shortestRest: TimeInterval = 0.2
    private static let restAfterTrouble: TimeInterval = 5

    private let send: SendDueInvoiceMails
    private let queue: any InvoiceMailQueue
    private let mailQueued: WakeSignal
    private let now: Now
    private let logger: Logger

    /// - Parameter mailQueued: raised when there is a new mail.
    package init(
        transport: any MailTransport, queue: any InvoiceMailQueue, mailQueued: WakeSignal, sender: MailAddress,
        timeZone: TimeZone, now: @escaping Now, logger: Logger
    ) {
        send = SendDueInvoiceMails(
            queue: queue, transport: transport, sender: sender, timeZone: timeZone, now: now,
            moment: { CrashPoint.pass($0) })
        self.queue = queue
        self.mailQueued = mailQueued
        self.now = now
        self.logger = logger
    }

    package func run() async throws {
        var isRecovered = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let rest: TimeInterval
            do {
                if !isRecovered { try await queue.recover(now: now()) }
                isRecovered = true
                rest = try await work()
            } catch {
                logger.error("invoice mails could not be sent", metadata: ["error": "\(error)"])
                rest = Self.restAfterTrouble
            }
            await self.rest(for: rest)
        }
    }

    /// - Returns: seconds until there is something to do again.
    private func work() async throws -> TimeInterval {
        for outcome in try await send(shouldStop: { Task.isCancelled || Task.isShuttingDownGracefully }) {
            Counter(label: "invoice_mails_total", dimensions: [("outcome", outcome.name)]).increment()
        }
        let kept = InvoiceMailPolicy.addressKeptAfterFailure / .seconds(1)
        try await queue.erase(endedBefore: now().addingTimeInterval(-kept))
        guard let next = try await queue.nextDueAt() else { return Self.longestRest }
        return min(Self.longestRest, max(Self.shortestRest, next.timeIntervalSince(now())))
    }

    /// Until the time is over, a mail is queued, or the service stops.
    private func rest(for seconds: TimeInterval) async {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await mailQueued.wait() }
                group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
                await group.next()
                group.cancelAll()
            }
        }
    }
}

extension MailOutcome {
    fileprivate var name: String {
        switch self {
        case .accepted: "accepted"
        case .postponed: "postponed"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}
