import COpenSSL
import Foundation

package enum SHA256Digest {
    /// The 32 bytes of SHA-256.
    package static func of(_ data: Data) -> Data {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        data.withUnsafeBytes { bytes in
            _ = SHA256(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &digest)
        }
        return Data(digest)
    }
}

package enum HMACSHA256 {
    /// The 32 bytes of HMAC-SHA-256 of `message` under `key`.
    package static func code(of message: Data, key: Data) -> Data {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var length: UInt32 = 0
        key.withUnsafeBytes { keyBytes in
            message.withUnsafeBytes { messageBytes in
                _ = HMAC(
                    EVP_sha256(), keyBytes.baseAddress, Int32(keyBytes.count),
                    messageBytes.bindMemory(to: UInt8.self).baseAddress, messageBytes.count, &digest, &length)
            }
        }
        return Data(digest)
    }
}

/// Compares without telling by its duration where two values of the same length differ.
package func constantTimeEqual(_ left: Data, _ right: Data) -> Bool {
    guard left.count == right.count else { return false }
    guard !left.isEmpty else { return true }
    return left.withUnsafeBytes { a in
        right.withUnsafeBytes { b in CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0 }
    }
}

package enum RandomBytes {
    /// Bytes from OpenSSL's generator, fit for secrets.
    ///
    /// A machine without randomness cannot be trusted with anything, so that failure traps.
    package static func make(_ count: Int) -> Data {
        precondition(count > 0 && count <= 1024)
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "OpenSSL has no randomness")
        return Data(bytes)
    }
}
