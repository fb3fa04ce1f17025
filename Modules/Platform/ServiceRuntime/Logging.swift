import Foundation
import Logging
import SharedKernel

package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case lines
    /// One JSON object a line, for machines.
    case json
}

/// Writes every log record as one whole line to standard error.
package struct StandardErrorLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    let service: String
    let format: LogFormat

    /// Makes this the handler of every logger of the process. To be called once, first of all.
    package static func bootstrap(service: String, level: Logger.Level, format: LogFormat) {
        LoggingSystem.bootstrap { _ in
            StandardErrorLogHandler(logLevel: level, service: service, format: format)
        }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let line = Self.line(
            at: Date(), level: event.level, service: service, message: event.message.description, metadata: all,
            format: format)
        Data(line.utf8).withUnsafeBytes { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    package static func line(
        at instant: Date, level: Logger.Level, service: String, message: String, metadata: Logger.Metadata,
        format: LogFormat
    ) -> String {
        switch format {
        case .lines:
            let facts = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(quoted("\($0.value)"))" }.joined()
            return "\(InstantText.write(instant)) \(level) \(service): \(oneLine(message))\(facts)\n"
        case .json:
            var object = metadata.mapValues { "\($0)" }
            object["time"] = InstantText.write(instant)
            object["level"] = level.rawValue
            object["service"] = service
            object["message"] = message
            let json = (try? JSONEncoder.house.encode(object)) ?? Data("{}".utf8)
            return String(decoding: json, as: UTF8.self) + "\n"
        }
    }

    private static func quoted(_ text: String) -> String {
        text.contains(where: { $0 == " " || $0.isNewline || $0 == "\"" })
            ? "\"\(oneLine(text).replacingOccurrences(of: "\"", with: "'"))\"" : text
    }

    /// Nobody can forge a second line through a value.
    private static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
