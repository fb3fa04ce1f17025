import Configuration
import Foundation
import SharedKernel
import SystemPackage

/// A setting that is missing or wrong. The text names the key and says what to do; it never repeats a secret.
package struct SettingProblem: StartRefusal, Hashable {
    package let description: String
    package var exitCode: Int32 { 78 }  // EX_CONFIG

    package init(_ key: String, _ words: String) {
        description = "setting \(SettingsReader.environmentName(of: key)): \(words)"
    }
}

/// The one reader of a service's settings: flags (`--http-port 8081`) before environment (`HTTP_PORT`) before the JSON file
/// named by `CONFIG_FILE` (`{"http": {"port": 8081}}`).
package struct SettingsReader: Sendable {
    private let reader: ConfigReader

    /// From the process: flags, environment, file.
    package static func ofProcess() async throws -> SettingsReader {
        var providers: [any ConfigProvider] = [CommandLineArgumentsProvider(), EnvironmentVariablesProvider()]
        if let file = ConfigReader(providers: providers).string(forKey: "config.file") {
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
            } catch {
                throw SettingProblem("config.file", "the file \(file) cannot be read as JSON: \(error)")
            }
        }
        return SettingsReader(reader: ConfigReader(providers: providers))
    }

    /// From given values, for tests.
    package init(values: [String: String]) {
        reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: values))
    }

    private init(reader: ConfigReader) { self.reader = reader }

    static func environmentName(of key: String) -> String {
        key.reduce("") { name, character in
            character == "."
                ? name + "_" : character.isUppercase ? "\(name)_\(character)" : name + character.uppercased()
        }
    }

    /// A text that must be there.
    package func text(_ key: String) throws -> String {
        guard let text = optionalText(key) else { throw SettingProblem(key, "is missing; it must be set") }
        return text
    }

    /// A text that may be absent; empty counts as absent.
    package func optionalText(_ key: String) -> String? {
        reader.string(forKey: ConfigKey(key)).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A whole number within `range`.
    package func number(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
        guard let text = optionalText(key) else {
            if let fallback { return fallback }
            throw SettingProblem(
                key, "is missing; it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        guard let number = Int(text), range.contains(number) else {
            throw SettingProblem(
                key, "must be a whole number from \(range.lowerBound) to \(range.upperBound), not «\(text)»")
        }
        return number
    }

    /// One of a few words.
    package func choice<Word: RawRepresentable<String> & CaseIterable>(_ key: String, default fallback: Word) throws
        -> Word
    {
        guard let text = optionalText(key) else { return fallback }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw SettingProblem(key, "must be one of \(words), not «\(text)»")
        }
        return word
    }

    /// An `http` or `https` address without a slash at its end.
    package func address(_ key: String) throws -> String {
        let text = try text(key)
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host() != nil
        else { throw SettingProblem(key, "must be an address like https://till.example.com, not «\(text)»") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// The content of the file that the setting names. For keys: the content is never part of an error.
    package func content(ofFileAt key: String) throws -> String {
        let path = try text(key)
        guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw SettingProblem(key, "the file \(path) cannot be read")
        }
        return content
    }
}
