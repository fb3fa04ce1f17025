import Foundation
import SharedKernel
import Testing
import WebUI

@Suite("Formats") struct FormatsTests {
    private static let space = "\u{A0}"

    private func formats(_ language: PageLanguage) throws -> Formats {
        Formats(language: language, timeZone: try #require(TimeZone(identifier: "Europe/Oslo")))
    }

    @Test(
        "write money as the language does",
        arguments: [
            (PageLanguage.norwegian, Currency.nok, "1_234,50_kr"), (.danish, .dkk, "1.234,50_kr."),
            (.finnish, .eur, "1_234,50_€"), (.swedish, .nok, "1_234,50_NOK"), (.english, .nok, "NOK_1,234.50"),
            (.english, .eur, "€1,234.50"), (.norwegian, .dkk, "1_234,50_DKK"), (.danish, .nok, "1.234,50_NOK"),
        ])
    func money(language: PageLanguage, currency: Currency, expected: String) throws {
        let written = try formats(language).money(Money(minorUnits: 123_450, currency: currency))
        #expect(written == expected.replacing("_", with: Self.space))
    }

    @Test(
        "write small, large and negative amounts in full",
        arguments: [
            (0, "0,00_kr"), (5, "0,05_kr"), (99_999, "999,99_kr"), (100_000, "1_000,00_kr"),
            (65_000_000, "650_000,00_kr"), (-12_345_678, "\u{2212}123_456,78_kr"),
            (Int64.min, "\u{2212}92_233_720_368_547_758,08_kr"),
        ] as [(Int64, String)])
    func amounts(minorUnits: Int64, expected: String) throws {
        let written = try formats(.norwegian).money(Money(minorUnits: minorUnits, currency: .nok))
        #expect(written == expected.replacing("_", with: Self.space))
    }

    @Test("write numbers and rates without needless digits") func numbers() throws {
        let norwegian = try formats(.norwegian)
        #expect(norwegian.number(1_204_331) == "1_204_331".replacing("_", with: Self.space))
        #expect(norwegian.thousandths(1500) == "1,5")
        #expect(norwegian.thousandths(2000) == "2")
        #expect(norwegian.thousandths(-5) == "\u{2212}0,005")
        #expect(norwegian.percent(hundredths: 2500) == "25\(Self.space)%")
        #expect(try formats(.english).percent(hundredths: 1250) == "12.5%")
    }

    @Test(
        "write the same instant as each language does",
        arguments: [
            (PageLanguage.norwegian, "23.11.2026 14:05", "14:05:07"), (.danish, "23.11.2026 14.05", "14.05.07"),
            (.finnish, "23.11.2026 14.05", "14.05.07"), (.swedish, "2026-11-23 14:05", "14:05:07"),
            (.english, "23 Nov 2026 14:05", "14:05:07"),
        ])
    func instants(language: PageLanguage, both: String, seconds: String) throws {
        let instant = try Date("2026-11-23T13:05:07Z", strategy: .iso8601)
        #expect(try formats(language).dateAndTime(instant) == both)
        #expect(try formats(language).timeWithSeconds(instant) == seconds)
    }

    @Test(
        "write small days and hours as each language does",
        arguments: [
            (PageLanguage.norwegian, "03.02.2026 09:05"), (.danish, "03.02.2026 09.05"), (.finnish, "3.2.2026 9.05"),
            (.swedish, "2026-02-03 09:05"), (.english, "3 Feb 2026 09:05"),
        ])
    func smallNumbers(language: PageLanguage, expected: String) throws {
        let instant = try Date("2026-02-03T08:05:07Z", strategy: .iso8601)
        #expect(try formats(language).dateAndTime(instant) == expected)
    }

    @Test(
        "write numbers, parts and rates as each language does",
        arguments: [
            (PageLanguage.norwegian, "1_204_331", "1,5", "12,5_%"), (.danish, "1.204.331", "1,5", "12,5_%"),
            (.finnish, "1_204_331", "1,5", "12,5_%"), (.swedish, "1_204_331", "1,5", "12,5_%"),
            (.english, "1,204,331", "1.5", "12.5%"),
        ])
    func numbers(language: PageLanguage, number: String, part: String, rate: String) throws {
        let formats = try formats(language)
        #expect(formats.number(1_204_331) == number.replacing("_", with: Self.space))
        #expect(formats.thousandths(1500) == part)
        #expect(formats.percent(hundredths: 1250) == rate.replacing("_", with: Self.space))
    }

    @Test(
        "write a negative amount with the language's minus",
        arguments: [
            (PageLanguage.norwegian, Currency.nok, "\u{2212}1_234,50_kr"), (.danish, .dkk, "-1.234,50_kr."),
            (.finnish, .eur, "\u{2212}1_234,50_€"), (.swedish, .eur, "\u{2212}1_234,50_€"),
            (.english, .dkk, "-DKK_1,234.50"),
        ])
    func negative(language: PageLanguage, currency: Currency, expected: String) throws {
        let written = try formats(language).money(Money(minorUnits: -123_450, currency: currency))
        #expect(written == expected.replacing("_", with: Self.space))
    }

    @Test("follow summer time, and leave the day out today") func summer() throws {
        let norwegian = try formats(.norwegian)
        let july = try Date("2026-07-01T22:30:00Z", strategy: .iso8601)
        #expect(norwegian.dateAndTime(july) == "02.07.2026 00:30")
        #expect(norwegian.timeOrDate(july, now: july.addingTimeInterval(3600)) == "00:30")
        #expect(norwegian.timeOrDate(july, now: july.addingTimeInterval(86_400)) == "02.07.2026 00:30")
    }

    @Test(
        "tell ages in a few words",
        arguments: [
            (-30, "just now"), (4, "just now"), (59, "59 s ago"), (60, "1 min ago"), (3600, "1 h ago"),
            (86_400, "yesterday"), (3 * 86_400, "3 days ago"),
        ] as [(Double, String)])
    func ages(seconds: Double, expected: String) throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let words = try Texts.load().words(.english, brand: "Vipps")
        #expect(try formats(.english).age(of: now.addingTimeInterval(-seconds), now: now, words: words) == expected)
    }
}

@Suite("A typed amount") struct TypedAmountTests {
    private func amount(_ text: String, _ language: PageLanguage = .norwegian) throws(AmountProblem) -> Int64 {
        try Formats(language: language, timeZone: .gmt).amount(typed: text, currency: .nok).minorUnits
    }

    @Test(
        "is read in every way people write it",
        arguments: [
            ("129", 12_900), ("129,50", 12_950), ("129.50", 12_950), ("129,5", 12_950), ("0,05", 5), (",50", 50),
            ("1 234,50", 123_450), ("1\u{A0}234,50", 123_450), ("1\u{202F}234", 123_400), ("1.234,50", 123_450),
            ("1,234.50", 123_450), ("1.234.567,00", 123_456_700 / 100 * 100), ("129,-", 12_900), ("129 kr", 12_900),
            ("kr 129,50", 12_950), ("NOK 129", 12_900), ("  42  ", 4200), ("0", 0),
        ] as [(String, Int64)])
    func read(text: String, expected: Int64) throws {
        let minorUnits = try Formats(language: .norwegian, timeZone: .gmt)
            .amount(typed: text, currency: .nok, max: .max).minorUnits
        #expect(minorUnits == expected)
    }

    @Test("takes a lone group of three by the language: a factor of 1000 is never guessed") func groups() throws {
        #expect(try amount("1.234", .danish) == 123_400)
        #expect(try amount("1,234", .english) == 123_400)
        #expect(throws: AmountProblem.tooManyDecimals) { try amount("1.234", .norwegian) }
        #expect(throws: AmountProblem.tooManyDecimals) { try amount("1,234", .danish) }
        #expect(throws: AmountProblem.tooManyDecimals) { try amount("0.125", .danish) }
    }

    @Test(
        "is refused with the reason",
        arguments: [
            ("", AmountProblem.empty), ("   ", .empty), ("kr", .empty), ("abc", .notANumber), ("12a", .notANumber),
            ("1,2.3,4", .notANumber), ("12.34.56", .notANumber), ("1 2,345.6,7", .notANumber), (",", .notANumber),
            ("٣", .notANumber), ("129,505", .tooManyDecimals), ("-5", .negative), ("\u{2212}5", .negative),
            ("650000,01", .tooLarge(max: 65_000_000)), ("99999999999999999999", .tooLarge(max: 65_000_000)),
            ("1e5", .notANumber), ("--5", .notANumber),
        ])
    func refused(text: String, problem: AmountProblem) {
        #expect(throws: problem) { try amount(text) }
    }

    @Test("survives a round trip through its input field") func roundTrip() throws {
        for language in PageLanguage.allCases {
            let formats = Formats(language: language, timeZone: .gmt)
            for minorUnits: Int64 in [0, 5, 100, 12_950, 100_000, 65_000_000] {
                let money = Money(minorUnits: minorUnits, currency: .eur)
                #expect(try formats.amount(typed: formats.input(money), currency: .eur) == money)
                #expect(try formats.amount(typed: formats.money(money), currency: .eur) == money)
            }
        }
    }

    @Test("that is refused says in every language what to type") func words() throws {
        let texts = try Texts.load()
        for language in PageLanguage.allCases {
            let words = texts.words(language, brand: "Vipps")
            let formats = Formats(language: language, timeZone: .gmt)
            for problem in [AmountProblem.empty, .notANumber, .tooManyDecimals, .negative, .tooLarge(max: 5000)] {
                let text = formats.text(for: problem, currency: .nok, words: words)
                #expect(!text.contains("{"), "\(text)")
            }
        }
    }
}
