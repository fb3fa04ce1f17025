import Cryptography
import Foundation
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import PointOfSale
import PointOfSaleAdapters
import SQLiteStorage
import ServiceLifecycle
import ServiceRuntime
import SharedKernel
import ZeroMQMessaging

/// pos-service: sales, payments at the till, returns, and the set-up behind them.
@main struct Main {
    static func main() async throws {
        try await exitOnStartRefusal { @Sendable in
            let settings = try PointOfSaleSettings(try await SettingsReader.ofProcess())
            try await run(settings)
        }
    }

    private static func run(_ settings: PointOfSaleSettings) async throws {
        let house = settings.house
        let service = ServiceName.pos
        StandardErrorLogHandler.bootstrap(service: service, level: house.logLevel, format: house.logFormat)
        let metrics = PrometheusMetrics.bootstrap()
        let logger = Logger(label: service)
        let now: Now = { Date() }

        // What is kept.
        let database = try SQLiteDatabase(path: house.databasePath, migrator: PointOfSaleSchema.migrator)
        let messages = SQLiteMessageStore(database: database, service: service)
        let sessions = try EndedSessions(in: database)
        let store = SQLitePointOfSaleStore(database: database, messages: messages, sessions: sessions, now: now)
        let hasher = ScryptPasswordHasher()
        if let seed = settings.seedFile {
            let file = try SeedFile(json: Data(seed.utf8))
            for shop in file.seeds { try await SeedShop(store: store, hasher: hasher)(shop) }
        }

        // What is heard and told.
        let bus = DurableBus(
            service: service, store: messages,
            transport: try ZeroMQTransport(
                directory: BusDirectory(file: house.busDirectoryFile),
                secretKey: .init(secretKeyFile: house.busSecretKeyFile), logger: logger),
            subscriptions: PointOfSaleInbox.subscriptions, handler: PointOfSaleInbox.router(store: store),
            logger: logger)

        // What is forgotten.
        let tidier = Tidier(store: store, logger: logger)

        // What can be done.
        let certificates = try SealingCertificates(pem: settings.sealingCertificates)
        let useCases = PointOfSaleUseCases(
            store: store, saleList: SQLiteSaleList(database: database),
            sealer: CertificateSealer(certificates: certificates), hasher: hasher, attempts: SignInAttempts(),
            newToken: { RandomBytes.make(24).base64URL })

        // What is seen.
        let door = PointOfSaleDoor(
            useCases: useCases, signer: SessionSigner(key: try SigningKey(pem: settings.sessionPrivateKey)),
            isSecure: house.baseURL.hasPrefix("https://"))
        let pages = try PointOfSalePages(door: door, assets: URL(filePath: house.assetsDirectory), now: now)
        let router = houseRouter(
            service: service,
            verifier: SessionVerifier(
                key: try VerifyingKey(pem: house.sessionPublicKey), isEnded: sessions.contains),
            withoutToken: PointOfSaleAPI.withoutToken.union(PointOfSalePages.pathsWithoutToken), now: now,
            checks: [.database(messages), .bus(bus), .sealing(certificates, now: now)], metricsText: metrics.text,
            logger: logger, problemPage: pages.problemPage)
        PointOfSaleAPI(door: door).add(to: router)
        pages.add(to: router)
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: messages, in: house.backupDirectory))
            .add(to: router, base: "/pos")
        let web = Application(
            router: router, server: houseServer(),
            configuration: .init(address: .hostname(house.host, port: house.port), serverName: service),
            logger: logger)

        try await runServices([bus, tidier, web], logger: logger)
    }
}
