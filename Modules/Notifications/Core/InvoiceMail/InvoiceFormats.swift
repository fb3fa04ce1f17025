import Foundation
import SharedKernel

/// Amounts, rates and instants as the language writes them. Not by the machine's locale data: an invoice reads the same
/// wherever the service runs.
struct InvoiceFormats {
    let language: Language
    let timeZone: TimeZone

    private static let noBreakSpace = "\u{00A0}"

    /// `1 234,50 kr`, `1.234,50 kr`, `NOK 1,234.50`
    func amount(_ money: Money) -> String {
        let sign = money.isNegative ? "\u{2212}" : ""
        let (major, minor) = money.minorUnits.magnitude.quotientAndRemainder(dividingBy: 100)
        let digits = "\(grouped(String(major)))\(decimalMark)\(minor < 10 ? "0" : "")\(minor)"
        return switch language {
        case .en: "\(sign)\(money.currency.rawValue)\(Self.noBreakSpace)\(digits)"
        case .nb, .da, .fi, .sv: "\(sign)\(digits)\(Self.noBreakSpace)\(money.currency == .eur ? "€" : "kr")"
        }
    }

    /// `25 %`, `11,5 %`
    func rate(_ hundredths: Int) -> String {
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        let fraction =
            rest == 0 ? "" : decimalMark + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
        return "\(whole)\(fraction)\(language == .en ? "" : Self.noBreakSpace)%"
    }

    /// `23.11.2026 10:15`; `2026-11-23 10:15` in Swedish and English.
    func instant(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        let year = "\(parts.year ?? 0)"
        let time = "\(two(parts.hour)):\(two(parts.minute))"
        return switch language {
        case .en, .sv: "\(year)-\(two(parts.month))-\(two(parts.day)) \(time)"
        case .nb, .da, .fi: "\(two(parts.day)).\(two(parts.month)).\(year) \(time)"
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
