import Cryptography
import Foundation
import SharedKernel

/// What a person may do.
package enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    case cashier
    case administrator
    /// The vendor's: services, streams, dead letters.
    case `operator`
}

/// A signed-in person. It travels in the cookie `session`, signed by pos-service and verified by every service on its own.
package struct Session: Sendable, Hashable, Codable {
    package let sessionID: SessionID
    package let userID: UserID
    package let userName: String
    package let tenantID: TenantID
    package let tenantName: String
    package let roles: Set<Role>
    /// Unsafe requests repeat it in the header `X-CSRF-Token`.
    package let csrf: String
    package let expiresAt: Date

    package init(
        sessionID: SessionID, userID: UserID, userName: String, tenantID: TenantID, tenantName: String,
        roles: Set<Role>,
        csrf: String, expiresAt: Date
    ) {
        self.sessionID = sessionID
        self.userID = userID
        self.userName = userName
        self.tenantID = tenantID
        self.tenantName = tenantName
        self.roles = roles
        self.csrf = csrf
        self.expiresAt = expiresAt
    }

    package static let cookieName = "session"
}

/// Makes cookie values: `base64url(claims).base64url(signature)`, and marks.
package struct SessionSigner: Sendable {
    private let key: SigningKey

    package init(key: SigningKey) { self.key = key }

    package func cookie(for session: Session) throws -> String {
        let claims = try JSONEncoder.house.encode(session)
        return try claims.base64URL + "." + key.signature(of: claims).base64URL
    }

    /// Twenty-four characters that nobody without the key can make of `text`, and always the same.
    package func mark(_ text: String) throws -> String {
        let digest = SHA256Digest.of(try key.signature(of: Data("mark \(text)".utf8)))
        return digest.prefix(18).base64URL
    }
}

/// What a cookie turned out to be.
package enum SessionCheck: Sendable, Hashable {
    case valid(Session)
    /// Its time is over, or it was ended before.
    case expired
    /// No cookie, or not one of ours.
    case none
}

/// Reads cookie values. Needs the public key, and to know which sessions were ended before their time.
package struct SessionVerifier: Sendable {
    private let key: VerifyingKey
    private let isEnded: @Sendable (SessionID) -> Bool
    private static let cookieMax = 4096

    package init(key: VerifyingKey, isEnded: @escaping @Sendable (SessionID) -> Bool = { _ in false }) {
        self.key = key
        self.isEnded = isEnded
    }

    package func check(_ cookie: String, now: Date) -> SessionCheck {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard cookie.utf8.count <= Self.cookieMax, parts.count == 2,
            let claims = Data(base64URL: parts[0]), let signature = Data(base64URL: parts[1]),
            key.isValid(signature, of: claims),
            let session = try? JSONDecoder.house.decode(Session.self, from: claims)
        else { return .none }
        return session.expiresAt > now && !isEnded(session.sessionID) ? .valid(session) : .expired
    }
}

extension Data {
    /// Base64 for cookies and addresses: `-` and `_`, no padding (RFC 4648, section 5).
    package var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    package init?(base64URL text: some StringProtocol) {
        let plain = String(text).replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - plain.count % 4) % 4)
        self.init(base64Encoded: plain + padding)
    }
}
