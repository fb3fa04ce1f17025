import AsyncHTTPClient
import Cryptography
import Foundation
import HTTPServing
import Hummingbird
import Logging
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import ServiceLifecycle
import ServiceRuntime
import SharedKernel
import ZeroMQMessaging

/// vipps-gateway: payments in flight, everything said to Vipps, and Vipps' webhooks.
@main struct Main {
    static func main() async throws {
        try await exitOnStartRefusal { @Sendable in
            let settings = try GatewaySettings(try await SettingsReader.ofProcess())
            try await run(settings)
        }
    }

    private static func run(_ settings: GatewaySettings) async throws {
        let house = settings.house
        let service = ServiceName.gateway
        StandardErrorLogHandler.bootstrap(service: service, level: house.logLevel, format: house.logFormat)
        let metrics = PrometheusMetrics.bootstrap()
        let logger = Logger(label: service)
        let now: Now = { Date() }

        // What is kept.
        let database = try SQLiteDatabase(path: house.databasePath, migrator: GatewaySchema.migrator)
        let messages = SQLiteMessageStore(database: database, service: service)
        let payments = try SQLitePaymentStore(database: database, messages: messages)
        let setup = SQLiteSetupStore(database: database, messages: messages)
        let webhooks = SQLiteWebhookStore(
            database: database, messages: messages, sealing: settings.sealingCertificates,
            opening: settings.openingKeys, recorder: PaymentWebhooks(store: payments))
        let sessions = try EndedSessions(in: database)

        // What is heard and told.
        let bus = DurableBus(
            service: service, store: messages,
            transport: try ZeroMQTransport(
                directory: BusDirectory(file: house.busDirectoryFile),
                secretKey: .init(secretKeyFile: house.busSecretKeyFile), logger: logger),
            subscriptions: GatewayMessages.subscriptions,
            handler: GatewayMessages(
                payments: PaymentHandlers(store: payments, now: now), setup: SetupHandlers(store: setup, now: now),
                sessions: sessions, now: now
            ).router, logger: logger)

        // What is asked of Vipps.
        let http = VippsTransport.makeHTTPClient()
        let client = VippsClient(
            address: settings.vipps,
            system: VippsSystem(name: "vipps-till", version: "1.0.0", pluginName: service, pluginVersion: "1.0.0"),
            transport: VippsTransport(client: http), now: now)
        let keyRing = VippsKeyRing(sealed: setup, opening: settings.openingKeys)
        let worker = PaymentWorker(
            store: payments, changed: payments.changed,
            provider: VippsPaymentProvider(client: client, keyRing: keyRing, now: now), checkIns: webhooks, now: now,
            logger: logger)
        let setupWorker = SetupWorker(
            store: setup, provider: VippsSetupProvider(client: client, keyRing: keyRing),
            sealing: settings.sealingCertificates, opening: settings.openingKeys, webhookBase: settings.webhookBase,
            now: now, logger: logger)

        // What comes in from Vipps.
        let router = houseRouter(
            service: service,
            verifier: SessionVerifier(key: try .init(pem: house.sessionPublicKey), isEnded: sessions.contains),
            now: now,
            checks: [.database(messages), .bus(bus), .vipps(worker)], metricsText: metrics.text, logger: logger)
        WebhookRoutes(store: webhooks, signals: payments, logger: logger).add(to: router)
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: messages, in: house.backupDirectory))
            .add(to: router, base: "/vipps")
        let web = Application(
            router: router, server: houseServer(),
            configuration: .init(address: .hostname(house.host, port: house.port), serverName: service),
            logger: logger)

        try await runServices([bus, worker, setupWorker, web], logger: logger, stopWithin: .seconds(40))
        try await http.shutdown()
    }
}
