import PointOfSale
import SharedKernel
import Testing

@Suite("A phone number") struct PhoneNumberTests {
    @Test(
        "is read as people type it",
        arguments: [
            ("+47 912 34 567", Market.norway, "4791234567"), ("0047 91234567", .norway, "4791234567"),
            ("91234567", .norway, "4791234567"), ("912-34-567", .norway, "4791234567"),
            ("4791234567", .norway, "4791234567"),
            ("\u{00A0}91 23 45 67 ", .norway, "4791234567"), ("+45 20 12 34 56", .norway, "4520123456"),
            ("20123456", .denmark, "4520123456"), ("(+47) 91.23.45.67", .denmark, "4791234567"),
            ("070-123 45 67", .sweden, "46701234567"), ("+46701234567", .norway, "46701234567"),
            ("+46 (0)70 123 45 67", .norway, "46701234567"), ("040 1234567", .finland, "358401234567"),
            ("+358 40 1234567", .denmark, "358401234567"), ("00358401234567", .finland, "358401234567"),
            ("4512345678", .norway, "4512345678"),
        ]) func reads(text: String, home: Market, digits: String) throws
    {
        #expect(try PhoneNumber(text, in: home).digits == digits)
    }

    @Test(
        "is refused when it is none",
        arguments: [
            "", " ", "+", "0047", "9123456", "912345678", "+4791234", "+1 202 555 0100", "91234567x", "+47 1234567890",
            "٩١٢٣٤٥٦٧", "++4791234567", "+47+91234567", "00 00 00 00", "'; DROP TABLE sale; --",
            String(repeating: "9", count: 5_000),
        ]) func refuses(text: String)
    {
        #expect(throws: Invalid.self) { try PhoneNumber(text, in: .norway) }
    }

    @Test("shows its country and last three digits only") func mask() throws {
        #expect(try PhoneNumber("91234567", in: .norway).mask == "+47 ••• •• 567")
        #expect(try PhoneNumber("+358 40 1234567", in: .norway).mask == "+358 ••• •• 567")
    }

    @Test("is not part of the words that refuse it") func silent() {
        do {
            _ = try PhoneNumber("912 34 56", in: .norway)
            Issue.record("accepted")
        } catch {
            #expect(!"\(error)".contains("912"))
        }
    }
}

@Suite("Typed values") struct TypedValueTests {
    @Test("for e-mail are accepted", arguments: ["kari@example.com", " a.b+c@sub.example.no ", "ærlig@øl.no"])
    func email(text: String) throws {
        #expect(try EmailAddress(text).text == text.split(separator: " ").joined())
    }

    @Test(
        "for e-mail are refused",
        arguments: [
            "", "kari", "@example.com", "kari@", "kari@example", "a@b@c.no", "a b@c.no", "a@b..no", "a@.no",
            "a\r\nBcc: x@y.no",
            "<a@b.no>", "a,b@c.no", String(repeating: "a", count: 250) + "@example.com",
        ])
    func badEmail(text: String) {
        #expect(throws: Invalid.self) { try EmailAddress(text) }
    }

    @Test("of one line are trimmed, limited and without control characters") func words() throws {
        #expect(try PointOfSale.words("  Kaffe ", field: "name", max: 10) == "Kaffe")
        for text in ["", "   ", "a\nb", "a\u{0}b", "a\u{2028}b", String(repeating: "x", count: 11)] {
            #expect(throws: Invalid.self) { try PointOfSale.words(text, field: "name", max: 10) }
        }
    }

    @Test("for an MSN are 4 to 10 digits", arguments: ["123", "12345678901", "12a4", "", "１２３４"]) func msn(text: String)
    {
        #expect(throws: Invalid.self) {
            try SalesUnit(
                id: .no(1), displayName: "Oslo", organizationalUnitID: .no(1), agreementID: .no(1), msn: text,
                currency: .nok)
        }
    }

    @Test("for API keys are visible ASCII") func keys() throws {
        #expect(throws: Invalid.self) { try APIKeys(clientID: "", clientSecret: "b", subscriptionKey: "c") }
        #expect(throws: Invalid.self) { try APIKeys(clientID: "a b", clientSecret: "b", subscriptionKey: "c") }
        #expect(throws: Invalid.self) { try APIKeys(clientID: "a\r\nHost: x", clientSecret: "b", subscriptionKey: "c") }
        let keys = try APIKeys(clientID: " id ", clientSecret: "secret=", subscriptionKey: "key")
        #expect(
            String(decoding: try keys.json, as: UTF8.self)
                == #"{"clientID":"id","clientSecret":"secret=","subscriptionKey":"key"}"#)
    }
}
