import Cryptography
import Foundation
import Payments
import SharedKernel

/// Where the sealed keys of agreements are kept.
package protocol SealedKeys: Sendable {
    /// The envelope of the agreement's keys; `nil` when the tenant has no such agreement or it has no keys yet.
    func keysEnvelope(of agreement: AgreementID, tenant: TenantID) async throws -> Data?
}

/// Opens the keys of an agreement just before a call.
package struct VippsKeyRing: Sendable {
    private let sealed: any SealedKeys
    private let opening: OpeningKeys

    package init(sealed: any SealedKeys, opening: OpeningKeys) {
        self.sealed = sealed
        self.opening = opening
    }

    package enum Missing: Error, Sendable, Hashable {
        /// No keys, or keys that do not open: somebody has to enter them (again).
        case keys(Refusal)
        /// The database did not answer; says nothing about the keys.
        case database
    }

    package func keys(of agreement: AgreementID, tenant: TenantID) async throws(Missing) -> VippsKeys {
        let envelope: Data?
        do { envelope = try await sealed.keysEnvelope(of: agreement, tenant: tenant) } catch { throw .database }
        guard let envelope else {
            throw .keys(
                Refusal(
                    code: Refusal.OwnCode.keysMissing,
                    detail: "No keys are stored for the Vipps agreement: enter them on the Vipps agreements page."))
        }
        guard let plain = try? opening.open(envelope), let keys = VippsKeys(json: plain) else {
            throw .keys(
                Refusal(
                    code: Refusal.OwnCode.keysMissing,
                    detail: """
                        The stored keys of the Vipps agreement cannot be opened (sealed to another certificate, or \
                        damaged): enter them again on the Vipps agreements page.
                        """))
        }
        return keys
    }

    /// Opens something else that was sealed to the gateway, as text. `nil` when it does not open.
    package func text(of sealed: Sealed) -> String? {
        guard let plain = try? opening.open(sealed.envelope) else { return nil }
        return String(data: plain, encoding: .utf8)
    }
}
