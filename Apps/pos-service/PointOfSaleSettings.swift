import Foundation
import ServiceRuntime

/// The settings of every service, and:
///
/// | key | meaning |
/// |---|---|
/// | `SESSION_PRIVATE_KEY_FILE` | Ed25519 private key (PEM) that signs sessions |
/// | `SEALING_CERTIFICATES_FILE` | the gateway's X.509 certificates (PEM), the newest first |
/// | `SEED_FILE` | optional JSON: tenants to make at the start, if they are not there |
struct PointOfSaleSettings {
    let house: ServiceConfiguration
    let sessionPrivateKey: String
    let sealingCertificates: String
    let seedFile: String?

    init(_ settings: SettingsReader) throws {
        house = try ServiceConfiguration(settings)
        sessionPrivateKey = try settings.content(ofFileAt: "session.privateKeyFile")
        sealingCertificates = try settings.content(ofFileAt: "sealing.certificatesFile")
        seedFile = try settings.optionalText("seed.file") == nil ? nil : settings.content(ofFileAt: "seed.file")
    }
}
