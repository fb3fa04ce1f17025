import Cryptography
import Foundation

/// The secret part of a webhook's address. Plain letters and digits only: Vipps has been seen to decode percent escapes.
package enum WebhookToken {
    static let length = 40
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz012345".utf8)

    /// 200 bits of chance.
    package static func make() -> String {
        String(decoding: RandomBytes.make(length).map { letters[Int($0 & 31)] }, as: UTF8.self)
    }

    package static func isToken(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
    }

    /// Where the webhooks of a deployment come in, up to the token.
    ///
    /// - Parameter base: `WEBHOOK_BASE_URL`, with or without a slash at its end.
    package static func addressPrefix(base: String) -> String {
        (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/vipps/webhooks/"
    }
}
