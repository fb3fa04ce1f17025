import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A small SMTP server on a free port of this machine, which does what a test tells it: refuse at some point, or close
/// the connection. It notes every mail it has taken.
final class SMTPTestServer: Sendable {
    enum Behaviour: Sendable {
        case normal
        /// Answers this to the command of that name: `MAIL`, `RCPT`, `DATA`, `END` (after the last line), `GREETING`.
        case answer(String, to: String)
        /// Closes the connection instead of answering.
        case close(at: String)
        /// Takes the mail, and closes the connection instead of saying so.
        case takeAndClose
    }

    struct Mail: Sendable {
        let sender: String
        let recipients: [String]
        let data: String
    }

    private struct State {
        var behaviour: Behaviour
        var mails: [Mail] = []
        var connections = 0
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    init(_ behaviour: Behaviour = .normal) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listener >= 0, isListening else { throw CocoaError(.featureUnsupported) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        state = Mutex(State(behaviour: behaviour))
        Thread { [weak self, listener] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0, let server = self, !server.state.withLock({ $0.isStopped }) else { return }
                server.state.withLock { $0.connections += 1 }
                Thread { [weak server] in server?.converse(connection) }.start()
            }
        }.start()
    }

    deinit { stop() }

    var url: String { "smtp://127.0.0.1:\(port)" }
    var mails: [Mail] { state.withLock(\.mails) }
    var connections: Int { state.withLock(\.connections) }

    func behave(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

    /// Nobody answers at the port any more.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

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
            return String(cString: line)
        }
        /// Whether the conversation goes on.
        func reply(_ usual: String, to name: String) -> Bool {
            switch state.withLock({ $0.behaviour }) {
            case .answer(let words, let at) where at == name:
                say(words)
                return true
            case .close(let at) where at == name: return false
            case .normal, .answer, .close, .takeAndClose:
                say(usual)
                return true
            }
        }
        guard reply("220 test", to: "GREETING") else { return }
        var (sender, recipients) = ("", [String]())
        while let line = hear() {
            let command = line.prefix(4).uppercased()
            let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
            switch command {
            case "EHLO", "HELO": say("250 test")
            case "MAIL":
                sender = text
                guard reply("250 ok", to: "MAIL") else { return }
            case "RCPT":
                recipients.append(text)
                guard reply("250 ok", to: "RCPT") else { return }
            case "DATA":
                guard reply("354 go on", to: "DATA") else { return }
                guard case .answer(_, "DATA") = state.withLock({ $0.behaviour }) else {
                    guard take(sender, recipients, hear: hear, reply: reply) else { return }
                    (sender, recipients) = ("", [])
                    continue
                }
            case "RSET": say("250 ok")
            case "QUIT":
                say("221 bye")
                return
            default: say("502 what?")
            }
        }
    }

    /// Reads a mail to its last line. Whether the conversation goes on.
    private func take(
        _ sender: String, _ recipients: [String], hear: () -> String?, reply: (String, String) -> Bool
    ) -> Bool {
        var data = ""
        while true {
            guard let line = hear() else { return false }  // Broken off: no mail.
            if line == ".\r\n" { break }
            data += line.hasPrefix("..") ? String(line.dropFirst()) : line
        }
        let mail = Mail(sender: sender, recipients: recipients, data: data)
        switch state.withLock({ $0.behaviour }) {
        case .takeAndClose:
            state.withLock { $0.mails.append(mail) }
            return false
        case .answer(_, "END"), .close("END"): return reply("", "END")
        case .normal, .answer, .close:
            state.withLock { $0.mails.append(mail) }
            return reply("250 taken", "END")
        }
    }
}
