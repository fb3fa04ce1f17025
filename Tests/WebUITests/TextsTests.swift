import Foundation
import SharedKernel
import Testing
import WebUI

@Suite("The texts") struct TextsTests {
    let texts: Texts

    init() throws { texts = try Texts.load() }

    @Test("are the same keys and placeholders in every language") func complete() {
        // `load` refuses anything else; that it looks at something real is seen here.
        #expect(texts.keys.count > 500)
        for language in PageLanguage.allCases {
            for key in texts.keys { #expect(texts.raw(key, in: language)?.isEmpty == false, "\(language) \(key)") }
        }
    }

    @Test("are refused with a missing key, an extra key, or another placeholder")
    func incomplete() throws {
        let cases = [
            (broken: #"{"a": {"b": "Hei {name}"}}"#, complaint: "nb: a.c is missing"),
            (broken: #"{"a": {"b": "Hei {name}", "c": "x", "d": "y"}}"#, complaint: "nb: a.d is not in English"),
            (broken: #"{"a": {"b": "Hei {navn}", "c": "x"}}"#, complaint: "nb: a.b has other placeholders"),
            (
                broken: #"{"a": {"b": "Hei {name}", "c": 1}}"#,
                complaint: "nb.json: a.c is neither a text nor a group of texts"
            ),
        ]
        for (broken, complaint) in cases {
            let error = try #require(throws: Texts.Incomplete.self) {
                try catalogue(english: #"{"a": {"b": "Hello {name}", "c": "x"}}"#, norwegian: broken)
            }
            #expect(error.description == complaint)
        }
    }

    @Test("are nowhere the same in all languages by mistake") func translated() {
        let same = texts.keys.filter { key in
            Set(PageLanguage.allCases.map { texts.raw(key, in: $0) }).count == 1
        }
        // Names, units and signs only.
        let allowed = [
            "generic.ok", "paymentKind.vipps", "wait.vipps", "salesUnits.msn", "agreements.clientID",
            "agreements.clientSecret", "agreements.subscriptionKey", "agreements.webhook", "tills.noAgent",
        ]
        #expect(Set(same).subtracting(allowed) == [])
    }

    @Test("never write the brand's name where it depends on the market, nor in capitals") func brandIsData() {
        let customerGroups = ["wait.", "identify.", "result.", "display.", "vipps."]
        for language in PageLanguage.allCases {
            for key in texts.keys {
                let text = texts.raw(key, in: language) ?? ""
                for name in text.matches(of: /vipps|mobile ?pay/.ignoresCase()).map({ String($0.output) }) {
                    #expect(name == "Vipps" || name == "MobilePay", "\(language) \(key)")
                }
                guard customerGroups.contains(where: key.hasPrefix) else { continue }
                #expect(!text.contains("Vipps") && !text.contains("MobilePay"), "\(language) \(key)")
            }
        }
    }

    @Test("quote as the language does, and write no typewriter's signs")
    func quotes() {
        let marks: [PageLanguage: (open: Character, close: Character)] = [
            .english: ("“", "”"), .norwegian: ("«", "»"), .danish: ("“", "”"), .finnish: ("”", "”"),
            .swedish: ("”", "”"),
        ]
        for (language, own) in marks {
            for key in texts.keys {
                let text = texts.raw(key, in: language) ?? ""
                let others = "\"'`“”„«»".filter { $0 != own.open && $0 != own.close }
                #expect(!text.contains { others.contains($0) } && !text.contains("..."), "\(language) \(key)")
                let trimmed = text.trimmingCharacters(in: .whitespaces)
                #expect(text == trimmed && !text.contains("  "), "\(language) \(key)")
            }
        }
    }

    @Test("are all used: a text that no page shows is not translated for ever") func used() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var sources = ""
        let files = FileManager.default.enumerator(at: root.appending(path: "Modules"), includingPropertiesForKeys: nil)
        for case let file as URL in try #require(files) where ["swift", "mustache"].contains(file.pathExtension) {
            sources += try String(contentsOf: file, encoding: .utf8)
        }
        // Groups whose keys are words of the cores, as in `text("saleState.\(state)")`.
        let groups = sources.matches(of: /"([A-Za-z.]+)\\\(/).map { String($0.output.1) }.filter { $0.contains(".") }
        #expect(groups.contains("saleState.") && groups.contains("vipps."))
        for key in texts.keys where !groups.contains(where: key.hasPrefix) {
            let name = key.replacing(/\.(one|other)$/, with: "")
            #expect(sources.contains(name), "\(key)")
        }
    }

    @Test("have words for every refusal a cashier may meet") func refusalsByVipps() {
        let words = texts.words(.english, brand: "MobilePay")
        let own = ["keys-missing", "keys-refused", "not-allowed", "check-in-expired", "unknown-payment", "too-much"]
        for code in ["7010", "4070", "4050", "5080", "5060", "5040", "6160", "6250", "6260", "6280"] + own {
            #expect(!words.refusalByVipps(code: code).contains(code), "\(code)")
        }
        #expect(words.refusalByVipps(code: "9999").contains("9999"))
        #expect(words.refusalByVipps(code: "9999").contains("MobilePay"))
    }

    private func catalogue(english: String, norwegian: String) throws -> Texts {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for language in PageLanguage.allCases {
            let content = language == .norwegian ? norwegian : english
            try Data(content.utf8).write(to: folder.appending(path: "\(language.rawValue).json"))
        }
        return try Texts(directory: folder)
    }
}

@Suite("Words") struct WordsTests {
    let words: Words

    init() throws { words = try Texts.load().words(.english, brand: "Vipps") }

    @Test("fill in values and the brand, once") func filled() {
        #expect(words.text("pay.payAmount", ["amount": "129,00 kr"]) == "Pay 129,00 kr")
        #expect(words.text("display.scan") == "Scan with Vipps")
        // A value that looks like a placeholder stays as it was typed.
        #expect(words.text("sale.added", ["name": "{brand} {name}"]) == "{brand} {name} added")
    }

    @Test("count one and many", arguments: [(0, "0 items"), (1, "1 item"), (2, "2 items")])
    func counted(count: Int, expected: String) { #expect(words.count("sale.items", count) == expected) }

    @Test("tell field errors by slug, and the unknown ones in general") func fieldErrors() {
        #expect(words.fieldError(slug: "missing") == "This field is needed.")
        #expect(words.fieldError(slug: "never-heard-of") == "This value is not accepted. Check it.")
        // Without its values a text with placeholders is not shown half filled.
        #expect(words.fieldError(slug: "amount-too-large") == "This value is not accepted. Check it.")
        #expect(words.fieldError(slug: "amount-too-large", ["max": "5 kr"]) == "At most 5 kr.")
    }

    @Test("are nothing for a key that does not exist") func unknown() { #expect(words.optional("no.such.key") == nil) }
}

@Suite("Preferences") struct PreferencesTests {
    @Test("are read from cookies first, then from the browser's languages, then English")
    func read() {
        #expect(
            Preferences(cookies: "a=b; language=fi; theme=dark", acceptLanguage: "nb")
                == Preferences(language: .finnish, theme: .dark))
        #expect(
            Preferences(cookies: "language=xx; theme=pink", acceptLanguage: "de, no-NO;q=0.8, en;q=0.5").language
                == .norwegian)
        #expect(Preferences(cookies: nil, acceptLanguage: "en;q=0.5, da;q=0.9").language == .danish)
        #expect(Preferences(cookies: nil, acceptLanguage: "zh").language == .english)
        #expect(Preferences(cookies: "theme=pink", acceptLanguage: nil).theme == .auto)
    }
}

@Suite("The brand") struct BrandTests {
    let brands: Brands

    init() throws { brands = try Brands.load() }

    @Test(
        "is named by market and local day",
        arguments: [
            ("NO", "2026-11-23T12:00:00Z", "Vipps"), ("DK", "2026-11-23T12:00:00Z", "MobilePay"),
            ("DK", "2027-01-11T22:59:59Z", "MobilePay"), ("DK", "2027-01-11T23:00:00Z", "Vipps"),
            ("FI", "2027-01-11T21:59:59Z", "MobilePay"), ("FI", "2027-01-11T22:00:00Z", "Vipps"),
            ("XX", "2026-11-23T12:00:00Z", "Vipps"),
        ])
    func named(market: String, instant: String, expected: String) throws {
        let date = try Date(instant, strategy: .iso8601)
        #expect(brands.name(inMarket: market, at: date) == expected)
    }

    @Test("is found by the currency of an amount where only that is known")
    func byCurrency() throws {
        let markets = Currency.allCases.map { brands.marketCode(ofCurrency: $0.rawValue) }
        #expect(Set(markets) == ["NO", "DK", "FI"])
        #expect(brands.marketCode(ofCurrency: "DKK") == "DK")
        #expect(brands.marketCode(ofCurrency: "XXX") == nil)
        #expect(brands.timeZone(ofMarket: "FI").identifier == "Europe/Helsinki")
    }
}
