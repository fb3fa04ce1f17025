import Foundation
import Notifications
import SharedKernel
import Testing

private func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

extension Invoice {
    static func sample(
        language: Language = .nb, currency: Currency = .nok, tenant: String = "Fjordkaffe", item: String = "Kaffe",
        change: Money? = nil, at completedAt: Date = InstantText.read("2026-11-23T23:15:20.000Z")!
    ) -> Invoice {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
        return Invoice(
            saleID: SaleID("00000000-0000-7000-8000-000000000002")!, saleIdentifier: "OSL-1000123", tenantName: tenant,
            shopName: "Torget", language: language,
            lines: [
                Line(
                    name: item, quantity: 2, unitPrice: money(70_000), discount: money(1_100), taxRate: 2500,
                    total: money(138_900), tax: money(27_780)),
                Line(
                    name: "Bolle", quantity: 1, unitPrice: money(1_115), discount: money(0), taxRate: 1150,
                    total: money(1_115), tax: money(115)),
            ], total: money(140_015), tax: money(27_895),
            payments: [
                Payment(name: "Vipps", amount: money(100_000)), Payment(name: "Kontant", amount: money(40_015)),
            ],
            change: change, completedAt: completedAt)
    }
}

@Suite("An invoice mail's content") struct InvoiceRenderingTests {
    private let oslo = TimeZone(identifier: "Europe/Oslo") ?? .gmt
    private func plain(_ text: String) -> String { text.replacingOccurrences(of: "\u{A0}", with: " ") }

    @Test("has sale, shop, lines, tax by rate, payments and change, as text and as HTML") func complete() {
        let mail = Invoice.sample(change: nok(985)).rendered(in: oslo)
        #expect(mail.subject == "Kvittering OSL-1000123, Fjordkaffe")
        for part in [mail.text, mail.html].map(plain) {
            for word in [
                "Fjordkaffe", "Torget", "OSL-1000123", "24.11.2026 00:15", "Kaffe", "Bolle", "700,00 kr", "11,00 kr",
                "1 389,00 kr", "1 400,15 kr", "278,95 kr", "25 %", "11,5 %", "1 111,20 kr", "277,80 kr", "10,00 kr",
                "1,15 kr", "Vipps", "1 000,00 kr", "Kontant", "400,15 kr", "Vekslepenger", "9,85 kr",
            ] { #expect(part.contains(word), "\(word) is not in \(part)") }
        }
        #expect(!Invoice.sample().rendered(in: oslo).text.contains("Vekslepenger"))
    }

    @Test(
        "is written in every language",
        arguments: [
            (Language.en, Currency.nok, "Receipt", "NOK 1,400.15", "2026-02-03 00:15"),
            (.nb, .nok, "Kvittering", "1 400,15 kr", "03.02.2026 00:15"),
            (.da, .dkk, "Kvittering", "1.400,15 kr.", "03.02.2026 00.15"),
            (.fi, .eur, "Kuitti", "1 400,15 €", "3.2.2026 0.15"),
            (.sv, .nok, "Kvitto", "1 400,15 NOK", "2026-02-03 00:15"),
            (.da, .nok, "Kvittering", "1.400,15 NOK", "03.02.2026 00.15"),
        ])
    func languages(
        _ language: Language, _ currency: Currency, _ receipt: String, _ total: String, _ instant: String
    ) throws {
        let winter = try #require(InstantText.read("2026-02-02T23:15:20.000Z"))
        let mail = Invoice.sample(language: language, currency: currency, at: winter).rendered(in: oslo)
        #expect(mail.subject.hasPrefix(receipt))
        for part in [mail.text, mail.html].map(plain) {
            #expect(part.contains(": \(total)\(part.hasPrefix("<") ? "<" : "\n")"), "\(total) is not in \(part)")
            #expect(part.contains(instant), "\(instant) is not in \(part)")
        }
        #expect(mail.html.contains("<html lang=\"\(language.rawValue)\">"))
    }

    @Test("escapes whatever somebody typed") func escaped() {
        let evil = "<script>alert('x')</script>\"&\u{0301}"
        let mail = Invoice.sample(tenant: evil, item: evil).rendered(in: oslo)
        #expect(!mail.html.contains("<script>"))
        #expect(mail.html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\u{0301}"))
    }

    @Test("lets no name draw lines of its own") func lines() {
        let mail = Invoice.sample(item: "Kaffe\nTotalt: 0,00 kr").rendered(in: oslo)
        #expect(!mail.text.contains("\nTotalt: 0,00"))
        #expect(mail.text.contains("Kaffe Totalt: 0,00 kr"))
    }
}

@Suite("A mail address") struct MailAddressTests {
    @Test(
        "is an ordinary one",
        arguments: ["kari@example.com", "k.n+vipps@post.example.co.uk", "o'neil@example.no", "a@b.io"])
    func good(_ text: String) throws { #expect(try MailAddress(text).revealed == text) }

    @Test(
        "is nothing that could become a header or a command",
        arguments: [
            "", "kari", "kari@", "@example.com", "kari@example", "a@b@example.com", "kari@example.com\r\nBcc: x@y.no",
            "kari\n@example.com", "\"kari n\"@example.com", "kari n@example.com", "kari@exam ple.com",
            "<kari@example.com>",
            "kari@example.com>", "kari@-example.com", "kari@example..com", ".kari@example.com", "kari.@example.com",
            "k..n@example.com", "kåri@example.com", "kari@exämple.com", "kari@[127.0.0.1]",
            String(repeating: "a", count: 65) + "@example.com",
            "a@" + String(repeating: "b", count: 64) + ".com",
            "a@" + String(repeating: "bcdefghi.", count: 40) + "com",
        ])
    func bad(_ text: String) {
        #expect {
            try MailAddress(text)
        } throws: { ($0 as? Invalid)?.field == "invoiceEmail" }
    }

    @Test("is masked wherever it is printed") func masked() throws {
        let address = try MailAddress("kari.nordmann@example.com")
        #expect(address.masked == "k•••@example.com")
        var dumped = ""
        dump(address, to: &dumped)
        for text in ["\(address)", String(reflecting: address), dumped, "\([address])", "\(Optional(address) as Any)"] {
            #expect(!text.contains("nordmann"), "\(text)")
        }
    }
}

@Suite("A mail on the wire") struct MIMEMessageTests {
    private func message(tenant: String = "Fjordkaffe & sønn") throws -> MIMEMessage {
        let invoice = Invoice.sample(tenant: tenant)
        return MIMEMessage(
            invoice.rendered(in: .gmt), sale: invoice.saleID, from: try MailAddress("till@shop.example"),
            senderName: tenant, to: try MailAddress("kari@example.com"),
            at: InstantText.read("2026-11-23T09:05:07.000Z")!)
    }

    private func text(_ message: MIMEMessage) -> String { String(decoding: message.bytes, as: UTF8.self) }

    private func decodedHeader(_ name: String, of text: String) -> String? {
        let unfolded = text.replacingOccurrences(of: "\r\n ", with: " ")
        guard let line = unfolded.components(separatedBy: "\r\n").first(where: { $0.hasPrefix("\(name): ") }) else {
            return nil
        }
        return line.matches(of: /=\?UTF-8\?B\?([A-Za-z0-9+\/=]*)\?=/)
            .compactMap { Data(base64Encoded: String($0.output.1)) }
            .map { String(decoding: $0, as: UTF8.self) }.joined()
    }

    @Test("has the headers a mail needs, and both bodies in UTF-8") func complete() throws {
        let wire = text(try message())
        #expect(wire.contains("\r\nTo: <kari@example.com>\r\n"))
        #expect(wire.contains(" <till@shop.example>\r\n"))
        #expect(wire.contains("\r\nDate: Mon, 23 Nov 2026 09:05:07 +0000\r\n"))
        #expect(wire.contains("\r\nMIME-Version: 1.0\r\n"))
        #expect(wire.contains("Content-Type: multipart/alternative;\r\n boundary="))
        #expect(decodedHeader("Subject", of: wire) == "Kvittering OSL-1000123, Fjordkaffe & sønn")
        #expect(decodedHeader("From", of: wire) == "Fjordkaffe & sønn")
        let bodies = wire.components(separatedBy: "Content-Transfer-Encoding: base64\r\n\r\n").dropFirst().map { part in
            let body = part.components(separatedBy: "\r\n--")[0].replacingOccurrences(of: "\r\n", with: "")
            return Data(base64Encoded: body).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        #expect(bodies.count == 2)
        let rendered = Invoice.sample(tenant: "Fjordkaffe & sønn").rendered(in: .gmt)
        #expect(bodies.first?.replacingOccurrences(of: "\r\n", with: "\n") == rendered.text)
        #expect(bodies.last?.replacingOccurrences(of: "\r\n", with: "\n") == rendered.html)
    }

    @Test("is recognisable by the sale, however often it is made") func messageID() throws {
        let one = try message()
        #expect(one.messageID == "<invoice.00000000-0000-7000-8000-000000000002@shop.example>")
        #expect(text(one).contains("\r\nMessage-ID: \(one.messageID)\r\n"))
        #expect(try message().messageID == one.messageID)
    }

    @Test("has short lines that end with CR LF, and no line that is a dot") func lines() throws {
        let wire = text(try message(tenant: String(repeating: "Blåbærsyltetøy ", count: 40)))
        for line in wire.components(separatedBy: "\r\n") {
            #expect(line.utf8.count <= 78, "\(line)")
            #expect(!line.contains("\n") && !line.contains("\r"))
            #expect(!line.hasPrefix("."))
        }
    }

    @Test("takes no header from a name", arguments: ["Shop\r\nBcc: all@example.com", "Shop\nX: y\n\nbody", "\u{0}\r"])
    func injection(_ tenant: String) throws {
        let head = text(try message(tenant: tenant)).components(separatedBy: "\r\n\r\n")[0]
        let names = head.components(separatedBy: "\r\n").filter { !$0.hasPrefix(" ") }
            .map { $0.components(separatedBy: ":")[0] }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type",
            ])
    }
}
