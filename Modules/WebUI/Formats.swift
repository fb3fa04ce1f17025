import Foundation
import SharedKernel

/// Money, numbers and times as one language writes them, in one time zone. The rules are written here and not asked of
/// the system's locale data, which changes between versions; tests hold them.
package struct Formats: Sendable {
    package let language: PageLanguage
    package let timeZone: TimeZone

    package init(language: PageLanguage, timeZone: TimeZone) {
        self.language = language
        self.timeZone = timeZone
    }

    static let noBreakSpace = "\u{A0}"

    package var decimalSeparator: String { language == .english ? "." : "," }

    var groupSeparator: String {
        switch language {
        case .english: ","
        case .danish: "."
        case .norwegian, .swedish, .finnish: Self.noBreakSpace
        }
    }

    private var minus: String {
        switch language {
        case .english, .danish: "-"
        case .norwegian, .swedish, .finnish: "\u{2212}"
        }
    }

    // MARK: Money and numbers

    /// `1 234,50 kr` (nb, NOK), `1.234,50 kr.` (da, DKK), `1 234,50 €` (fi), `NOK 1,234.50` (en).
    package func money(_ money: Money) -> String {
        let digits = Self.split(money.minorUnits)
        let sign = money.minorUnits < 0 ? minus : ""
        let number = grouped(digits.whole) + decimalSeparator + digits.fraction
        return switch language {
        case .english:
            money.currency == .eur
                ? "\(sign)€\(number)" : "\(sign)\(money.currency.rawValue)\(Self.noBreakSpace)\(number)"
        case .norwegian, .danish, .finnish, .swedish:
            "\(sign)\(number)\(Self.noBreakSpace)\(symbol(of: money.currency))"
        }
    }

    /// As the currency is written beside an input field: `kr`, `DKK`, `€`.
    package func symbol(of currency: Currency) -> String {
        switch (language, currency) {
        case (_, .eur): "€"
        case (.norwegian, .nok): "kr"
        case (.danish, .dkk): "kr."
        case (_, .nok), (_, .dkk): currency.rawValue
        }
    }

    /// For an input field: `1234,50`, without grouping or currency, so that it is easily changed.
    package func input(_ money: Money) -> String {
        let digits = Self.split(money.minorUnits)
        return (money.minorUnits < 0 ? "-" : "") + digits.whole + decimalSeparator + digits.fraction
    }

    /// `12 345`.
    package func number(_ value: Int) -> String {
        (value < 0 ? minus : "") + grouped(String(value.magnitude))
    }

    /// A number of thousandths without needless zeros: 1500 is `1,5`, 2000 is `2`.
    package func thousandths(_ value: Int) -> String { scaled(value, digits: 3) }

    /// A rate in hundredths of a per cent: 2500 is `25 %`, 1250 is `12,5 %`.
    package func percent(hundredths value: Int) -> String {
        scaled(value, digits: 2) + (language == .english ? "%" : "\(Self.noBreakSpace)%")
    }

    private func scaled(_ value: Int, digits: Int) -> String {
        let text = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        var fraction = String(padded.suffix(digits))
        while fraction.hasSuffix("0") { fraction.removeLast() }
        let whole = grouped(String(padded.dropLast(digits)))
        return (value < 0 ? minus : "") + (fraction.isEmpty ? whole : whole + decimalSeparator + fraction)
    }

    private static func split(_ minorUnits: Int64) -> (whole: String, fraction: String) {
        let magnitude = minorUnits.magnitude
        let fraction = String(magnitude % 100)
        return (String(magnitude / 100), fraction.count == 1 ? "0" + fraction : fraction)
    }

    private func grouped(_ digits: String) -> String {
        var result = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { result += groupSeparator }
            result.append(digit)
        }
        return result
    }

    // MARK: Days and times

    /// `23.11.2026`, `2026-11-23` (sv), `23 Nov 2026` (en).
    package func date(_ instant: Date) -> String {
        let time = LocalTime(instant, in: timeZone)
        return switch language {
        case .english: "\(time.day) \(Self.englishMonths[time.month - 1]) \(time.year)"
        case .swedish: time.isoDay
        case .finnish: "\(time.day).\(time.month).\(time.year)"
        case .norwegian, .danish: "\(time.twoDigits(time.day)).\(time.twoDigits(time.month)).\(time.year)"
        }
    }

    /// `14:05`, `14.05` (da, fi).
    package func time(_ instant: Date) -> String {
        let time = LocalTime(instant, in: timeZone)
        return hour(time) + timeSeparator + time.twoDigits(time.minute)
    }

    /// `14:05:07`.
    package func timeWithSeconds(_ instant: Date) -> String {
        let time = LocalTime(instant, in: timeZone)
        return self.time(instant) + timeSeparator + time.twoDigits(time.second)
    }

    /// `23.11.2026 14:05`.
    package func dateAndTime(_ instant: Date) -> String { "\(date(instant)) \(time(instant))" }

    /// The time alone today, else the day and the time.
    package func timeOrDate(_ instant: Date, now: Date) -> String {
        let isToday = LocalTime(instant, in: timeZone).isoDay == LocalTime(now, in: timeZone).isoDay
        return isToday ? time(instant) : dateAndTime(instant)
    }

    /// How long ago, in a few words: `just now`, `40 s ago`, `5 min ago`, `yesterday`. An instant to come is now.
    package func age(of instant: Date, now: Date, words: Words) -> String {
        let seconds = Int(now.timeIntervalSince(instant))
        return switch seconds {
        case ..<5: words.text("generic.justNow")
        case ..<60: words.text("generic.secondsAgo", ["count": String(seconds)])
        case ..<3600: words.text("generic.minutesAgo", ["count": String(seconds / 60)])
        case ..<86_400: words.text("generic.hoursAgo", ["count": String(seconds / 3600)])
        default: words.count("generic.daysAgo", seconds / 86_400)
        }
    }

    /// For `datetime`, `data-since` and `data-until` attributes: `2026-11-23T09:15:20.031Z`.
    package func attribute(_ instant: Date) -> String { InstantText.write(instant) }

    /// For `<input type="date">` in this time zone: `2026-11-23`.
    package func dayAttribute(_ instant: Date) -> String { LocalTime(instant, in: timeZone).isoDay }

    private func hour(_ time: LocalTime) -> String {
        language == .finnish ? String(time.hour) : time.twoDigits(time.hour)
    }

    private var timeSeparator: String {
        switch language {
        case .danish, .finnish: "."
        case .english, .norwegian, .swedish: ":"
        }
    }

    private static let englishMonths = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

/// An instant taken apart by a wall clock.
struct LocalTime {
    let year, month, day, hour, minute, second: Int

    init(_ instant: Date, in timeZone: TimeZone) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: instant)
        year = parts.year ?? 1970
        month = parts.month ?? 1
        day = parts.day ?? 1
        hour = parts.hour ?? 0
        minute = parts.minute ?? 0
        second = parts.second ?? 0
    }

    var isoDay: String { "\(year)-\(twoDigits(month))-\(twoDigits(day))" }

    func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
}
