import ServiceRuntime
import WebUI

/// The settings of every service, and:
///
/// | key | meaning |
/// |---|---|
/// | `MARKET` | country of the shops, `NO` by default: the brand's name, and the time zone in which a book day begins |
struct FinancialServiceSettings {
    let house: ServiceConfiguration
    let market: String

    init(_ settings: SettingsReader) throws {
        house = try ServiceConfiguration(settings)
        market = settings.optionalText("market") ?? "NO"
        let known = try Brands.load().marketCodes
        guard known.contains(market) else {
            throw SettingProblem("market", "must be one of \(known.joined(separator: ", ")), not «\(market)»")
        }
    }
}
