import COpenSSL
import Foundation

/// A private or public key of OpenSSL's; freed with the last reference.
///
/// `@unchecked Sendable`: OpenSSL reference-counts an `EVP_PKEY` atomically and only reads it after it was made.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { EVP_PKEY_free(pointer) }
}

/// An X.509 certificate of OpenSSL's. `@unchecked Sendable` for the same reason as `KeyHandle`.
final class CertificateHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { X509_free(pointer) }

    /// The end of its validity.
    var notAfter: Date {
        var fields = tm()
        ASN1_TIME_to_tm(X509_get0_notAfter(pointer), &fields)
        return Date(timeIntervalSince1970: TimeInterval(timegm(&fields)))
    }
}

/// Runs `body` over a memory BIO that holds `data`.
func withBIO<Result>(of data: Data, _ body: (OpaquePointer) throws -> Result) throws -> Result {
    try data.withUnsafeBytes { bytes in
        guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
            throw CryptographyError.openSSL("BIO_new_mem_buf")
        }
        defer { BIO_free(bio) }
        return try body(bio)
    }
}

/// What `body` wrote into a fresh memory BIO.
func collecting(_ body: (OpaquePointer) throws -> Void) throws -> Data {
    guard let bio = BIO_new(BIO_s_mem()) else { throw CryptographyError.openSSL("BIO_new") }
    defer { BIO_free(bio) }
    try body(bio)
    var bytes: UnsafePointer<UInt8>?
    let count = shim_BIO_get_mem_data(bio, &bytes)
    guard let bytes, count > 0 else { return Data() }
    return Data(bytes: bytes, count: count)
}

/// Every certificate of a PEM text, in its order.
func certificates(inPEM pem: String) throws -> [CertificateHandle] {
    try withBIO(of: Data(pem.utf8)) { bio in
        var found: [CertificateHandle] = []
        while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) {
            found.append(CertificateHandle(owning: certificate))
        }
        ERR_clear_error()
        return found
    }
}

/// Every private key of a PEM text, in its order. A key with a pass phrase is not readable.
func privateKeys(inPEM pem: String) throws -> [KeyHandle] {
    try withBIO(of: Data(pem.utf8)) { bio in
        var found: [KeyHandle] = []
        while let key = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) {
            found.append(KeyHandle(owning: key))
        }
        ERR_clear_error()
        return found
    }
}
