import Foundation
import HTTPTypes
import HummingbirdTesting
import MessageContracts
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing

@Suite("Bad input") struct BadInputTests {
    /// Bodies of commands and the field that is named.
    static let commands: [(body: String, field: String)] = [
        (#"{"type":"park"}"#, "commandID"), (#"{"commandID":"nope","type":"park"}"#, "commandID"),
        (#"{"commandID":1,"type":"park"}"#, "commandID"), (#"{"commandID":"ID"}"#, "type"),
        (#"{"commandID":"ID","type":"dance"}"#, "type"), (#"{"commandID":"ID","type":"add-product"}"#, "productID"),
        (#"{"commandID":"ID","type":"add-product","productID":"x"}"#, "productID"),
        (#"{"commandID":"ID","type":"add-product","code":"nope"}"#, "code"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":0}"#, "quantity"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":-5}"#, "quantity"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":10000}"#, "quantity"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":99999999999999999999}"#, "quantity"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":1.5}"#, "quantity"),
        (#"{"commandID":"ID","type":"add-product","code":"1001","quantity":"two"}"#, "quantity"),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":-1,"currency":"NOK"}}"#,
            "unitPrice"
        ),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":9223372036854775807,"currency":"NOK"}}"#,
            "unitPrice"
        ),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":100,"currency":"EUR"}}"#,
            "unitPrice"
        ),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":100,"currency":"SEK"}}"#,
            "unitPrice.currency"
        ),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":"100","currency":"NOK"}}"#,
            "unitPrice.minorUnits"
        ),
        (
            #"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":{"minorUnits":1e300,"currency":"NOK"}}"#,
            "unitPrice.minorUnits"
        ),
        (#"{"commandID":"ID","type":"change-price","lineID":"LINE","unitPrice":100}"#, "unitPrice"),
        (#"{"commandID":"ID","type":"change-discount","lineID":"LINE"}"#, "discount"),
        (#"{"commandID":"ID","type":"change-discount","lineID":"LINE","discountRate":10001}"#, "discount"),
        (
            #"{"commandID":"ID","type":"change-discount","lineID":"LINE","discount":{"minorUnits":3901,"currency":"NOK"}}"#,
            "discount"
        ),
        (#"{"commandID":"ID","type":"set-invoice-email","email":"nobody"}"#, "email"),
        (#"{"commandID":"ID","type":"start-payment"}"#, "paymentOptionID"),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","amount":{"minorUnits":3901,"currency":"NOK"}}"#,
            "amount"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","amount":{"minorUnits":0,"currency":"NOK"}}"#,
            "amount"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","amount":{"minorUnits":-9223372036854775808,"currency":"NOK"}}"#,
            "amount"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","amount":{"minorUnits":100,"currency":"DKK"}}"#,
            "amount"
        ),
        (#"{"commandID":"ID","type":"start-payment","paymentOptionID":"CASH"}"#, "paymentOptionID"),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","identification":{"type":"phone","phoneNumber":"12"}}"#,
            "identification.phoneNumber"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","identification":{"type":"phone"}}"#,
            "identification.phoneNumber"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","identification":{"type":"retina"}}"#,
            "identification.type"
        ),
        (
            #"{"commandID":"ID","type":"start-payment","paymentOptionID":"VIPPS","identification":{"type":"personal-qr","content":"x"}}"#,
            "identification.content"
        ),
        (#"{"commandID":"ID","type":"pay-cash","paymentOptionID":"CASH"}"#, "received"),
        (
            #"{"commandID":"ID","type":"pay-cash","paymentOptionID":"VIPPS","received":{"minorUnits":100,"currency":"NOK"}}"#,
            "paymentOptionID"
        ),
        (
            #"{"commandID":"ID","type":"pay-cash","paymentOptionID":"CASH","received":{"minorUnits":0,"currency":"NOK"}}"#,
            "received"
        ),
        (
            #"{"commandID":"ID","type":"pay-cash","paymentOptionID":"CASH","received":{"minorUnits":100,"currency":"NOK"},"amount":{"minorUnits":200,"currency":"NOK"}}"#,
            "received"
        ),
    ]

    @Test(
        "nested so deeply that Foundation would end the process is refused, also from nobody",
        arguments: [512, 513, 514])
    func brackets(depth: Int) async throws {
        try await TillHouse.ready { _, kari async throws in
            for text in [String(repeating: "[", count: depth), String(repeating: #"{"a":"#, count: depth - 1) + "{"] {
                #expect(try await Browser(kari.client).ask(.post, "session", text: text).status == 400)
            }
        }
    }

    @Test("in a command is refused with the field, and changes nothing", arguments: commands)
    func command(_ one: (body: String, field: String)) async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let before = try await kari.ask(.get, "sales/\(sale)")
            let line = before.list("lines").first?["id"] as? String ?? ""
            let body = one.body.replacing("\"ID\"", with: "\"\(CommandID.fresh)\"").replacing(
                "\"LINE\"", with: "\"\(line)\""
            )
            .replacing("\"VIPPS\"", with: "\"\(TillHouse.vippsOption)\"")
            .replacing("\"CASH\"", with: "\"\(TillHouse.cashOption)\"")
            let told = try await house.told().count
            let answer = try await kari.ask(.post, "sales/\(sale)/commands", text: body)
            #expect((400..<500).contains(answer.status), "\(answer.text)")
            #expect(answer.fields == (one.field.isEmpty ? [] : [one.field]), "\(answer.text)")
            #expect(try await house.told().count == told)
            #expect(try await kari.ask(.get, "sales/\(sale)").text == before.text)
        }
    }

    @Test(
        "that is no JSON, or none of this kind, is refused",
        arguments: [
            "", "{", "[]", "null", "42", "\"text\"", "{\"commandID\":", "\u{0}", String(repeating: "[", count: 5_000),
        ])
    func noise(text: String) async throws {
        try await TillHouse.ready { _, kari async throws in
            let sale = try await kari.coffee()
            for path in ["sales", "sales/\(sale)/commands"] {
                #expect((400..<500).contains(try await kari.ask(.post, path, text: text).status))
            }
            #expect((400..<500).contains(try await kari.ask(.put, "session/agent-profile", text: text).status))
        }
    }

    @Test("too large is refused") func tooLarge() async throws {
        try await TillHouse.ready { _, kari async throws in
            let text = #"{"commandID":"\#(CommandID.fresh)","pad":"\#(String(repeating: "x", count: 100_000))"}"#
            #expect(try await kari.ask(.post, "sales", text: text).status == 413)
        }
    }

    @Test(
        "in the address of a list is refused with the parameter",
        arguments: [
            ("sales?limit=0", "limit"), ("sales?limit=201", "limit"), ("sales?limit=many", "limit"),
            ("sales?day=today", "day"),
            ("sales?day=2026-13-01", "day"), ("sales?day=2026-02-30", "day"), ("sales?state=lost", "state"),
            ("sales?kind=gift", "kind"), ("sales?agentInstanceID=1", "agentInstanceID"),
            ("sales?paymentKind=card", "paymentKind"),
            ("sales?cursor=xyz", "cursor"), ("sales?attention=maybe", "attention"), ("products?limit=-1", "limit"),
            ("products?cursor=00000000-0000-4000-8000-000000000099", "cursor"),
            ("sales?search=" + String(repeating: "x", count: 65), "search"),
        ])
    func query(path: String, field: String) async throws {
        try await TillHouse.ready { _, kari async throws in
            let answer = try await kari.ask(.get, path)
            #expect(answer.status == 422)
            #expect(answer.fields == [field])
        }
    }

    @Test(
        "in identifiers of an address is not found",
        arguments: ["sales/1", "sales/'", "sales/00000000-0000-4000-8000-000000000099", "products/x", "nowhere"])
    func identifiers(path: String) async throws {
        try await TillHouse.ready { _, kari async throws in #expect(try await kari.ask(.get, path).status == 404) }
    }

    @Test(
        "in odd searches finds nothing and breaks nothing",
        arguments: ["%25", "_", "'", "%5C", "OSL-", "OSL-1-1-", "%22", "Å"])
    func searches(text: String) async throws {
        try await TillHouse.ready { _, kari async throws in
            _ = try await kari.coffee()
            #expect(try await kari.ask(.get, "sales?search=\(text)").status == 200)
            #expect(try await kari.ask(.get, "products?search=\(text)").status == 200)
        }
    }
}

@Suite("Who may do what") struct AccessTests {
    /// Everything that changes something of the set-up, with a body that would be right.
    static let administration: [(HTTPRequest.Method, String, String)] = [
        (.post, "organizational-units", #"{"name":"Bergen","code":"BGO"}"#),
        (.put, "organizational-units/00000000-0000-4000-8000-000000000001", #"{"name":"Oslo 2","code":"OSL"}"#),
        (.post, "products", #"{"number":"9","name":"Te","price":{"minorUnits":100,"currency":"NOK"},"vatRate":1500}"#),
        (
            .put, "products/00000000-0000-4000-8000-000000000021",
            #"{"number":"9","name":"Te","price":{"minorUnits":100,"currency":"NOK"},"vatRate":1500}"#
        ),
        (.delete, "products/00000000-0000-4000-8000-000000000021", "{}"),
        (.get, "users", ""),
        (.post, "users", #"{"userName":"per","displayName":"Per","password":"12345678","roles":["cashier"]}"#),
        (
            .put, "users/00000000-0000-4000-8000-000000000011",
            #"{"userName":"kari","displayName":"K","roles":["cashier"]}"#
        ),
        (
            .post, "agent-instances",
            #"{"name":"Kasse 9","organizationalUnitID":"00000000-0000-4000-8000-000000000001"}"#
        ),
        (
            .put, "agent-instances/00000000-0000-4000-8000-000000000031",
            #"{"name":"Kasse 9","organizationalUnitID":"00000000-0000-4000-8000-000000000001"}"#
        ),
        (.post, "agent-instances/00000000-0000-4000-8000-000000000031/profiles", #"{"name":"Kveld"}"#),
        (.put, "agent-profiles/00000000-0000-4000-8000-000000000031", #"{"name":"Kveld"}"#),
        (.get, "vipps-agreements", ""), (.post, "vipps-agreements", #"{"displayName":"Ny"}"#),
        (.get, "vipps-agreements/00000000-0000-4000-8000-000000000061", ""),
        (.put, "vipps-agreements/00000000-0000-4000-8000-000000000061", #"{"displayName":"Ny"}"#),
        (
            .put, "vipps-agreements/00000000-0000-4000-8000-000000000061/keys",
            #"{"clientID":"a","clientSecret":"b","subscriptionKey":"c"}"#
        ),
        (.post, "vipps-agreements/00000000-0000-4000-8000-000000000061/check-keys", ""),
        (.post, "vipps-agreements/00000000-0000-4000-8000-000000000061/register-webhook", ""),
        (
            .post, "vipps-sales-units",
            #"{"displayName":"B","organizationalUnitID":"00000000-0000-4000-8000-000000000001","agreementID":"00000000-0000-4000-8000-000000000061","msn":"654321"}"#
        ),
        (
            .put, "vipps-sales-units/00000000-0000-4000-8000-000000000071",
            #"{"displayName":"B","organizationalUnitID":"00000000-0000-4000-8000-000000000001","agreementID":"00000000-0000-4000-8000-000000000061","msn":"654321"}"#
        ),
        (
            .post, "vipps-sales-units/00000000-0000-4000-8000-000000000071/merchant-qrs",
            #"{"locationDescription":"Disk"}"#
        ),
        (.post, "vipps-sales-units/00000000-0000-4000-8000-000000000071/merchant-qrs/sync", ""),
        (
            .post, "vipps-sales-units/00000000-0000-4000-8000-000000000071/merchant-qrs/convert",
            #"{"beaconID":"123456789012345","locationDescription":"Disk"}"#
        ),
        (
            .put, "vipps-sales-units/00000000-0000-4000-8000-000000000071/merchant-qrs/qr-1",
            #"{"locationDescription":"Disk"}"#
        ),
        (.delete, "vipps-sales-units/00000000-0000-4000-8000-000000000071/merchant-qrs/qr-1", ""),
    ]

    @Test(
        "is refused to nobody (401), to a cashier (403) and, with another tenant's things, to its administrator (404)")
    func administration() async throws {
        try await TillHouse.ready { house, kari async throws in
            let stranger = try await Browser(kari.client).signedIn("admin", "havnefront")
            let told = try await house.told().count
            for (method, path, body) in Self.administration {
                let text = body.isEmpty ? nil : body
                #expect(try await Browser(kari.client).ask(method, path, text: text).status == 401, "\(method) \(path)")
                #expect(try await kari.ask(method, path, text: text).status == 403, "\(method) \(path)")
                if path.contains("00000000-0000-4000-8000") {
                    let answer = try await stranger.ask(method, path, text: text)
                    #expect(answer.status == 404, "\(method) \(path) \(answer.text)")
                }
            }
            #expect(try await house.told().count == told)
        }
    }

    @Test("keeps one tenant's sales from another") func sales() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let stranger = try await Browser(kari.client).signedIn("admin", "havnefront")
            #expect(try await stranger.ask(.get, "sales/\(sale)").status == 404)
            #expect(try await stranger.command(sale, "park").status == 404)
            #expect(try await stranger.ask(.get, "sales").list("sales").isEmpty)
            let theirs = try await stranger.ask(.post, "sales", ["commandID": CommandID.fresh.text])
            #expect(theirs.text("identifier") == "CPH-1000001")
            let answer = try await stranger.command(theirs.id, "add-product", ["productID": ProductID.no("21").text])
            #expect(answer.status == 404)
            let profile = try await stranger.ask(.put, "session/agent-profile", ["agentProfileID": TillHouse.till.text])
            #expect(profile.status == 404)
        }
    }

    @Test("cannot be taken over by choosing another tenant's identifier") func takeover() async throws {
        try await TillHouse.ready { _, kari async throws in
            let stranger = try await Browser(kari.client).signedIn("admin", "havnefront")
            let taken: [(String, [String: Any])] = [
                (
                    "products",
                    ["id": ProductID.no("21").text, "number": "1", "name": "X", "price": money(1, "DKK"), "vatRate": 0]
                ),
                ("organizational-units", ["id": OrganizationalUnitID.no("01").text, "name": "X", "code": "XX"]),
                ("vipps-agreements", ["id": AgreementID.no("61").text, "displayName": "X"]),
                (
                    "users",
                    [
                        "id": UserID.no("11").text, "userName": "xx", "displayName": "X", "password": "12345678",
                        "roles": ["cashier"],
                    ]
                ),
                (
                    "agent-instances",
                    [
                        "id": AgentInstanceID.no("31").text, "name": "X",
                        "organizationalUnitID": OrganizationalUnitID.no("02").text,
                    ]
                ),
            ]
            for (path, body) in taken { #expect(try await stranger.ask(.post, path, body).status == 404, "\(path)") }
        }
    }

    @Test("of an operator is not selling") func operators() async throws {
        try await TillHouse.ready { _, kari async throws in
            let ola = try await Browser(kari.client).signedIn("operator", "fjernhjelp")
            #expect(try await ola.ask(.post, "sales", ["commandID": CommandID.fresh.text]).status == 403)
            #expect(try await ola.ask(.get, "sales").status == 200)
        }
    }
}

@Suite("Sessions") struct SessionTests {
    @Test("begin with the right password, and say who and where") func begins() async throws {
        try await TillHouse.ready { _, kari async throws in
            let session = try await kari.ask(.get, "session")
            #expect((session.json["user"] as? [String: Any])?["userName"] as? String == "kari")
            #expect((session.json["agentProfile"] as? [String: Any])?["id"] as? String == TillHouse.till.text)
            let again = try await Browser(kari.client).signedIn("KARI ", "kanelbolle")
            let next = try await again.ask(.get, "session")
            #expect((next.json["agentProfile"] as? [String: Any])?["id"] as? String == TillHouse.till.text)
        }
    }

    @Test("do not begin with anything else", arguments: [("kari", "wrong"), ("nobody", "kanelbolle"), ("kari", "")])
    func refused(name: String, password: String) async throws {
        try await TillHouse.ready { _, kari async throws in
            let answer = try await Browser(kari.client).ask(.post, "session", ["userName": name, "password": password])
            #expect(answer.status == 401)
            #expect(answer.slug == "wrong-credentials")
            #expect(answer.headers[.setCookie] == nil)
        }
    }

    @Test("of a name that two tenants have go by password, or by tenant") func tenants() async throws {
        try await TillHouse.ready { _, kari async throws in
            let anders = try await Browser(kari.client).signedIn("admin", "havnefront").ask(.get, "tenant")
            #expect(anders.text("name") == "Havnens Kaffebar")
            let wrong = try await Browser(kari.client).ask(
                .post, "session", ["userName": "admin", "password": "havnefront", "tenant": "Fjellheim Kaffe"])
            #expect(wrong.status == 401)
        }
    }

    @Test("are refused after ten wrong attempts, also with the right password, until time has passed") func limited()
        async throws
    {
        try await TillHouse.ready { house, kari async throws in
            for _ in 0..<10 {
                _ = try await kari.ask(.post, "session", ["userName": "admin", "password": "guess"])
            }
            let right: [String: Any] = ["userName": "admin", "password": "surdeigsbrod"]
            let refused = try await Browser(kari.client).ask(.post, "session", right)
            #expect(refused.status == 429)
            #expect(refused.headers[.retryAfter] == "900")
            #expect(try await kari.ask(.post, "session", ["userName": "kari", "password": "kanelbolle"]).status == 200)
            house.turn(by: 901)
            #expect(try await Browser(kari.client).ask(.post, "session", right).status == 200)
        }
    }

    @Test("begin where the person has worked before, whoever guesses elsewhere; but not without end") func knownDevice()
        async throws
    {
        try await TillHouse.ready { house, kari async throws in
            let admin: [String: Any] = ["userName": "admin", "password": "surdeigsbrod"]
            let wrong: [String: Any] = ["userName": "admin", "password": "guess"]
            let first = try await Browser(kari.client).ask(.post, "session", admin)
            let till = HTTPFields([.init(name: .cookie, value: try #require(first.cookies["device"]))])
            for number in 0..<15 {
                _ = try await Browser(kari.client).ask(
                    .post, "session", wrong, headers: [.init("X-Forwarded-For")!: "192.0.2.\(number)"])
            }
            #expect(try await Browser(kari.client).ask(.post, "session", admin).status == 429)
            #expect(try await Browser(kari.client).ask(.post, "session", wrong, headers: till).status == 401)
            let again = try await Browser(kari.client).ask(.post, "session", admin, headers: till)
            #expect(again.status == 200)
            #expect(again.cookies["device"] == first.cookies["device"])
            // The browser knows her alone, and what is changed in the cookie makes it know nobody.
            let spoiled = HTTPFields([.init(name: .cookie, value: try #require(first.cookies["device"]) + "x")])
            #expect(try await Browser(kari.client).ask(.post, "session", admin, headers: spoiled).status == 429)
            for _ in 0..<10 {
                #expect(try await Browser(kari.client).ask(.post, "session", wrong, headers: till).status == 401)
            }
            #expect(try await Browser(kari.client).ask(.post, "session", admin, headers: till).status == 429)
            house.turn(by: 901)
            #expect(try await Browser(kari.client).ask(.post, "session", admin, headers: till).status == 200)
        }
    }

    @Test("are not refused for longer when the clock is set back") func clockSetBack() async throws {
        try await TillHouse.ready { house, kari async throws in
            for _ in 0..<10 {
                _ = try await kari.ask(.post, "session", ["userName": "admin", "password": "guess"])
            }
            house.turn(by: -7200)
            let right: [String: Any] = ["userName": "admin", "password": "surdeigsbrod"]
            #expect(try await Browser(kari.client).ask(.post, "session", right).status == 200)
        }
    }

    @Test("end by signing out, by time, and when the user is deactivated") func end() async throws {
        try await TillHouse.ready { house, kari async throws in
            #expect(try await Browser(kari.client).ask(.delete, "session").status == 401)
            #expect(try await kari.ask(.delete, "session", headers: [.init("X-CSRF-Token")!: "other"]).status == 403)
            let other = try await Browser(kari.client).signedIn("kari", "kanelbolle")
            #expect(try await other.ask(.delete, "session").status == 204)
            #expect(try await other.ask(.get, "session").status == 401)
            #expect(try await kari.ask(.get, "session").status == 200)
            let admin = try await Browser(kari.client).signedIn("admin", "surdeigsbrod")
            let off = try await admin.ask(
                .put, "users/\(UserID.no("11"))",
                ["userName": "kari", "displayName": "Kari", "roles": ["cashier"], "language": "nb", "active": false])
            #expect(off.status == 200)
            #expect(try await kari.ask(.get, "session").status == 401)
            house.turn(by: 12 * 3600 + 1)
            let expired = try await admin.ask(.get, "session")
            #expect(expired.status == 401)
            #expect(expired.slug == "session-expired")
        }
    }

    @Test("need their token for everything that changes something") func token() async throws {
        try await TillHouse.ready { _, kari async throws in
            var forged = kari
            forged.token = "other"
            #expect(try await forged.ask(.post, "sales", ["commandID": CommandID.fresh.text]).status == 403)
        }
    }
}
