import Foundation

/// Which mail server is used, and how.
package struct SMTPServer: Sendable {
    package enum Encryption: Sendable, Hashable {
        /// From the first byte (`smtps://`).
        case immediate
        /// By STARTTLS; without it nothing is sent.
        case required
        /// None: for a server on this machine.
        case none
    }

    package struct Credentials: Sendable {
        package let user: String
        package let password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// `smtp://127.0.0.1:8025`
    package let url: String
    package let encryption: Encryption
    package let credentials: Credentials?
    /// Of connecting, and of a whole mail.
    package let connectTimeout: Duration
    package let timeout: Duration

    package struct Invalid: Error, CustomStringConvertible {
        package let description: String
    }

    /// A server elsewhere is never spoken to without encryption.
    ///
    /// - Throws: `Invalid` for anything but `smtp://host[:port]` and `smtps://host[:port]`.
    package init(
        url text: String, credentials: Credentials?, connectTimeout: Duration = .seconds(10),
        timeout: Duration = .seconds(60)
    ) throws {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, ["smtp", "smtps"].contains(scheme),
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil, parts.query == nil,
            parts.path.isEmpty || parts.path == "/"
        else { throw Invalid(description: "must be like smtp://mail.example.com:587 or smtps://mail.example.com") }
        url = text
        let isHere = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host)
        encryption = scheme == "smtps" ? .immediate : isHere ? .none : .required
        self.credentials = credentials
        self.connectTimeout = connectTimeout
        self.timeout = timeout
    }
}
