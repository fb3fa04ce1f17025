import Foundation

/// The name customers know the payment by: data by market and day, from `Resources/brands.json`, never a branch in code.
package struct Brands: Sendable {
    /// A country in which shops sell, with what follows from it for pages.
    package struct Market: Sendable, Hashable, Decodable {
        /// ISO 3166: `NO`.
        package let code: String
        /// Where the market's days begin: `Europe/Oslo`.
        package let timeZone: String
        /// ISO 4217: what its shops sell in; `nil` where there are no shops.
        package let currency: String?
        /// The brand's names with the first local day of each, oldest first.
        let names: [Name]

        struct Name: Sendable, Hashable, Decodable {
            /// `2027-01-12`; `nil` means always until the next.
            let from: String?
            let name: String
        }
    }

    private let markets: [String: Market]

    package static func load() throws -> Brands { try Brands(json: try Resources.data(named: "brands.json")) }

    package init(json: Data) throws {
        let markets = try JSONDecoder().decode([Market].self, from: json)
        self.markets = Dictionary(markets.map { ($0.code, $0) }) { first, _ in first }
    }

    package var marketCodes: [String] { markets.keys.sorted() }

    /// The brand's name in a market at an instant; `Vipps` in a market we do not know.
    package func name(inMarket code: String, at instant: Date) -> String {
        guard let market = markets[code] else { return "Vipps" }
        let today = LocalTime(instant, in: timeZone(ofMarket: code)).isoDay
        return market.names.last { ($0.from ?? "") <= today }?.name ?? "Vipps"
    }

    /// The market whose shops sell in a currency: an amount tells where it was paid.
    package func marketCode(ofCurrency code: String) -> String? {
        markets.values.first { $0.currency == code }?.code
    }

    /// The time zone in which a market's shops live.
    package func timeZone(ofMarket code: String) -> TimeZone {
        markets[code].flatMap { TimeZone(identifier: $0.timeZone) } ?? .gmt
    }
}
