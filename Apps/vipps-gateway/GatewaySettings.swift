import Cryptography
import PaymentsAdapters
import ServiceRuntime
import SharedKernel

/// The settings of every service, and:
///
/// | key | meaning |
/// |---|---|
/// | `OPENING_KEYS_FILE` | certificates and private keys (PEM, P-256), newest first, that open what pos-service seals |
/// | `VIPPS_BASE_URL` | where the Vipps API is, if not where the deployment says; refused in production |
/// | `WEBHOOK_BASE_URL` | public base of the webhook addresses; `BASE_URL` by default |
struct GatewaySettings {
    let house: ServiceConfiguration
    let openingKeys: OpeningKeys
    /// Of the same pairs: the gateway seals webhook secrets and check-in tokens to itself.
    let sealingCertificates: SealingCertificates
    let vipps: VippsAddress
    let webhookBase: String

    init(_ settings: SettingsReader) throws {
        house = try ServiceConfiguration(settings)
        let pem = try settings.content(ofFileAt: "opening.keysFile")
        do {
            openingKeys = try OpeningKeys(pem: pem)
            sealingCertificates = try SealingCertificates(pem: pem)
        } catch {
            throw SettingProblem("opening.keysFile", "no certificate with its private key in it: \(error)")
        }
        do {
            vipps = try VippsAddress(deployment: house.deployment, override: settings.optionalText("vipps.baseUrl"))
        } catch {
            throw SettingProblem("vipps.baseUrl", error.reason)
        }
        webhookBase =
            settings.optionalText("webhook.baseUrl") == nil ? house.baseURL : try settings.address("webhook.baseUrl")
    }
}
