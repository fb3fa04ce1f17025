/// The currencies of the Vipps MobilePay API (ISO 4217). SEK is not one of them.
package enum Currency: String, Sendable, Hashable, Codable, CaseIterable {
    case nok = "NOK"
    case dkk = "DKK"
    case eur = "EUR"
}

/// An amount in the smallest unit of one currency: 12 900 øre, never 129.0 kroner.
///
/// Arithmetic between two currencies, or beyond 64 bits, is our own mistake and traps.
/// Amounts that come from outside are checked against `Money.amountMax` at the door.
package struct Money: Sendable, Hashable, Codable {
    /// Øre, cent. May be negative in differences; payments and refunds are checked to be positive where they are made.
    package let minorUnits: Int64
    package let currency: Currency

    package init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    package static func zero(_ currency: Currency) -> Money { Money(minorUnits: 0, currency: currency) }

    /// The largest amount of one payment in minor units, by the schema of the ePayment API.
    package static let amountMax: Int64 = 65_000_000

    package var isZero: Bool { minorUnits == 0 }
    package var isPositive: Bool { minorUnits > 0 }
    package var isNegative: Bool { minorUnits < 0 }

    package static func + (left: Money, right: Money) -> Money {
        Money(minorUnits: left.minorUnits + right.alike(left).minorUnits, currency: left.currency)
    }

    package static func - (left: Money, right: Money) -> Money {
        Money(minorUnits: left.minorUnits - right.alike(left).minorUnits, currency: left.currency)
    }

    package static func += (left: inout Money, right: Money) { left = left + right }
    package static func -= (left: inout Money, right: Money) { left = left - right }

    private func alike(_ other: Money) -> Money {
        precondition(currency == other.currency, "\(currency.rawValue) met \(other.currency.rawValue)")
        return self
    }
}

extension Money: Comparable {
    package static func < (left: Money, right: Money) -> Bool {
        left.minorUnits < right.alike(left).minorUnits
    }
}

extension Money: CustomStringConvertible {
    /// For logs and tests: `12900 NOK` (minor units). Pages write amounts by locale.
    package var description: String { "\(minorUnits) \(currency.rawValue)" }
}

extension Sequence<Money> {
    /// The sum in `currency`; zero for an empty sequence.
    package func sum(in currency: Currency) -> Money { reduce(.zero(currency), +) }
}
