import Foundation
import GRDB
import MessageContracts
import Messaging
import Notifications
import SQLiteStorage
import SharedKernel

/// What notification-relay hears, and what it does about it in the transaction of the inbox cursor.
package struct NotificationsMessages: Sendable {
    package static let subscriptions = [
        Subscription(publisher: ServiceName.pos, stream: .posViews),
        Subscription(publisher: ServiceName.finance, stream: .financeViews),
        Subscription(publisher: ServiceName.pos, stream: .posSales),
        Subscription(publisher: ServiceName.pos, stream: .posSessions),
    ]

    private let feed: SQLiteFeedStore
    private let hub: LiveFeedHub
    private let mails: SQLiteInvoiceMailQueue
    /// Raised when a mail is queued.
    private let mailQueued: WakeSignal
    private let sessions: EndedSessions
    private let now: Now

    package init(
        feed: SQLiteFeedStore, hub: LiveFeedHub, mails: SQLiteInvoiceMailQueue, mailQueued: WakeSignal,
        sessions: EndedSessions, now: @escaping Now
    ) {
        self.feed = feed
        self.hub = hub
        self.mails = mails
        self.mailQueued = mailQueued
        self.sessions = sessions
        self.now = now
    }

    package var router: MessageRouter<Database> {
        var router = MessageRouter<Database>()
        router.on(PointOfSaleViewChanged.self) { message, envelope, db in
            try tell(message.views, envelope.tenantID, db)
        }
        router.on(FinanceViewChanged.self) { message, envelope, db in
            try tell(message.views, envelope.tenantID, db)
        }
        router.on(SaleCompleted.self) { message, envelope, db in
            let isQueued = try mails.enqueue(
                message, of: envelope.tenantID, cause: envelope.asCause, now: now(), in: db)
            if isQueued { db.afterNextTransaction { [mailQueued] _ in mailQueued.wake() } }
        }
        router.on(SessionEnded.self) { message, _, db in
            try sessions.note(message.sessionID, until: message.expiresAt, now: now(), in: db)
        }
        return router
    }

    /// Keeps the event with its number, and tells the connected pages once it is kept, in the order of the numbers.
    private func tell(_ views: [String], _ tenant: TenantID, _ db: Database) throws {
        let views = views.filter(Self.isView)
        guard !views.isEmpty else { return }
        let event = try feed.append(views: views, of: tenant, now: now(), in: db)
        db.afterNextTransaction { [hub, now] _ in hub.publish(event, to: tenant, now: now()) }
    }

    /// A name that can stand on a line of the event stream.
    private static func isView(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
