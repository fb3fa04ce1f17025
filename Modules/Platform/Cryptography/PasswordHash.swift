import COpenSSL
import Foundation

/// Passwords as scrypt hashes: `scrypt$15$8$1$<salt>$<hash>` (base64), N = 2^15, r = 8, p = 1.
///
/// Takes about a tenth of a second on purpose: call it off Swift's shared threads.
package enum PasswordHash {
    private static let logarithm = 15
    private static let blockSize: UInt64 = 8
    private static let parallelism: UInt64 = 1
    private static let hashBytes = 32
    private static let memoryMax: UInt64 = 64 << 20

    package static func make(_ password: String) throws -> String {
        let salt = RandomBytes.make(16)
        let hash = try derive(password, salt: salt, logarithm: logarithm)
        return
            "scrypt$\(logarithm)$\(blockSize)$\(parallelism)$\(salt.base64EncodedString())$\(hash.base64EncodedString())"
    }

    /// Whether `password` is the one behind `stored`. False for a stored text of another form.
    package static func verify(_ password: String, against stored: String) throws -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "scrypt", let logarithm = Int(parts[1]), (10...15).contains(logarithm),
            parts[2] == "\(blockSize)", parts[3] == "\(parallelism)",
            let salt = Data(base64Encoded: String(parts[4])), let hash = Data(base64Encoded: String(parts[5]))
        else { return false }
        return constantTimeEqual(try derive(password, salt: salt, logarithm: logarithm), hash)
    }

    private static func derive(_ password: String, salt: Data, logarithm: Int) throws -> Data {
        var hash = [UInt8](repeating: 0, count: hashBytes)
        let done = Array(password.utf8).withUnsafeBytes { passwordBytes in
            salt.withUnsafeBytes { saltBytes in
                EVP_PBE_scrypt(
                    passwordBytes.bindMemory(to: CChar.self).baseAddress, passwordBytes.count,
                    saltBytes.bindMemory(to: UInt8.self).baseAddress, saltBytes.count,
                    UInt64(1) << UInt64(logarithm), blockSize, parallelism, memoryMax, &hash, hash.count)
            }
        }
        guard done == 1 else { throw CryptographyError.openSSL("EVP_PBE_scrypt") }
        return Data(hash)
    }
}
