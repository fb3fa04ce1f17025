import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A mail server on a free port of this machine that takes every mail and keeps it.
final class PlayedMailServer: Sendable {
    struct Mail: Sendable {
        let recipients: [String]
        let text: String

        /// What the parts of the mail say; they travel as base64.
        var parts: [String] {
            text.components(separatedBy: "Content-Transfer-Encoding: base64\n\n").dropFirst().compactMap { rest in
                let end = rest.range(of: "\n--")?.lowerBound ?? rest.endIndex
                let bytes = Data(base64Encoded: String(rest[..<end]), options: .ignoreUnknownCharacters)
                return bytes.map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    let port: Int
    private let listener: Int32
    private let kept = Mutex<[Mail]>([])

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listener >= 0, listens else { throw CocoaError(.featureUnsupported) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread { [weak self] in self?.converse(connection) }.start()
            }
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    var mails: [Mail] { kept.withLock { $0 } }

    private func converse(_ connection: Int32) {
        defer { close(connection) }
        guard let input = fdopen(dup(connection), "r") else { return }
        defer { fclose(input) }
        func say(_ words: String) {
            _ = send(connection, words + "\r\n", words.utf8.count + 2, Int32(MSG_NOSIGNAL))
        }
        func hear() -> String? {
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            defer { free(line) }
            guard getline(&line, &capacity, input) > 0, let line else { return nil }
            return String(cString: line).trimmingCharacters(in: .newlines)
        }
        say("220 test")
        var recipients: [String] = []
        while let line = hear() {
            switch line.prefix(4).uppercased() {
            case "RCPT":
                recipients.append(line)
                say("250 ok")
            case "DATA":
                say("354 go on")
                var text = ""
                while let line = hear(), line != "." { text += line + "\n" }
                kept.withLock { $0.append(Mail(recipients: recipients, text: text)) }
                recipients = []
                say("250 taken")
            case "QUIT":
                say("221 bye")
                return
            default: say("250 ok")
            }
        }
    }
}
