import ArgumentParser
import Foundation
import Logging
import ZeroMQ
import ZeroMQMessaging

/// The operator's window on the message bus.
@main
struct BusTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bus-tool",
        abstract: "Watches the message bus, shows heads, cursors and lag, and mends what stands still.",
        discussion: """
            watch and heads listen on the bus itself with an observer's key. The other commands ask the service that \
            owns the data, over HTTP, signed in as an operator; the password comes from OPERATOR_PASSWORD or is asked for.
            """,
        subcommands: [Watch.self, Heads.self, Health.self, DeadLetters.self, AcceptEpoch.self, Retire.self])
}

/// Where the bus is and who we are on it.
struct BusOptions: ParsableArguments {
    @Option(help: "The bus directory file (or BUS_DIRECTORY_FILE).")
    var directory: String?

    @Option(help: "File with an observer's secret key, mode 600 (or BUS_SECRET_KEY_FILE).")
    var secretKeyFile: String?

    func transport() throws -> (ZeroMQTransport, BusDirectory) {
        let directory = try BusDirectory(file: value(directory, "--directory", "BUS_DIRECTORY_FILE"))
        let key = try CurveKeyPair(secretKeyFile: value(secretKeyFile, "--secret-key-file", "BUS_SECRET_KEY_FILE"))
        guard directory.observers.contains(key.publicKey) else {
            throw ValidationError(
                "The key belongs to no observer of the bus directory. A service's key would take that service's place.")
        }
        let logger = Logger(label: "bus-tool") { StreamLogHandler.standardError(label: $0) }
        return (try ZeroMQTransport(directory: directory, secretKey: key, logger: logger), directory)
    }

    private func value(_ option: String?, _ name: String, _ variable: String) throws -> String {
        guard let value = option ?? ProcessInfo.processInfo.environment[variable] else {
            throw ValidationError("Give \(name) or set \(variable).")
        }
        return value
    }
}
