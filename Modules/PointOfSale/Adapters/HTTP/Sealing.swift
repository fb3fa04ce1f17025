import Cryptography
import Dispatch
import Foundation
import PointOfSale

/// Seals to the gateway's certificate: what was sealed can be opened there and nowhere else.
package struct CertificateSealer: Sealer {
    private let certificates: SealingCertificates

    package init(certificates: SealingCertificates) { self.certificates = certificates }

    package func seal(_ plain: Data) throws -> Data { try certificates.seal(plain) }
}

/// scrypt on a queue of its own, so that a row of sign-ins does not hold up anything else.
package struct ScryptPasswordHasher: PasswordHasher {
    private let queue = DispatchQueue(label: "scrypt")

    package init() {}

    package func hash(_ password: String) async throws -> String {
        try await onQueue { try PasswordHash.make(password) }
    }

    package func verify(_ password: String, against hash: String) async throws -> Bool {
        try await onQueue { try PasswordHash.verify(password, against: hash) }
    }

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
