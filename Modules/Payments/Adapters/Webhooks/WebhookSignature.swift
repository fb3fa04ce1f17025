import Cryptography
import Foundation

/// What Vipps signs, and how it is checked: HMAC-SHA-256 over method, registered address, date and hash of the raw bytes.
///
/// The age of the date is no reason to refuse: a clock minutes off would refuse everything, Vipps' retries go on for seven
/// days, and a repeat does nothing.
package struct WebhookSignature: Sendable {
    /// The headers as they came.
    package let date: String
    package let contentHash: String
    /// `Authorization` and `X-Vipps-Authorization`, whichever came; some servers swallow the first.
    package let authorizations: [String]

    package init(date: String, contentHash: String, authorizations: [String]) {
        self.date = date
        self.contentHash = contentHash
        self.authorizations = authorizations
    }

    /// Whether Vipps sent exactly these bytes to the address we registered.
    ///
    /// - Parameters:
    ///   - secret: UTF-8 of the secret as it was given, not decoded.
    ///   - url: as registered; never the request's own, which a proxy may have rewritten.
    package func isValid(for body: Data, secret: Data, url: String) -> Bool {
        guard let target = SignedTarget(url: url), !secret.isEmpty else { return false }
        let hash = SHA256Digest.of(body).base64EncodedString()
        guard constantTimeEqual(Data(hash.utf8), Data(contentHash.utf8)) else { return false }
        let text = "POST\n\(target.pathAndQuery)\n\(date);\(target.host);\(hash)"
        let signature = HMACSHA256.code(of: Data(text.utf8), key: secret).base64EncodedString()
        let expected = Data(
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=\(signature)".utf8)
        var isValid = false
        for authorization in authorizations where constantTimeEqual(Data(authorization.utf8), expected) {
            isValid = true
        }
        return isValid
    }
}

/// Host, path and query of a registered address, exactly as written: percent escapes stay.
struct SignedTarget: Hashable {
    /// With the port when it is not the scheme's own.
    let host: String
    let pathAndQuery: String

    init?(url: String) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let rest = parts[1]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty else { return nil }
        let ownPort = parts[0] == "https" ? ":443" : ":80"
        host = String(authority.hasSuffix(ownPort) ? authority.dropLast(ownPort.count) : authority)
        let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
        pathAndQuery = path.hasPrefix("/") ? String(path) : "/\(path)"
    }
}
