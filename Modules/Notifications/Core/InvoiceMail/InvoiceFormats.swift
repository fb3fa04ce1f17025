import Foundation
import SharedKernel

/// Amounts, rates and instants as the language writes them. Not by the machine's locale data: an invoice reads the same
/// wherever the service runs.
struct InvoiceFormats {
    let language: Language
    let timeZone: TimeZone

    private static let noBreakSpace = "\u{00A0}"

    /// `1 234,50 kr`, `1.234,50 kr.`, `1 234,50 €`, `NOK 1,234.50`; a currency of another country by its code.
    func amount(_ money: Money) -> String {
        let sign = money.isNegative ? "\u{2212}" : ""
        let (major, minor) = money.minorUnits.magnitude.quotientAndRemainder(dividingBy: 100)
        let digits = "\(grouped(String(major)))\(decimalMark)\(minor < 10 ? "0" : "")\(minor)"
        return switch language {
        case .en: "\(sign)\(money.currency.rawValue)\(Self.noBreakSpace)\(digits)"
        case .nb, .da, .fi, .sv: "\(sign)\(digits)\(Self.noBreakSpace)\(symbol(of: money.currency))"
        }
    }

    private func symbol(of currency: Currency) -> String {
        switch (language, currency) {
        case (_, .eur): "€"
        case (.nb, .nok): "kr"
        case (.da, .dkk): "kr."
        case (_, .nok), (_, .dkk): currency.rawValue
        }
    }

    /// `25 %`, `11,5 %`
    func rate(_ hundredths: Int) -> String {
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        let fraction =
            rest == 0 ? "" : decimalMark + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
        return "\(whole)\(fraction)\(language == .en ? "" : Self.noBreakSpace)%"
    }

    /// `23.11.2026 10:15`, `23.11.2026 10.15` (da), `3.1.2026 9.05` (fi), `2026-11-23 10:15` (sv, en).
    func instant(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (year, month, day) = (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        let (hour, minute) = (parts.hour ?? 0, parts.minute ?? 0)
        return switch language {
        case .en, .sv: "\(year)-\(two(month))-\(two(day)) \(two(hour)):\(two(minute))"
        case .nb: "\(two(day)).\(two(month)).\(year) \(two(hour)):\(two(minute))"
        case .da: "\(two(day)).\(two(month)).\(year) \(two(hour)).\(two(minute))"
        case .fi: "\(day).\(month).\(year) \(hour).\(two(minute))"
        }
    }

    private var decimalMark: String { language == .en ? "." : "," }

    private var groupMark: String {
        switch language {
        case .en: ","
        case .da: "."
        case .nb, .fi, .sv: Self.noBreakSpace
        }
    }

    private func grouped(_ digits: String) -> String {
        var groups: [Substring] = []
        var rest = digits[...]
        while rest.count > 3 {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return ([rest] + groups).joined(separator: groupMark)
    }
}
