import SharedKernel

/// Why a typed amount is no amount. `slug` is the key of its words under `invalid`.
package enum AmountProblem: Error, Sendable, Hashable {
    case empty
    case notANumber
    case tooManyDecimals
    case negative
    case tooLarge(max: Int64)

    package var slug: String {
        switch self {
        case .empty: "amount-empty"
        case .notANumber: "amount-not-a-number"
        case .tooManyDecimals: "amount-too-many-decimals"
        case .negative: "amount-negative"
        case .tooLarge: "amount-too-large"
        }
    }
}

extension Formats {
    /// What the person who typed it must do, in this language.
    package func text(for problem: AmountProblem, currency: Currency, words: Words) -> String {
        let max: Int64 = if case .tooLarge(let max) = problem { max } else { Money.amountMax }
        return words.text(
            "invalid.\(problem.slug)",
            [
                "example": input(Money(minorUnits: 12_950, currency: currency)),
                "max": money(Money(minorUnits: max, currency: currency)),
            ])
    }

    /// Reads an amount as people type it: `129`, `129,50`, `129.5`, `1 234,50`, `1.234,50`, `1,234.50`, `129,-`, `129 kr`.
    ///
    /// A single separator followed by exactly three digits is a thousands separator only where the language writes it so
    /// (`1.234` in Danish, `1,234` in English); elsewhere it has too many decimals, as guessing would be a factor of 1000.
    package func amount(
        typed text: String, currency: Currency, max: Int64 = Money.amountMax
    ) throws(AmountProblem) -> Money {
        let digits = try plainDigits(text, currency: currency)
        guard !digits.isNegative else { throw .negative }
        guard digits.whole.count <= 15 else { throw .tooLarge(max: max) }
        let fraction = digits.fraction + String(repeating: "0", count: 2 - digits.fraction.count)
        guard let minorUnits = Int64(digits.whole + fraction) else { throw .notANumber }
        guard minorUnits <= max else { throw .tooLarge(max: max) }
        return Money(minorUnits: minorUnits, currency: currency)
    }

    /// `whole` and `fraction` hold ASCII digits only; `fraction` at most two.
    private func plainDigits(
        _ text: String, currency: Currency
    ) throws(AmountProblem) -> (isNegative: Bool, whole: String, fraction: String) {
        var rest = text.prefix(64).filter { !$0.isWhitespace }.lowercased()
        for mark in ["kr.", "kr", "€", currency.rawValue.lowercased()] {
            if rest.hasSuffix(mark) {
                rest.removeLast(mark.count)
            } else if rest.hasPrefix(mark) {
                rest.removeFirst(mark.count)
            }
        }
        for ending in [",-", ".-", ",–"] where rest.hasSuffix(ending) { rest.removeLast(2) }
        let isNegative = rest.hasPrefix("-") || rest.hasPrefix("\u{2212}")
        if isNegative { rest.removeFirst() }
        guard !rest.isEmpty else { throw .empty }
        guard rest.allSatisfy({ ("0"..."9").contains($0) || $0 == "." || $0 == "," }) else { throw .notANumber }

        let (whole, fraction) = try partsAroundDecimalSeparator(rest)
        let groups = whole.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "," }
        if groups.count > 1 {
            let wellFormed = (1...3).contains(groups[0].count) && groups.dropFirst().allSatisfy { $0.count == 3 }
            guard wellFormed else { throw .notANumber }
        }
        let wholeDigits = groups.joined()
        guard !(wholeDigits.isEmpty && fraction.isEmpty) else { throw .notANumber }
        guard fraction.count <= 2 else { throw .tooManyDecimals }
        return (isNegative, wholeDigits.isEmpty ? "0" : wholeDigits, fraction)
    }

    private func partsAroundDecimalSeparator(_ text: String) throws(AmountProblem) -> (whole: String, fraction: String)
    {
        let separators = text.filter { $0 == "." || $0 == "," }
        guard let last = separators.last, let position = text.lastIndex(of: last) else { return (text, "") }
        let before = String(text[..<position])
        let after = String(text[text.index(after: position)...])
        let sameKind = separators.allSatisfy { $0 == last }
        if separators.count > 1 {
            // 1.234.567 has groups only; 1.234,50 ends with a decimal separator; 1,2.3,4 is nothing.
            if sameKind { return (text, "") }
            guard separators.dropLast().allSatisfy({ $0 != last }) else { throw .notANumber }
            return (before, after)
        }
        let isGroup =
            after.count == 3 && String(last) == groupSeparator && (1...3).contains(before.count) && before != "0"
        return isGroup ? (text, "") : (before, after)
    }
}
