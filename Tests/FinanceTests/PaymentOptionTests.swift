import Finance
import Foundation
import SharedKernel
import Testing

@Suite("The name of a payment option") struct PaymentOptionNameTests {
    @Test("is trimmed") func trimmed() throws {
        #expect(try PaymentOptionName("  Vipps \n").text == "Vipps")
    }

    @Test("has at most 60 characters", arguments: [1, 59, 60]) func fits(_ length: Int) throws {
        #expect(try PaymentOptionName(String(repeating: "ø", count: length)).text.count == length)
    }

    @Test(
        "is refused with the reason",
        arguments: [
            ("", "missing"), ("   ", "missing"), (String(repeating: "a", count: 61), "too-long"),
            ("a\u{0301}" + String(repeating: "\u{0301}", count: 1000), "too-long"), ("Vipps\nand cash", "not-text"),
            ("bell \u{07}", "not-text"),
        ])
    func refused(_ text: String, _ slug: String) {
        #expect {
            try PaymentOptionName(text)
        } throws: { error in
            (error as? Invalid)?.field == "name" && (error as? Invalid)?.slug == slug
        }
    }

    @Test("is the same in capitals and with accents written in two ways") func key() throws {
        #expect(try PaymentOptionName("KAFÉ").key == PaymentOptionName("kafe\u{0301}").key)
        #expect(try PaymentOptionName("Vipps").key != PaymentOptionName("Vipps 2").key)
    }
}

@Suite("The payment options of a tenant") struct PaymentOptionCatalogueTests {
    let now = Date(timeIntervalSince1970: 1_795_000_000)
    let id = PaymentOptionID.new(at: Date(timeIntervalSince1970: 1))

    private func name(_ text: String) -> PaymentOptionName {
        guard let name = try? PaymentOptionName(text) else { preconditionFailure(text) }
        return name
    }

    private func given(_ commands: PaymentOptionCommand...) throws -> PaymentOptionCatalogue {
        try commands.reduce(PaymentOptionCatalogue()) { catalogue, command in
            try catalogue.decide(command, now: now).reduce(catalogue) { $0.evolved(by: $1) }
        }
    }

    private func create(_ id: PaymentOptionID, _ text: String) -> PaymentOptionCommand {
        .create(id: id, name: name(text), kind: .vippsEPayment, quickAccess: true, enabled: true)
    }

    @Test("are none in the beginning") func empty() {
        #expect(PaymentOptionCatalogue().options.isEmpty)
    }

    @Test("are made as they were asked for") func created() throws {
        let option = PaymentOption(
            id: id, name: name("Vipps"), kind: .vippsEPayment, quickAccess: true, enabled: true, savedAt: now)
        #expect(try PaymentOptionCatalogue().decide(create(id, "Vipps"), now: now) == [.saved(option)])
        #expect(try given(create(id, "Vipps")).options == [option])
    }

    @Test("are made once, however often the command comes, whatever happened since") func twice() throws {
        let catalogue = try given(create(id, "Vipps"), .disable(id))
        #expect(try catalogue.decide(create(id, "Vipps"), now: now) == [])
        #expect(try catalogue.decide(create(id, "Another name"), now: now) == [])
    }

    @Test("have no name twice", arguments: ["Vipps", "VIPPS", " vipps "]) func unique(_ text: String) throws {
        let other = PaymentOptionID.new(at: now)
        let catalogue = try given(create(id, "Vipps"), create(other, "Cash"))
        #expect(throws: PaymentOptionRefusal.nameTaken(name(text))) {
            try catalogue.decide(create(.new(at: now), text), now: now)
        }
        #expect(throws: PaymentOptionRefusal.nameTaken(name(text))) {
            try catalogue.decide(.edit(id: other, name: name(text), kind: .cash, quickAccess: false), now: now)
        }
    }

    @Test("may change only the case of their own name") func ownName() throws {
        let catalogue = try given(create(id, "Vipps"))
        let events = try catalogue.decide(
            .edit(id: id, name: name("VIPPS"), kind: .vippsEPayment, quickAccess: true), now: now)
        #expect(events.count == 1)
    }

    @Test("are changed, and stay enabled or disabled") func edited() throws {
        let later = now.addingTimeInterval(60)
        let before = try given(create(id, "Vipps"), .disable(id))
        let events = try before.decide(
            .edit(id: id, name: name("Kontant"), kind: .cash, quickAccess: false), now: later)
        let after = events.reduce(before) { $0.evolved(by: $1) }
        #expect(
            after.option(id)
                == PaymentOption(
                    id: id, name: name("Kontant"), kind: .cash, quickAccess: false, enabled: false, savedAt: later))
    }

    @Test("tell nothing when nothing changes") func unchanged() throws {
        let catalogue = try given(create(id, "Vipps"))
        #expect(
            try catalogue.decide(
                .edit(id: id, name: name("Vipps"), kind: .vippsEPayment, quickAccess: true), now: now) == [])
        #expect(try catalogue.decide(.enable(id), now: now) == [])
        #expect(try given(create(id, "Vipps"), .disable(id)).decide(.disable(id), now: now) == [])
    }

    @Test("are enabled and disabled") func switched() throws {
        let catalogue = try given(create(id, "Vipps"))
        #expect(try catalogue.decide(.disable(id), now: now) == [.disabled(id, at: now)])
        #expect(try given(create(id, "Vipps"), .disable(id)).decide(.enable(id), now: now) == [.enabled(id, at: now)])
        #expect(try given(create(id, "Vipps"), .disable(id)).option(id)?.enabled == false)
    }

    @Test("that are not there are refused") func unknown() {
        for command in [
            PaymentOptionCommand.enable(id), .disable(id),
            .edit(id: id, name: name("Vipps"), kind: .cash, quickAccess: true),
        ] {
            #expect(throws: PaymentOptionRefusal.notFound) { try PaymentOptionCatalogue().decide(command, now: now) }
        }
    }

    @Test("are a hundred at most") func limit() throws {
        let full = PaymentOptionCatalogue(
            options: (0..<PaymentOptionCatalogue.optionsMax).map { number in
                PaymentOption(
                    id: .new(at: now), name: name("Option \(number)"), kind: .cash, quickAccess: false, enabled: true,
                    savedAt: now)
            })
        #expect(throws: PaymentOptionRefusal.tooMany(max: 100)) { try full.decide(create(id, "Vipps"), now: now) }
    }
}
