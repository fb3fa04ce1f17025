import Cryptography
import Foundation

/// The three keys of an agreement in the clear: opened just before a call, never stored, never described.
package struct VippsKeys: Sendable, CustomStringConvertible, CustomReflectable {
    package let clientID: String
    package let clientSecret: String
    package let subscriptionKey: String

    package init(clientID: String, clientSecret: String, subscriptionKey: String) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.subscriptionKey = subscriptionKey
    }

    /// From what the envelope holds: `{"clientID":..,"clientSecret":..,"subscriptionKey":..}`.
    ///
    /// `nil` when a key is missing, empty, longer than 512 characters or holds what no header may hold.
    package init?(json: Data) {
        struct Body: Decodable {
            let clientID: String
            let clientSecret: String
            let subscriptionKey: String
        }
        guard let body = try? JSONDecoder().decode(Body.self, from: json) else { return nil }
        let all = [body.clientID, body.clientSecret, body.subscriptionKey]
        guard all.allSatisfy({ (1...512).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isHeaderByte) }) else {
            return nil
        }
        self.init(
            clientID: body.clientID, clientSecret: body.clientSecret, subscriptionKey: body.subscriptionKey)
    }

    /// Tells keys apart without showing them; a changed secret or subscription key is another fingerprint.
    package var fingerprint: Data {
        SHA256Digest.of(Data([clientID, clientSecret, subscriptionKey].joined(separator: "\n").utf8))
    }

    private static func isHeaderByte(_ byte: UInt8) -> Bool { (33...126).contains(byte) }

    package var description: String { "<keys>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// An access token. Its description says nothing.
package struct VippsToken: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let text: String
    package let fetchedAt: Date
    package let life: TimeInterval

    package init(text: String, fetchedAt: Date, life: TimeInterval) {
        self.text = text
        self.fetchedAt = fetchedAt
        self.life = life
    }

    /// A token is used until a minute before its end, one of a short life until a tenth of it is left.
    package func isFresh(at now: Date) -> Bool {
        let age = now.timeIntervalSince(fetchedAt)
        return age >= 0 && age < life - min(60, life / 10)
    }

    package var description: String { "<token>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
