import SharedKernel

/// A rate of value added tax in hundredths of a per cent: 2500 is 25 %.
package struct VATRate: Sendable, Hashable, Comparable {
    package let basisPoints: Int

    /// - Throws: `Invalid` outside 0 to 100 %.
    package init(basisPoints: Int) throws(Invalid) {
        guard (0...10_000).contains(basisPoints) else {
            throw Invalid(
                field: "vatRate", slug: "out-of-range", reason: "must be between 0 and 10000 (hundredths of a per cent)"
            )
        }
        self.basisPoints = basisPoints
    }

    /// The tax inside a price that includes it: `gross × rate ÷ (100 % + rate)`, rounded once, half away from zero.
    ///
    /// Tax is rounded once per line; the tax of a sale is the sum of its lines, so that the parts always add up.
    package func tax(inside gross: Money) -> Money {
        let rate = Int64(basisPoints)
        let tax = divided(gross.minorUnits * rate, by: 10_000 + rate)
        return Money(minorUnits: tax, currency: gross.currency)
    }

    package static func < (left: VATRate, right: VATRate) -> Bool { left.basisPoints < right.basisPoints }
}

/// Integer division, half away from zero. `divisor` is positive.
func divided(_ dividend: Int64, by divisor: Int64) -> Int64 {
    let half = divisor / 2
    return dividend >= 0 ? (dividend + half) / divisor : (dividend - half) / divisor
}

/// What is taxed at one rate in a sale.
package struct TaxTotal: Sendable, Hashable {
    package let rate: VATRate
    package let tax: Money
    /// Tax included.
    package let gross: Money
    package var net: Money { gross - tax }
}
