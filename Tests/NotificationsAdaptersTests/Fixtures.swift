import Cryptography
import Foundation
import GRDB
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Messaging
import Notifications
import NotificationsAdapters
import SQLiteStorage
import SharedKernel

/// A whole notification-relay without bus: its own file, its hub, its router, sessions signed by a key of the tests.
struct RelayHouse: Sendable {
    static let now = InstantText.read("2026-11-23T09:15:20.031Z")!

    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let feed: SQLiteFeedStore
    let mails: SQLiteInvoiceMailQueue
    let sessions: EndedSessions
    let hub: LiveFeedHub
    let mailQueued = WakeSignal()
    /// How long a page that is let go may take to read.
    var farewell = Duration.seconds(5)

    init(limits: LiveFeedHub.Limits = .standard) throws {
        try self.init(
            database: try SQLiteDatabase.temporary(migrator: NotificationsSchema.migrator), limits: limits)
    }

    init(database: SQLiteDatabase, limits: LiveFeedHub.Limits = .standard) throws {
        self.database = database
        messages = SQLiteMessageStore(database: database, service: ServiceName.relay)
        feed = SQLiteFeedStore(database: database)
        mails = SQLiteInvoiceMailQueue(database: database, messages: messages)
        let sessions = try EndedSessions(in: database)
        self.sessions = sessions
        hub = LiveFeedHub(limits: limits, isEnded: sessions.contains)
    }

    var live: LiveFeedRoute { LiveFeedRoute(hub: hub, feed: feed, farewell: farewell) }
    var mailAPI: InvoiceMailAPI { InvoiceMailAPI(queue: mails, mailQueued: mailQueued) }

    func router() throws -> Router<ServingContext> {
        let router = houseRouter(
            service: "notification-relay",
            verifier: SessionVerifier(key: try VerifyingKey(pem: Self.publicKey), isEnded: sessions.contains),
            now: { Self.now }, checks: [], metricsText: { "" },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        router.add(live.endpoints)
        router.add(mailAPI.endpoints)
        return router
    }

    func told() async throws -> [Envelope] {
        try await database.writer.read { [messages] in try messages.appendedEnvelopes(in: $0) }
    }

    /// Hears a message as the bus would deliver it: in one transaction.
    func hear(_ message: some MessageContract, tenant: TenantID = .first) async throws {
        let envelope = Envelope(
            id: .new(at: Self.now), source: "/somebody", type: type(of: message).type, subject: message.subject,
            time: Self.now, tenantID: tenant, stream: type(of: message).stream, sequence: 1, epoch: "epoch",
            cause: Cause(correlationID: "correlation", causationID: nil, trace: .new()),
            data: try JSONEncoder.house.encode(message))
        let handler = NotificationsMessages(
            feed: feed, hub: hub, mails: mails, mailQueued: mailQueued, sessions: sessions, now: { Self.now }
        ).router
        try await database.writer.write { try handler.handle(envelope, in: $0) }
    }

    func sender(through transport: any MailTransport, now: @escaping Now = { Self.now }) throws -> SendDueInvoiceMails {
        SendDueInvoiceMails(
            queue: mails, transport: transport, sender: try MailAddress("till@shop.example"), timeZone: .gmt, now: now,
            moment: { _ in })
    }

    // MARK: Sessions

    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIObhLbT4UCW0QU85Fe2Trgclj1x+uWX1z9elhyc7/14h
        -----END PRIVATE KEY-----
        """
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA55elXBQ3TeZ/b5hWO301dZ3hHdk4zmK8j+xN5FnBRTY=
        -----END PUBLIC KEY-----
        """

    static func session(
        _ roles: Set<Role> = [.cashier], tenant: TenantID = .first, expiresAt: Date = now.addingTimeInterval(3600)
    ) -> Session {
        Session(
            sessionID: .new(at: now), userID: .new(at: now), userName: "kari", tenantID: tenant,
            tenantName: "Fjordkaffe", roles: roles, csrf: "token-1", expiresAt: expiresAt)
    }

    static func headers(_ session: Session?) throws -> HTTPFields {
        var headers: HTTPFields = [.csrfToken: "token-1"]
        if let session {
            let cookie = try SessionSigner(key: SigningKey(pem: privateKey)).cookie(for: session)
            headers[.cookie] = "session=\(cookie)"
        }
        return headers
    }
}

extension TenantID {
    static let first = TenantID("00000000-0000-7000-8000-0000000000a1")!
    static let second = TenantID("00000000-0000-7000-8000-0000000000a2")!
}

extension Money {
    static func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
}

extension SaleCompleted {
    static func sample(
        _ sale: SaleID = .new(at: RelayHouse.now), email: String? = "kari@example.com", startedAt: Date? = nil
    ) -> SaleCompleted {
        SaleCompleted(
            saleID: sale, saleIdentifier: "OSL-1000123", tenantName: "Fjordkaffe & sønn",
            organizationalUnitID: .new(at: RelayHouse.now),
            organizationalUnitName: "Torget",
            lines: [
                SoldLine(
                    lineID: .new(at: RelayHouse.now), productID: nil, name: "Kaffe", quantity: 2,
                    unitPrice: .nok(7_000),
                    discount: .nok(1_100), taxRate: 2500, total: .nok(12_900), tax: .nok(2_580))
            ], total: .nok(12_900), valueAddedTax: .nok(2_580),
            payments: [
                SalePayment(
                    paymentID: .new(at: RelayHouse.now), kind: .vippsEPayment, paymentOptionID: nil,
                    optionName: "Vipps",
                    amount: .nok(12_900))
            ], invoiceEmail: email, language: "nb", startedAt: startedAt,
            completedAt: RelayHouse.now)
    }
}

/// Waits for something that another task brings about. A condition that never comes is a failure of the test's time
/// limit.
func until(_ condition: @Sendable () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}
