import COpenSSL
import Foundation

/// An Ed25519 private key (RFC 8032).
package struct SigningKey: Sendable {
    private let key: KeyHandle

    /// - Throws: `CryptographyError` unless the PEM text holds an Ed25519 private key.
    package init(pem: String) throws {
        guard let first = try privateKeys(inPEM: pem).first, EVP_PKEY_get_id(first.pointer) == EVP_PKEY_ED25519 else {
            throw CryptographyError("the text holds no Ed25519 private key (PEM)")
        }
        key = first
    }

    /// The 64 bytes of the signature.
    package func signature(of message: Data) throws -> Data {
        guard let context = EVP_MD_CTX_new() else { throw CryptographyError.openSSL("EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, nil, nil, key.pointer) == 1 else {
            throw CryptographyError.openSSL("EVP_DigestSignInit")
        }
        var signature = [UInt8](repeating: 0, count: 64)
        var length = signature.count
        let signed = message.withUnsafeBytes { bytes in
            EVP_DigestSign(
                context, &signature, &length, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        guard signed == 1, length == 64 else { throw CryptographyError.openSSL("EVP_DigestSign") }
        return Data(signature)
    }
}

/// An Ed25519 public key.
package struct VerifyingKey: Sendable {
    private let key: KeyHandle

    /// - Throws: `CryptographyError` unless the PEM text holds an Ed25519 public key.
    package init(pem: String) throws {
        let pointer = try withBIO(of: Data(pem.utf8)) { PEM_read_bio_PUBKEY($0, nil, nil, nil) }
        guard let pointer else { throw CryptographyError("the text holds no public key (PEM, BEGIN PUBLIC KEY)") }
        key = KeyHandle(owning: pointer)
        guard EVP_PKEY_get_id(key.pointer) == EVP_PKEY_ED25519 else {
            throw CryptographyError("the public key is not Ed25519")
        }
    }

    package func isValid(_ signature: Data, of message: Data) -> Bool {
        guard signature.count == 64, let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key.pointer) == 1 else { return false }
        return signature.withUnsafeBytes { signatureBytes in
            message.withUnsafeBytes { bytes in
                EVP_DigestVerify(
                    context, signatureBytes.bindMemory(to: UInt8.self).baseAddress, signatureBytes.count,
                    bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count) == 1
            }
        }
    }
}
