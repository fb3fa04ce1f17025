import Foundation
import Logging

/// The settings that every service has, read and checked once at its start.
///
/// | key | meaning |
/// |---|---|
/// | `DEPLOYMENT` | name of the installation; `prod2`, `prod3`, `prod5`, `prod6` are production |
/// | `HTTP_HOST`, `HTTP_PORT` | where the service listens; 127.0.0.1 by default |
/// | `DATABASE_PATH` | the service's own SQLite file |
/// | `BACKUP_DIRECTORY` | where an operator's backups are written; without it there are none |
/// | `BUS_DIRECTORY_FILE` | JSON: every peer's endpoint and public key |
/// | `BUS_SECRET_KEY_FILE` | this service's CURVE secret key |
/// | `SESSION_PUBLIC_KEY_FILE` | Ed25519 public key (PEM) that verifies sessions |
/// | `BASE_URL` | the address under which browsers see all services |
/// | `ASSETS_DIRECTORY` | htmx, and scripts and stylesheets made small: what the set-up puts into `.run/assets` |
/// | `LOG_LEVEL`, `LOG_FORMAT` | `info`; `lines` or `json` |
package struct ServiceConfiguration: Sendable {
    package let deployment: String
    package let host: String
    package let port: Int
    package let databasePath: String
    package let backupDirectory: String?
    package let busDirectoryFile: String
    package let busSecretKeyFile: String
    package let sessionPublicKey: String
    package let baseURL: String
    package let assetsDirectory: String
    package let logLevel: Logger.Level
    package let logFormat: LogFormat

    package init(_ settings: SettingsReader) throws {
        deployment = try settings.text("deployment")
        host = settings.optionalText("http.host") ?? "127.0.0.1"
        port = try settings.number("http.port", in: 0...65_535)
        databasePath = try settings.text("database.path")
        backupDirectory = settings.optionalText("backup.directory")
        busDirectoryFile = try settings.text("bus.directoryFile")
        busSecretKeyFile = try settings.text("bus.secretKeyFile")
        sessionPublicKey = try settings.content(ofFileAt: "session.publicKeyFile")
        baseURL = try settings.address("base.url")
        assetsDirectory = try settings.text("assets.directory")
        logLevel = try settings.choice("log.level", default: .info)
        logFormat = try settings.choice("log.format", default: .lines)
    }

    /// Whether this deployment moves real money.
    package var isProduction: Bool { Self.productionDeployments.contains(deployment) }

    package static let productionDeployments: Set<String> = ["prod2", "prod3", "prod5", "prod6"]
}
