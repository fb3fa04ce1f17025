import SharedKernel

/// A Nordic mobile number as Vipps wants it. Lives only until it is sealed; never stored, logged or published.
package struct PhoneNumber: Sendable, Hashable {
    /// Country code and number, digits only: `4791234567`.
    package let digits: String
    private let market: Market

    /// Reads what people type: `+47 912 34 567`, `0047 91234567`, `912-34-567`, `070-123 45 67`. Without a country code it
    /// is a number of the shop's market.
    ///
    /// - Throws: `Invalid` that does not repeat the number.
    package init(_ text: String, in home: Market, field: String = "phoneNumber") throws(Invalid) {
        let wrong = Invalid(
            field: field, slug: "not-a-phone-number",
            reason: "must be a Norwegian, Danish, Swedish or Finnish number, with or without country code")
        guard text.utf8.count <= 64 else { throw wrong }
        let separators: Set<Character> = [
            "-", "(", ")", ".", "/", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{200E}",
        ]
        let compact = text.filter { !$0.isWhitespace && !separators.contains($0) }
        let isInternational = compact.hasPrefix("+") || compact.hasPrefix("00")
        let digits =
            compact.hasPrefix("+") ? compact.dropFirst() : compact.hasPrefix("00") ? compact.dropFirst(2) : compact[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { throw wrong }
        if !isInternational, let number = Self.national(digits, in: home) {
            self.digits = number
            market = home
        } else if let (number, country) = Self.international(digits) {
            self.digits = number
            market = country
        } else {
            throw wrong
        }
    }

    private static func national(_ digits: Substring, in home: Market) -> String? {
        let number = home.hasTrunkZero && digits.hasPrefix("0") ? digits.dropFirst() : digits
        guard home.phoneDigits.contains(number.count), !number.hasPrefix("0") else { return nil }
        return home.callingCode + number
    }

    private static func international(_ digits: Substring) -> (String, Market)? {
        for country in Market.allCases where digits.hasPrefix(country.callingCode) {
            let rest = digits.dropFirst(country.callingCode.count)
            if let number = national(rest, in: country) { return (number, country) }
        }
        return nil
    }

    /// For the screen: `+47 ••• •• 678`.
    package var mask: String { "+\(market.callingCode) ••• •• \(digits.suffix(3))" }
}

/// The content of a customer's own QR, 5 to 255 characters. Treated like a phone number.
package struct PersonalQRContent: Sendable, Hashable {
    package let text: String

    package init(_ text: String, field: String = "content") throws(Invalid) {
        let trimmed = text.trimmingWhiteSpace()
        guard (5...255).contains(trimmed.count), trimmed.utf8.count <= 1024 else {
            throw Invalid(
                field: field, slug: "not-a-personal-qr",
                reason: "must be the whole content of the customer's code, 5 to 255 characters")
        }
        self.text = trimmed
    }
}
