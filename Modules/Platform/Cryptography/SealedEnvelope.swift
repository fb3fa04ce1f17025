import COpenSSL
import Foundation

/// Seals secrets so that only the owner of a certificate's private key can read them: a CMS `AuthEnvelopedData`
/// (RFC 5083) with AES-256-GCM, in DER. `openssl cms -decrypt -inform DER` opens it too.
package struct SealingCertificates: Sendable {
    private let newest: CertificateHandle

    /// - Parameter pem: one or more certificates, the newest first. Only the first seals.
    /// - Throws: `CryptographyError` when there is no certificate in the text.
    package init(pem: String) throws {
        guard let first = try certificates(inPEM: pem).first else {
            throw CryptographyError("the text holds no certificate (PEM, BEGIN CERTIFICATE)")
        }
        newest = first
    }

    /// When the certificate that seals ends; sealing goes on after it, but a new one is due.
    package var newestExpiresAt: Date { newest.notAfter }

    /// The DER of an envelope around `plain`.
    package func seal(_ plain: Data) throws -> Data {
        guard let recipients = shim_sk_X509_new() else { throw CryptographyError.openSSL("sk_X509_new") }
        defer { shim_sk_X509_free(recipients) }
        _ = shim_sk_X509_push(recipients, newest.pointer)
        return try withBIO(of: plain) { input in
            guard let envelope = CMS_encrypt(recipients, input, EVP_aes_256_gcm(), UInt32(CMS_BINARY)) else {
                throw CryptographyError.openSSL("CMS_encrypt")
            }
            defer { CMS_ContentInfo_free(envelope) }
            return try collecting { output in
                guard i2d_CMS_bio(output, envelope) == 1 else { throw CryptographyError.openSSL("i2d_CMS_bio") }
            }
        }
    }
}

/// The private keys that open sealed envelopes; several while a certificate is being replaced.
package struct OpeningKeys: Sendable {
    private struct Pair: Sendable {
        let certificate: CertificateHandle
        let key: KeyHandle
    }
    private let pairs: [Pair]

    /// - Parameter pem: pairs of certificate and private key, in any order; each key is matched with its certificate.
    /// - Throws: `CryptographyError` when no certificate has its key in the text.
    package init(pem: String) throws {
        let keys = try privateKeys(inPEM: pem)
        pairs = try certificates(inPEM: pem).compactMap { certificate in
            keys.first { X509_check_private_key(certificate.pointer, $0.pointer) == 1 }
                .map { Pair(certificate: certificate, key: $0) }
        }
        ERR_clear_error()
        guard !pairs.isEmpty else {
            throw CryptographyError("the text holds no certificate with its private key (PEM)")
        }
    }

    /// What was sealed.
    ///
    /// - Throws: `CryptographyError` when no key fits or a byte was changed.
    package func open(_ envelope: Data) throws -> Data {
        var failure = CryptographyError("the envelope is sealed to another certificate, or damaged")
        for pair in pairs {
            do { return try open(envelope, with: pair) } catch let error as CryptographyError { failure = error }
        }
        throw failure
    }

    private func open(_ envelope: Data, with pair: Pair) throws -> Data {
        try withBIO(of: envelope) { input in
            guard let message = d2i_CMS_bio(input, nil) else { throw CryptographyError.openSSL("d2i_CMS_bio") }
            defer { CMS_ContentInfo_free(message) }
            return try collecting { output in
                let opened = CMS_decrypt(
                    message, pair.key.pointer, pair.certificate.pointer, nil, output, UInt32(CMS_BINARY))
                guard opened == 1 else { throw CryptographyError.openSSL("CMS_decrypt") }
            }
        }
    }
}
