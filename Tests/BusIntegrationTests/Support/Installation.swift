import Cryptography
import Foundation
import HTTPServing
import MessageContracts
import Messaging
import SharedKernel

/// One service under test as a process, and the three others played by the test.
final class Installation: Sendable {
    static let services = [ServiceName.pos, ServiceName.gateway, ServiceName.finance, ServiceName.relay]

    /// What each service publishes.
    static let streams: [String: [MessageStream]] = [
        ServiceName.pos: [.posPaymentCommands, .posSetup, .posSales, .posViews, .posSessions],
        ServiceName.gateway: [.payments, .paymentsSetup, .paymentsCheckIns],
        ServiceName.finance: [.financePaymentOptions, .financeLedger, .financeViews],
        ServiceName.relay: [.notificationsMail],
    ]

    let folder: URL
    let keys: KeyFiles
    let service: ServiceProcess
    let tenant = TenantID.new(at: Date())
    private let others: [String: PlayedService]

    var pos: PlayedService { others[ServiceName.pos]! }
    var gateway: PlayedService { others[ServiceName.gateway]! }
    var finance: PlayedService { others[ServiceName.finance]! }
    var relay: PlayedService { others[ServiceName.relay]! }

    private init(_ name: String, folder: URL, settings: (Installation.Files) throws -> [String: String]) throws {
        self.folder = folder
        keys = try KeyFiles(folder: folder, services: Self.services)
        let assets = folder.appending(path: "assets")
        try FileManager.default.createDirectory(at: assets, withIntermediateDirectories: true)
        try Data("//".utf8).write(to: assets.appending(path: "htmx.min.js"))
        let port = try freePorts(1)[0]
        let house = [
            "DEPLOYMENT": "dev1", "HTTP_HOST": "127.0.0.1", "HTTP_PORT": "\(port)",
            "DATABASE_PATH": folder.appending(path: "\(name).sqlite").path, "BUS_DIRECTORY_FILE": keys.busDirectoryFile,
            "BUS_SECRET_KEY_FILE": keys.busSecret(of: name), "SESSION_PUBLIC_KEY_FILE": keys.sessionPublic,
            "BASE_URL": "http://127.0.0.1:\(port)", "ASSETS_DIRECTORY": assets.path, "LANG": "C.UTF-8",
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "",
        ]
        let own = try settings(Files(folder: folder, keys: keys))
        service = ServiceProcess(
            name, port: port, environment: house.merging(own) { $1 }, log: folder.appending(path: "\(name).log"))
        let subscriptions = Self.streams[name]!.map { Subscription(publisher: name, stream: $0) }
        let keys = keys
        others = try Dictionary(
            uniqueKeysWithValues: Self.services.filter { $0 != name }.map {
                ($0, try PlayedService($0, hears: subscriptions, keys: keys))
            })
    }

    /// Where the settings of the service under test may point.
    struct Files {
        let folder: URL
        let keys: KeyFiles

        func write(_ text: String, to name: String) throws -> String {
            let file = folder.appending(path: name)
            try Data(text.utf8).write(to: file)
            return file.path
        }
    }

    /// Runs `body` with the service ready; then ends the service by SIGTERM, which must go well, and removes all.
    static func with(
        _ name: String, settings: (Files) throws -> [String: String] = { _ in [:] },
        _ body: (Installation) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "services-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let installation = try Installation(name, folder: folder, settings: settings)
        let result: Result<Void, any Error>
        do {
            try await installation.service.start()
            try await body(installation)
            let status = try await installation.service.stop()
            result = status == 0 ? .success(()) : .failure(BadEnd(status: status, log: installation.service.logText))
        } catch {
            result = .failure(BadCourse(error: error, log: installation.service.logText))
        }
        try? await installation.service.kill()
        for other in installation.others.values { await other.leave() }
        try result.get()
    }

    /// A browser of a person signed in at this tenant.
    func browser(_ roles: Role...) throws -> Browser {
        let browser = Browser(base: service.base)
        let now = Date()
        let session = Session(
            sessionID: .new(at: now), userID: .new(at: now), userName: "test", tenantID: tenant, tenantName: "Test",
            roles: Set(roles), csrf: "token-of-the-test", expiresAt: now + 3600)
        let signer = SessionSigner(key: try SigningKey(pem: keys.text(keys.sessionPrivate)))
        browser.carry(session: try signer.cookie(for: session), token: session.csrf)
        return browser
    }
}

struct BadEnd: Error, CustomStringConvertible {
    let status: Int32
    let log: String
    var description: String { "the service ended with \(status). Its log:\n\(log)" }
}

struct BadCourse: Error, CustomStringConvertible {
    let error: any Error
    let log: String
    var description: String { "\(error)\nThe log of the service:\n\(log.suffix(4_000))" }
}
