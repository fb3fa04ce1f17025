import Foundation
import SharedKernel

/// Where the Vipps API is: production or test by the name of the deployment.
package struct VippsAddress: Sendable, Hashable {
    /// `https://api.vipps.no`, without a slash at the end.
    package let base: String
    package let isProduction: Bool

    package static let productionDeployments: Set<String> = ["prod2", "prod3", "prod5", "prod6"]
    package static let production = "https://api.vipps.no"
    package static let test = "https://apitest.vipps.no"

    /// - Parameters:
    ///   - deployment: `DEPLOYMENT`.
    ///   - override: `VIPPS_BASE_URL`; `nil` or empty for the deployment's own.
    /// - Throws: `Invalid` with words for the operator; the service must not start then.
    package init(deployment: String, override: String?) throws(Invalid) {
        isProduction = Self.productionDeployments.contains(deployment)
        let own = isProduction ? Self.production : Self.test
        guard let override, !override.isEmpty else {
            base = own
            return
        }
        let wanted = override.hasSuffix("/") ? String(override.dropLast()) : override
        if isProduction, wanted != Self.production {
            throw Invalid(
                field: "VIPPS_BASE_URL", slug: "not-in-production",
                reason: """
                    Deployment \(deployment) is production and talks to \(Self.production) alone. \
                    Remove VIPPS_BASE_URL, or run under another deployment name.
                    """)
        }
        if !isProduction, wanted.lowercased() == Self.production {
            throw Invalid(
                field: "VIPPS_BASE_URL", slug: "production-in-test",
                reason: """
                    Deployment \(deployment) is a test deployment and must not move real money at \(Self.production). \
                    Production deployments are \(Self.productionDeployments.sorted().joined(separator: ", ")).
                    """)
        }
        guard let parts = URLComponents(string: wanted), ["http", "https"].contains(parts.scheme), parts.host != nil,
            parts.path.isEmpty, parts.query == nil, parts.fragment == nil, parts.user == nil
        else {
            throw Invalid(
                field: "VIPPS_BASE_URL", slug: "not-an-address",
                reason: "Give scheme and host, like \(Self.test) or http://127.0.0.1:8090.")
        }
        base = wanted
    }

    /// Plain HTTP is spoken by stand-ins only.
    package var isEncrypted: Bool { base.hasPrefix("https://") }
}
