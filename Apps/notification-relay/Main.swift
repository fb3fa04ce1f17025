import Cryptography
import Foundation
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import Notifications
import NotificationsAdapters
import SQLiteStorage
import ServiceLifecycle
import ServiceRuntime
import SharedKernel
import ZeroMQMessaging

/// notification-relay: the live feed of every open page, and the invoice mails.
@main struct Main {
    static func main() async throws {
        try await exitOnStartRefusal { @Sendable in
            let settings = try NotificationRelaySettings(try await SettingsReader.ofProcess())
            try await run(settings)
        }
    }

    private static func run(_ settings: NotificationRelaySettings) async throws {
        let house = settings.house
        let service = ServiceName.relay
        StandardErrorLogHandler.bootstrap(service: service, level: house.logLevel, format: house.logFormat)
        let metrics = PrometheusMetrics.bootstrap()
        let logger = Logger(label: service)
        let now: Now = { Date() }

        // What is kept.
        let database = try SQLiteDatabase(path: house.databasePath, migrator: NotificationsSchema.migrator)
        let messages = SQLiteMessageStore(database: database, service: service)
        let feed = SQLiteFeedStore(database: database)
        let mails = SQLiteInvoiceMailQueue(database: database, messages: messages)
        let sessions = try EndedSessions(in: database)

        // What is heard, told and mailed.
        let hub = LiveFeedHub(isEnded: sessions.contains)
        let mailQueued = WakeSignal()
        let bus = DurableBus(
            service: service, store: messages,
            transport: try ZeroMQTransport(
                directory: BusDirectory(file: house.busDirectoryFile),
                secretKey: .init(secretKeyFile: house.busSecretKeyFile), logger: logger),
            subscriptions: NotificationsMessages.subscriptions,
            handler: NotificationsMessages(
                feed: feed, hub: hub, mails: mails, mailQueued: mailQueued, sessions: sessions, now: now
            ).router,
            logger: logger)
        let transport = CurlMailTransport(server: settings.mailServer, sender: settings.sender)
        let mailer = InvoiceMailer(
            transport: transport, queue: mails, mailQueued: mailQueued, sender: settings.sender,
            timeZone: settings.timeZone, now: now, logger: logger)

        // What is seen.
        let router = houseRouter(
            service: service,
            verifier: SessionVerifier(key: try .init(pem: house.sessionPublicKey), isEnded: sessions.contains),
            now: now,
            checks: [.database(messages), .bus(bus), .mailServer(transport, mails)], metricsText: metrics.text,
            logger: logger)
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: messages, in: house.backupDirectory))
            .add(to: router, base: "/notifications")
        router.add(LiveFeedRoute(hub: hub, feed: feed).endpoints)
        router.add(InvoiceMailAPI(queue: mails, mailQueued: mailQueued).endpoints)
        let web = Application(
            router: router, server: houseServer(),
            configuration: .init(address: .hostname(house.host, port: house.port), serverName: service),
            logger: logger)
        // Stopped first: it sends the pages home, or the web server would wait for them.
        let pulse = LiveFeedPulse(hub: hub, feed: feed, now: now, logger: logger)

        try await runServices([bus, mailer, web, pulse], logger: logger)
    }
}
