import Cryptography
import Finance
import FinanceAdapters
import Foundation
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import SQLiteStorage
import ServiceLifecycle
import ServiceRuntime
import SharedKernel
import WebUI
import ZeroMQMessaging

/// financial-service: incoming payment options, the ledger, the event log of every payment.
@main struct Main {
    static func main() async throws {
        try await exitOnStartRefusal { @Sendable in
            let settings = try FinancialServiceSettings(try await SettingsReader.ofProcess())
            try await run(settings)
        }
    }

    private static func run(_ settings: FinancialServiceSettings) async throws {
        let house = settings.house
        let service = ServiceName.finance
        StandardErrorLogHandler.bootstrap(service: service, level: house.logLevel, format: house.logFormat)
        let metrics = PrometheusMetrics.bootstrap()
        let logger = Logger(label: service)
        let now: Now = { Date() }
        let brands = try Brands.load()
        let timeZone = brands.timeZone(ofMarket: settings.market)

        // What is kept.
        let database = try SQLiteDatabase(path: house.databasePath, migrator: FinanceSchema.migrator)
        let messages = SQLiteMessageStore(database: database, service: service)
        let options = SQLitePaymentOptionStore(database: database, messages: messages)
        let ledger = SQLiteLedger(database: database, messages: messages, timeZone: timeZone)
        let eventLog = SQLiteEventLog(database: database, messages: messages)
        let sessions = try EndedSessions(in: database)

        // What is heard and told.
        let bus = DurableBus(
            service: service, store: messages,
            transport: try ZeroMQTransport(
                directory: BusDirectory(file: house.busDirectoryFile),
                secretKey: .init(secretKeyFile: house.busSecretKeyFile), logger: logger),
            subscriptions: FinanceMessages.subscriptions,
            handler: FinanceMessages(ledger: ledger, eventLog: eventLog, sessions: sessions, now: now).router,
            logger: logger)

        // What is seen.
        let assets = try Assets(directory: URL(filePath: house.assetsDirectory))
        let templates = try Templates(pages: FinancePages.templates, texts: try Texts.load())
        let frame = PageFrame(templates: templates, assets: assets, base: "financial", now: now)
        let pages = FinancePages(
            options: options, eventLog: eventLog, frame: frame, brands: brands, market: settings.market)
        let router = houseRouter(
            service: service,
            verifier: SessionVerifier(key: try .init(pem: house.sessionPublicKey), isEnded: sessions.contains),
            now: now,
            checks: [.database(messages), .bus(bus)], metricsText: metrics.text, logger: logger,
            problemPage: pages.problemPage)
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: messages, in: house.backupDirectory))
            .add(to: router, base: "/financial")
        router.add(FinanceAPI(options: options, ledger: ledger, eventLog: eventLog).endpoints)
        router.add(pages.endpoints)
        assets.addRoutes(to: router, base: "financial")
        let web = Application(
            router: router, server: houseServer(),
            configuration: .init(address: .hostname(house.host, port: house.port), serverName: service),
            logger: logger)

        try await runServices([bus, web], logger: logger)
    }
}
