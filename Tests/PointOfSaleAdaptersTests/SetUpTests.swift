import Foundation
import GRDB
import HTTPTypes
import HummingbirdTesting
import MessageContracts
import Messaging
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing

private func administrating(_ body: @Sendable (TillHouse, Browser) async throws -> Void) async throws {
    try await TillHouse.ready { house, kari async throws in
        try await body(house, try await Browser(kari.client).signedIn("admin", "surdeigsbrod"))
    }
}

private let agreement = "vipps-agreements/\(AgreementID.no("61"))"
private let unit = "vipps-sales-units/\(SalesUnitID.no("71"))"

@Suite("Vipps agreements") struct AgreementTests {
    @Test("seal their keys and never show them again") func sealed() async throws {
        try await administrating { house, admin async throws in
            let saved = try #require(try await house.told(AgreementSaved.self).first)
            let keys = try Keys.open(try #require(saved.keysEnvelope))
            #expect(keys == #"{"clientID":"id-1","clientSecret":"very-secret=","subscriptionKey":"key-1"}"#)
            for path in ["vipps-agreements", agreement] {
                let answer = try await admin.ask(.get, path)
                #expect(!answer.text.contains("secret"))
                #expect(!answer.text.contains("envelope"))
            }
            let shown = try await admin.ask(.get, agreement)
            #expect(shown.text("keysSetBy") == "Anne")
            #expect(shown.text("keysSetAt") == "2026-11-23T11:00:00.000Z")
        }
    }

    @Test("keep their keys when renamed, and take new ones") func renamed() async throws {
        try await administrating { house, admin async throws in
            #expect(
                try await admin.ask(.put, agreement, ["displayName": "Vipps Norge"]).text("displayName")
                    == "Vipps Norge")
            #expect(try await house.told(AgreementSaved.self).last?.keysEnvelope == nil)
            #expect(try await admin.ask(.get, agreement).text("keysSetAt") != nil)
            house.turn(by: 60)
            let keys = ["clientID": "id-2", "clientSecret": "other", "subscriptionKey": "key-2"]
            #expect(
                try await admin.ask(.put, "\(agreement)/keys", keys).text("keysSetAt") == "2026-11-23T11:01:00.000Z")
            let envelope = try #require(try await house.told(AgreementSaved.self).last?.keysEnvelope)
            #expect(try Keys.open(envelope).contains("id-2"))
            let bad = try await admin.ask(
                .put, "\(agreement)/keys", ["clientID": "id", "clientSecret": "å", "subscriptionKey": "k"])
            #expect(bad.fields == ["clientSecret"])
            #expect(!bad.text.contains("å"))
        }
    }

    @Test("tell whether Vipps accepts the keys") func checked() async throws {
        try await administrating { house, admin async throws in
            let asked = try await admin.ask(.post, "\(agreement)/check-keys")
            #expect(asked.status == 202)
            #expect((asked.json["keysCheck"] as? [String: Any])?["state"] as? String == "asked")
            #expect(try await house.told(CheckKeys.self).count == 1)
            try await house.hear(
                KeysChecked(
                    agreementID: .no("61"), accepted: false, errorCode: "401", detail: "Access denied",
                    checkedAt: TillHouse.noon))
            let refused = try await admin.ask(.get, agreement).json["keysCheck"] as? [String: Any]
            #expect(refused?["state"] as? String == "refused")
            #expect(refused?["detail"] as? String == "Access denied")
            let empty = try await admin.ask(.post, "vipps-agreements", ["displayName": "Tom"])
            #expect(try await admin.ask(.post, "vipps-agreements/\(empty.id)/check-keys").slug == "keys-missing")
        }
    }

    @Test("follow their webhooks") func webhooks() async throws {
        try await administrating { house, admin async throws in
            let asked = try await admin.ask(.post, "\(agreement)/register-webhook")
            #expect(asked.list("webhooks").compactMap { $0["state"] as? String } == ["asked", "asked"])
            #expect(try await admin.ask(.get, unit).json["hasCheckInWebhook"] as? Bool == false)
            try await house.hear(
                WebhookRegistered(
                    agreementID: .no("61"), msn: "123456", kind: .payments, webhookID: "w", registeredAt: TillHouse.noon
                ))
            try await house.hear(
                WebhookMissing(
                    agreementID: .no("61"), msn: "123456", kind: .checkIns, reason: .takenByAnother,
                    detail: "other.example", seenAt: TillHouse.noon))
            try await house.hear(
                WebhookDelivered(agreementID: .no("61"), msn: "123456", kind: .payments, deliveredAt: TillHouse.noon))
            var shown = try await admin.ask(.get, agreement).list("webhooks")
            #expect(shown.compactMap { $0["state"] as? String } == ["registered", "taken-by-another"])
            #expect(shown.first?["lastDeliveryAt"] as? String == "2026-11-23T11:00:00.000Z")
            try await house.hear(
                WebhookRegistered(
                    agreementID: .no("61"), msn: "123456", kind: .checkIns, webhookID: "w", registeredAt: TillHouse.noon
                ))
            #expect(try await admin.ask(.get, unit).json["hasCheckInWebhook"] as? Bool == true)
            _ = try await admin.ask(.post, "\(agreement)/register-webhook")
            try await house.hear(
                SetupFailed(
                    command: RegisterWebhook.type, subjectID: AgreementID.no("61").text, agreementID: .no("61"),
                    failure: PaymentFailure(code: "keys-refused", detail: "Vipps refused the keys"),
                    failedAt: TillHouse.noon))
            shown = try await admin.ask(.get, agreement).list("webhooks")
            #expect(shown.compactMap { $0["state"] as? String } == ["refused", "refused"])
            let failure = try await admin.ask(.get, agreement).json["lastFailure"] as? [String: Any]
            #expect(failure?["code"] as? String == "keys-refused")
        }
    }

    @Test("without a sales unit have no webhook to register") func noUnit() async throws {
        try await administrating { _, admin async throws in
            let keys = ["clientID": "a", "clientSecret": "b", "subscriptionKey": "c"]
            let other = try await admin.ask(.post, "vipps-agreements", ["displayName": "Ny", "keys": keys])
            #expect(try await admin.ask(.post, "vipps-agreements/\(other.id)/register-webhook").slug == "no-sales-unit")
        }
    }
}

@Suite("Vipps sales units") struct SalesUnitTests {
    private func draft(_ msn: String) -> [String: Any] {
        [
            "displayName": "Bergen", "msn": msn, "organizationalUnitID": OrganizationalUnitID.no("01").text,
            "agreementID": AgreementID.no("61").text,
        ]
    }

    @Test("are told to the gateway") func told() async throws {
        try await administrating { house, admin async throws in
            #expect(try await admin.ask(.post, "vipps-sales-units", draft("654321")).status == 200)
            #expect(try await house.told(SalesUnitSaved.self).last?.msn == "654321")
            #expect(try await house.told(SalesUnitSaved.self).last?.currency == .nok)
        }
    }

    @Test("refuse a number that is wrong or taken", arguments: ["123", "12345678901", "12 34", "abc", "", "123456"])
    func msn(msn: String) async throws {
        try await administrating { house, admin async throws in
            let before = try await house.told(SalesUnitSaved.self).count
            let answer = try await admin.ask(.post, "vipps-sales-units", draft(msn))
            #expect(answer.status == 422)
            #expect(answer.fields == ["msn"])
            #expect(try await house.told(SalesUnitSaved.self).count == before)
        }
    }

    @Test("belong to agreements and units that are there") func references() async throws {
        try await administrating { _, admin async throws in
            var body = draft("654321")
            body["agreementID"] = AgreementID.fresh.text
            #expect(try await admin.ask(.post, "vipps-sales-units", body).fields == ["agreementID"])
            body = draft("654321")
            body["organizationalUnitID"] = OrganizationalUnitID.no("02").text
            #expect(try await admin.ask(.post, "vipps-sales-units", body).fields == ["organizationalUnitID"])
        }
    }
}

@Suite("Merchant QRs") struct MerchantQRTests {
    private func sync(_ house: TillHouse, _ codes: [String]) async throws {
        try await house.hear(
            MerchantQRsSynced(
                salesUnitID: .no("71"), msn: "123456",
                codes: codes.map {
                    .init(merchantQRID: $0, locationDescription: "At \($0)", content: "https://qr.example/\($0)")
                },
                syncedAt: TillHouse.noon))
    }

    private func states(_ answer: Answer) -> [String] {
        answer.list("merchantQRs").compactMap { code in
            (code["merchantQRID"] as? String).flatMap { id in (code["state"] as? String).map { "\(id) \($0)" } }
        }
    }

    @Test("are asked for, and there once Vipps lists them") func created() async throws {
        try await administrating { house, admin async throws in
            let body: [String: Any] = ["merchantQRID": "qr-2", "locationDescription": "Disk"]
            let asked = try await admin.ask(.post, "\(unit)/merchant-qrs", body)
            #expect(asked.status == 202)
            #expect(states(asked) == ["qr-1 at-vipps", "qr-2 asked"])
            #expect(try await house.told(CreateMerchantQR.self).last?.locationDescription == "Disk")
            // A list that was read before the code was made does not lose it.
            try await sync(house, ["qr-1"])
            #expect(states(try await admin.ask(.get, "\(unit)/merchant-qrs")) == ["qr-1 at-vipps", "qr-2 asked"])
            try await sync(house, ["qr-1", "qr-2"])
            #expect(states(try await admin.ask(.get, "\(unit)/merchant-qrs")) == ["qr-1 at-vipps", "qr-2 at-vipps"])
            #expect(try await admin.ask(.post, "\(unit)/merchant-qrs", body).fields == ["merchantQRID"])
        }
    }

    @Test("are not deleted while a till uses them") func deleted() async throws {
        try await administrating { house, admin async throws in
            try await sync(house, ["qr-1", "qr-2"])
            #expect(try await admin.ask(.delete, "\(unit)/merchant-qrs/qr-1").slug == "in-use")
            #expect(
                states(try await admin.ask(.delete, "\(unit)/merchant-qrs/qr-2")) == ["qr-1 at-vipps", "qr-2 deleting"])
            try await sync(house, ["qr-1"])
            #expect(states(try await admin.ask(.get, "\(unit)/merchant-qrs")) == ["qr-1 at-vipps"])
            #expect(try await admin.ask(.delete, "\(unit)/merchant-qrs/qr-9").status == 404)
        }
    }

    @Test("say why Vipps refused them") func failed() async throws {
        try await administrating { house, admin async throws in
            _ = try await admin.ask(
                .post, "\(unit)/merchant-qrs/convert", ["beaconID": "123456789012345", "locationDescription": "Disk"])
            try await house.hear(
                SetupFailed(
                    command: ConvertMobilePayQR.type, subjectID: "123456789012345", salesUnitID: .no("71"),
                    failure: PaymentFailure(code: "409", detail: "belongs to another"), failedAt: TillHouse.noon))
            let code = try #require(try await admin.ask(.get, "\(unit)/merchant-qrs").list("merchantQRs").last)
            #expect(code["state"] as? String == "failed")
            #expect((code["failure"] as? [String: Any])?["detail"] as? String == "belongs to another")
        }
    }

    @Test("show their image as Vipps drew it") func image() async throws {
        try await administrating { house, admin async throws in
            let path = "\(unit)/merchant-qrs/qr-1/image"
            #expect(try await admin.ask(.get, path).status == 404)
            #expect(try await admin.ask(.post, path).status == 202)
            #expect(try await house.told(ShowMerchantQR.self).count == 1)
            try await house.hear(
                MerchantQRImageFetched(
                    salesUnitID: .no("71"), merchantQRID: "qr-1", svg: "<svg/>", fetchedAt: TillHouse.noon))
            let image = try await admin.ask(.get, path)
            #expect(image.text == "<svg/>")
            #expect(image.headers[.contentType] == "image/svg+xml")
            #expect(image.headers[.contentSecurityPolicy]?.contains("sandbox") == true)
        }
    }

    @Test(
        "are refused with words",
        arguments: [
            (#"{"locationDescription":""}"#, "", "locationDescription"),
            (#"{"locationDescription":"123456789012345678901234567890123456x"}"#, "", "locationDescription"),
            (#"{"merchantQRID":"a/b","locationDescription":"x"}"#, "", "merchantQRID"),
            (#"{"beaconID":"12","locationDescription":"x"}"#, "/convert", "beaconID"),
        ]) func refused(body: String, path: String, field: String) async throws
    {
        try await administrating { _, admin async throws in
            let answer = try await admin.ask(.post, "\(unit)/merchant-qrs\(path)", text: body)
            #expect(answer.status == 422)
            #expect(answer.fields == [field])
        }
    }
}

@Suite("Tills") struct TillTests {
    @Test("have a code of their own") func ownCode() async throws {
        try await administrating { _, admin async throws in
            let body: [String: Any] = [
                "name": "Uten kasse", "salesUnitID": SalesUnitID.no("71").text, "merchantQRID": "qr-1",
            ]
            let taken = try await admin.ask(.put, "agent-profiles/\(AgentProfileID.no("32"))", body)
            #expect(taken.fields == ["merchantQRID"])
            #expect(taken.text.contains("Kasse 1"))
            let second = try await admin.ask(.post, "agent-instances/\(TillHouse.till)/profiles", body)
            #expect(second.status == 200)
        }
    }

    @Test("choose sales units and codes that are there") func unknown() async throws {
        try await administrating { _, admin async throws in
            let path = "agent-profiles/\(TillHouse.till)"
            let fresh = SalesUnitID.fresh.text
            #expect(try await admin.ask(.put, path, ["name": "K", "salesUnitID": fresh]).fields == ["salesUnitID"])
            #expect(try await admin.ask(.put, path, ["name": "K", "merchantQRID": "qr-1"]).fields == ["salesUnitID"])
            let unit = SalesUnitID.no("71").text
            #expect(
                try await admin.ask(.put, path, ["name": "K", "salesUnitID": unit, "merchantQRID": "qr-9"]).fields == [
                    "merchantQRID"
                ])
        }
    }

    @Test("keep at least one profile") func last() async throws {
        try await administrating { _, admin async throws in
            let path = "agent-profiles/\(TillHouse.till)"
            #expect(try await admin.ask(.delete, path).slug == "last-profile")
            let second = try await admin.ask(.post, "agent-instances/\(TillHouse.till)/profiles", ["name": "Kveld"])
            #expect(try await admin.ask(.delete, "agent-profiles/\(second.id)").status == 204)
        }
    }
}

@Suite("Products and users") struct ShopTests {
    @Test("are found by words, number and barcode") func find() async throws {
        try await administrating { _, admin async throws in
            for (query, count) in [
                ("search=kaffe", 1), ("search=LITEN%20filter", 1), ("search=1002", 1), ("search=zzz", 0),
                ("code=2000010010011", 1),
                ("code=1002", 1), ("code=100", 0), ("", 2),
            ] {
                let answer = try await admin.ask(.get, "products?\(query)")
                #expect(answer.list("products").count == count, "\(query)")
            }
            let first = try await admin.ask(.get, "products?limit=1")
            let next = try #require(first.text("next"))
            let second = try await admin.ask(.get, "products?limit=1&cursor=\(next)")
            #expect(second.list("products").first?["number"] as? String == "1002")
            #expect(second.text("next") == nil)
        }
    }

    @Test("refuse what is wrong or taken") func wrong() async throws {
        try await administrating { _, admin async throws in
            func product(_ change: [String: Any]) async throws -> [String] {
                let right: [String: Any] = ["number": "7", "name": "Te", "price": money(100), "vatRate": 1500]
                return try await admin.ask(.post, "products", right.merging(change) { $1 }).fields
            }
            #expect(try await product(["number": "1001"]) == ["number"])
            #expect(try await product(["barcode": "2000010010011"]) == ["barcode"])
            #expect(try await product(["barcode": "1"]) == ["barcode"])
            #expect(try await product(["name": " "]) == ["name"])
            #expect(try await product(["price": money(-1)]) == ["price"])
            #expect(try await product(["price": money(65_000_001)]) == ["price"])
            #expect(try await product(["price": money(100, "EUR")]) == ["price"])
            #expect(try await product(["vatRate": 10_001]) == ["vatRate"])
            #expect(try await product([:]) == [])
            func user(_ change: [String: Any]) async throws -> [String] {
                let right: [String: Any] = [
                    "userName": "per", "displayName": "Per", "password": "12345678", "roles": ["cashier"],
                ]
                return try await admin.ask(.post, "users", right.merging(change) { $1 }).fields
            }
            #expect(try await user(["userName": "kari"]) == ["userName"])
            #expect(try await user(["userName": "p r"]) == ["userName"])
            #expect(try await user(["password": "short"]) == ["password"])
            #expect(try await user(["roles": [String]()]) == ["roles"])
            #expect(try await user(["roles": ["king"]]) == ["roles"])
            #expect(try await user(["language": "de"]) == ["language"])
            #expect(try await user([:]) == [])
        }
    }

    @Test("tell every service when a session ends: by signing out, or by another password")
    func sessionsEnd() async throws {
        try await administrating { house, admin async throws in
            let (one, two) = (
                try await Browser(admin.client).signedIn("kari", "kanelbolle"),
                try await Browser(admin.client).signedIn("kari", "kanelbolle")
            )
            #expect(try await one.ask(.delete, "session").status == 204)
            let signedOut = try await house.told(SessionEnded.self)
            #expect(signedOut.count == 1)
            let body: [String: Any] = [
                "userName": "kari", "displayName": "Kari", "password": "kardemomme", "roles": ["cashier"],
            ]
            #expect(try await admin.ask(.put, "users/\(UserID.no("11"))", body).status == 200)
            #expect(try await two.ask(.get, "session").status == 401)
            let ended = try await house.told(SessionEnded.self)
            #expect(ended.count > 1 && Set(ended.map(\.sessionID)).count == ended.count)
            #expect(ended.allSatisfy { $0.expiresAt > $0.endedAt })
        }
    }

    @Test("end sessions that seem to have expired, too: a clock that was wrong brings none back")
    func sessionsEndByAWrongClock() async throws {
        try await TillHouse.ready { house, kari async throws in
            let stolen = try await Browser(kari.client).signedIn("kari", "kanelbolle")
            house.turn(by: 13 * 3600)
            let admin = try await Browser(kari.client).signedIn("admin", "surdeigsbrod")
            let body: [String: Any] = [
                "userName": "kari", "displayName": "Kari", "password": "kardemomme", "roles": ["cashier"],
            ]
            #expect(try await admin.ask(.put, "users/\(UserID.no("11"))", body).status == 200)
            house.turn(by: -13 * 3600)
            #expect(try await stolen.ask(.get, "session").status == 401)
            #expect(try await house.told(SessionEnded.self).contains { $0.expiresAt < $0.endedAt })
        }
    }

    @Test("leave one administrator") func lastAdministrator() async throws {
        try await administrating { _, admin async throws in
            let body: [String: Any] = ["userName": "admin", "displayName": "Anne", "roles": ["cashier"]]
            #expect(try await admin.ask(.put, "users/\(UserID.no("12"))", body).fields == ["roles"])
        }
    }

    @Test("of the vendor's role are made and changed by operators alone") func operators() async throws {
        try await administrating { house, admin async throws in
            let ola = "users/\(UserID.no("13"))"
            func save(_ path: String, _ roles: [String], _ person: Browser) async throws -> Answer {
                try await person.ask(
                    path == "users" ? .post : .put, path,
                    [
                        "userName": path == "users" ? "new" : "operator", "displayName": "Ola",
                        "password": "taken-over", "roles": roles,
                    ])
            }
            for (path, roles) in [
                ("users", ["operator"]), ("users", ["cashier", "operator"]), (ola, ["operator"]), (ola, ["cashier"]),
            ] {
                let refused = try await save(path, roles, admin)
                #expect(refused.status == 422)
                #expect(refused.fields == ["roles"])
            }
            let unchanged = try await Browser(admin.client).signedIn("operator", "fjernhjelp")
            #expect(try await unchanged.ask(.get, "session").status == 200)
        }
    }

    @Test("saved twice with one identifier are one") func twice() async throws {
        try await administrating { _, admin async throws in
            let body: [String: Any] = [
                "id": ProductID.no("99").text, "number": "7", "name": "Te", "price": money(100), "vatRate": 1500,
            ]
            for _ in 0..<2 { #expect(try await admin.ask(.post, "products", body).status == 200) }
            #expect(try await admin.ask(.get, "products").list("products").count == 3)
            #expect(try await admin.ask(.delete, "products/\(ProductID.no("99"))").status == 204)
            #expect(try await admin.ask(.get, "products/\(ProductID.no("99"))").status == 404)
        }
    }
}

@Suite("A seed file") struct SeedTests {
    @Test("leaves what people have changed") func again() async throws {
        try await administrating { house, admin async throws in
            _ = try await admin.ask(
                .put, "products/\(ProductID.no("21"))",
                ["number": "1001", "name": "Stor kaffe", "price": money(4_500), "vatRate": 1500])
            for seed in try SeedFile(json: Data(TillHouse.seed.utf8)).seeds {
                try await SeedShop(store: house.store, hasher: QuickHasher())(seed)
            }
            #expect(try await admin.ask(.get, "products/\(ProductID.no("21"))").text("name") == "Stor kaffe")
            #expect(try await admin.ask(.get, "agent-instances").list("agentInstances").count == 2)
        }
    }

    @Test("that is wrong is refused by name") func wrong() throws {
        let wrong = TillHouse.seed.replacing(#""market":"NO""#, with: #""market":"XX""#)
        #expect(throws: Invalid.self) { try SeedFile(json: Data(wrong.utf8)) }
        #expect(throws: DecodingError.self) { try SeedFile(json: Data("{}".utf8)) }
    }
}

@Suite("Payment options") struct PaymentOptionTests {
    @Test("of two tenants may have one identifier") func sameIdentifier() async throws {
        try await administrating { house, admin async throws in
            func saved(_ name: String) -> PaymentOptionSaved {
                PaymentOptionSaved(
                    paymentOptionID: .no("71"), name: name, kind: .cash, quickAccess: false, enabled: true,
                    savedAt: TillHouse.noon)
            }
            func names(_ person: Browser) async throws -> [String] {
                let options = try await person.ask(.get, "payment-options").json["paymentOptions"] as? [[String: Any]]
                return options?.compactMap { $0["name"] as? String } ?? []
            }
            try await house.hear(saved("Gavekort"))
            try await house.hear(saved("Gavekort, København"), tenant: .havn)
            try await house.hear(saved("Gavekort, Nyhavn"), tenant: .havn)
            #expect(try await names(admin).filter { $0.hasPrefix("Gavekort") } == ["Gavekort"])
            let anders = try await Browser(admin.client).signedIn("admin", "havnefront")
            #expect(try await names(anders) == ["Gavekort, Nyhavn"])
        }
    }

    @Test("follow financial-service, and only enabled ones can be used") func follow() async throws {
        try await TillHouse.ready { house, kari async throws in
            try await house.hear(
                PaymentOptionDisabled(paymentOptionID: TillHouse.vippsOption, changedAt: TillHouse.noon))
            let sale = try await kari.coffee()
            let body = ["paymentOptionID": TillHouse.vippsOption.text]
            #expect(try await kari.command(sale, "start-payment", body).slug == "option-disabled")
            try await house.hear(
                PaymentOptionEnabled(paymentOptionID: TillHouse.vippsOption, changedAt: TillHouse.noon))
            #expect(try await kari.command(sale, "start-payment", body).status == 200)
            #expect(try await house.told(PointOfSaleViewChanged.self).contains { $0.views == ["payment-options"] })
        }
    }

    @Test("of a tenant without the feature take no electronic payments") func feature() async throws {
        try await TillHouse.ready { house, kari async throws in
            let anders = try await Browser(kari.client).signedIn("admin", "havnefront")
            try await house.hear(
                PaymentOptionSaved(
                    paymentOptionID: .no("55"), name: "MobilePay", kind: .vippsEPayment, quickAccess: true,
                    enabled: true,
                    savedAt: TillHouse.noon), tenant: .havn)
            let sale = try await anders.ask(.post, "sales", ["commandID": CommandID.fresh.text])
            _ = try await anders.command(sale.id, "add-product", ["code": "2001"])
            let answer = try await anders.command(
                sale.id, "start-payment", ["paymentOptionID": PaymentOptionID.no("55").text])
            #expect(answer.slug == "payments-not-enabled")
        }
    }
}
