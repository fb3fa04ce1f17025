import Finance
import FinanceAdapters
import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import MessageContracts
import SharedKernel
import Testing

@Suite("The payment options over HTTP") struct PaymentOptionsAPITests {
    private let address = "/financial/api/payment-options"
    private let administrator = FinanceHouse.session([.administrator])
    private let cashier = FinanceHouse.session([.cashier])

    private func with(_ body: @Sendable @escaping (any TestClientProtocol, FinanceHouse) async throws -> Void)
        async throws
    {
        let house = try FinanceHouse()
        try await Application(router: try house.router()).test(.router) { try await body($0, house) }
    }

    private func make(_ client: any TestClientProtocol, _ name: String, _ more: String = "") async throws -> String {
        let answer = try await client.ask(
            .post, address, as: administrator, body: #"{"name":"\#(name)","kind":"vipps-epayment"\#(more)}"#)
        #expect(answer.status == 201)
        return try #require(answer.json["paymentOptionID"] as? String)
    }

    @Test("are nobody's whose session was ended at the till") func ended() async throws {
        try await with { client, house async throws in
            #expect(try await client.ask(.get, address, as: administrator).status == 200)
            try await house.hear(
                SessionEnded(
                    sessionID: administrator.sessionID, endedAt: FinanceHouse.now, expiresAt: administrator.expiresAt))
            let answer = try await client.ask(.get, address, as: administrator)
            #expect(answer.status == 401 && answer.slug == "session-expired")
            #expect(try await client.ask(.get, address, as: cashier).status == 200)
        }
    }

    @Test("are made, listed, changed, disabled and enabled") func life() async throws {
        try await with { client, _ async throws in
            let id = try await make(client, "Vipps", #","quickAccess":true"#)
            let one = try await client.ask(.get, "\(address)/\(id)", as: administrator)
            #expect(one.json["name"] as? String == "Vipps")
            #expect(one.json["kind"] as? String == "vipps-epayment")
            #expect(one.json["quickAccess"] as? Bool == true)
            #expect(one.json["enabled"] as? Bool == true)
            let changed = try await client.ask(
                .put, "\(address)/\(id)", as: administrator,
                body: #"{"name":"Kontant","kind":"cash","quickAccess":false}"#)
            #expect(changed.json["name"] as? String == "Kontant")
            for (act, enabled) in [("disable", false), ("disable", false), ("enable", true)] {
                let answer = try await client.ask(.post, "\(address)/\(id)/\(act)", as: administrator)
                #expect(answer.status == 200)
                #expect(answer.json["enabled"] as? Bool == enabled)
            }
            let list = try await client.ask(.get, address, as: administrator)
            #expect((list.json["paymentOptions"] as? [[String: Any]])?.count == 1)
        }
    }

    @Test("are made once by one command") func commandID() async throws {
        try await with { client, house async throws in
            let command = #","commandID":"019ab0f4-6f6e-7cc1-9d0c-5e3f5f3f0a01""#
            let first = try await make(client, "Vipps", command)
            let second = try await make(client, "Vipps", command)
            #expect(first == "019ab0f4-6f6e-7cc1-9d0c-5e3f5f3f0a01")
            #expect(first == second)
            #expect(try await house.options.catalogue(of: .first).options.count == 1)
        }
    }

    @Test(
        "are refused with the field and the reason, and nothing is changed",
        arguments: [
            ("", 400, "malformed", nil), ("{", 400, "malformed", nil), ("[]", 400, "malformed", nil),
            (#"{"kind":"cash"}"#, 400, "malformed", "name"),
            (#"{"name":null,"kind":"cash"}"#, 400, "malformed", "name"),
            (#"{"name":7,"kind":"cash"}"#, 400, "malformed", "name"), (#"{"name":"x"}"#, 400, "malformed", "kind"),
            (#"{"name":"x","kind":"bitcoin"}"#, 400, "malformed", "kind"),
            (#"{"name":"x","kind":"cash","quickAccess":"yes"}"#, 400, "malformed", "quickAccess"),
            (#"{"name":"x","kind":"cash","commandID":"1"}"#, 400, "malformed", "commandID"),
            (#"{"name":"  ","kind":"cash"}"#, 422, "invalid", "name"),
            (#"{"name":"a\nb","kind":"cash"}"#, 422, "invalid", "name"),
            ("{\"name\":\"\(String(repeating: "x", count: 61))\",\"kind\":\"cash\"}", 422, "invalid", "name"),
            (#"{"name":"vipps","kind":"cash"}"#, 409, "name-taken", "name"),
            ("{\"name\":\"\(String(repeating: "x", count: 70_000))\",\"kind\":\"cash\"}", 413, "too-large", nil),
        ] as [(String, Int, String, String?)])
    func badInput(_ body: String, _ status: Int, _ slug: String, _ field: String?) async throws {
        try await with { client, house async throws in
            _ = try await make(client, "Vipps")
            let answer = try await client.ask(.post, address, as: administrator, body: body)
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.slug == slug)
            if let field { #expect(answer.fields == [field]) }
            #expect(try await house.options.catalogue(of: .first).options.count == 1)
        }
    }

    @Test("are for administrators to change and for cashiers to read") func roles() async throws {
        try await with { client, house async throws in
            let shown = try await make(client, "Vipps")
            let hidden = try await make(client, "Gone", #","enabled":false"#)
            let body = #"{"name":"x","kind":"cash","quickAccess":true}"#
            for (method, path) in [
                (HTTPRequest.Method.post, address), (.put, "\(address)/\(shown)"),
                (.post, "\(address)/\(shown)/disable"),
                (.post, "\(address)/\(shown)/enable"),
            ] {
                #expect(try await client.ask(method, path, as: cashier, body: body).status == 403)
                #expect(try await client.ask(method, path, as: nil, body: body).status == 401)
                let expired = FinanceHouse.session([.administrator], expiresAt: FinanceHouse.now)
                let answer = try await client.ask(method, path, as: expired, body: body)
                #expect(answer.status == 401)
                #expect(answer.slug == "session-expired")
                #expect(try await client.ask(method, path, as: administrator, token: nil, body: body).status == 403)
                #expect(try await client.ask(method, path, as: administrator, token: "wrong", body: body).status == 403)
            }
            let list = try await client.ask(.get, address, as: cashier)
            #expect((list.json["paymentOptions"] as? [[String: Any]])?.count == 1)
            #expect(try await client.ask(.get, "\(address)/\(hidden)", as: cashier).status == 404)
            #expect(try await client.ask(.get, "\(address)/\(hidden)", as: administrator).status == 200)
            #expect(try await house.options.catalogue(of: .first).options.map(\.enabled) == [false, true])
        }
    }

    @Test("of another tenant are not found and not changed") func tenants() async throws {
        try await with { client, house async throws in
            let id = try await make(client, "Vipps")
            let stranger = FinanceHouse.session([.administrator], tenant: .second)
            let body = #"{"name":"Mine","kind":"cash","quickAccess":true}"#
            #expect(try await client.ask(.get, "\(address)/\(id)", as: stranger).status == 404)
            #expect(try await client.ask(.put, "\(address)/\(id)", as: stranger, body: body).status == 404)
            #expect(try await client.ask(.post, "\(address)/\(id)/disable", as: stranger).status == 404)
            #expect(try await house.options.catalogue(of: .first).options.map(\.name.text) == ["Vipps"])
            #expect(try await house.options.catalogue(of: .second).options.isEmpty)
        }
    }

    @Test("answer 404 to identifiers that are none, and to unknown ones") func unknown() async throws {
        try await with { client, _ async throws in
            for id in ["1", "019ab0f4-6f6e-7cc1-9d0c-5e3f5f3f0a01", "%27%20OR%201=1"] {
                #expect(try await client.ask(.get, "\(address)/\(id)", as: administrator).status == 404)
                #expect(try await client.ask(.post, "\(address)/\(id)/enable", as: administrator).status == 404)
            }
        }
    }

    @Test("are filtered by enabled") func filtered() async throws {
        try await with { client, _ async throws in
            _ = try await make(client, "Vipps")
            _ = try await make(client, "Gone", #","enabled":false"#)
            for (query, count) in [("true", 1), ("false", 1)] {
                let list = try await client.ask(.get, "\(address)?enabled=\(query)", as: administrator)
                #expect((list.json["paymentOptions"] as? [[String: Any]])?.count == count)
            }
            #expect(try await client.ask(.get, "\(address)?enabled=maybe", as: administrator).fields == ["enabled"])
        }
    }
}

@Suite("Ledger and event log over HTTP") struct LedgerAPITests {
    private let administrator = FinanceHouse.session([.administrator])
    private let cashier = FinanceHouse.session([.cashier])
    private let payment = PaymentID.new(at: FinanceHouse.now)
    private let sale = SaleID.new(at: FinanceHouse.now)

    private func with(_ body: @Sendable @escaping (any TestClientProtocol) async throws -> Void) async throws {
        let house = try FinanceHouse()
        let now = FinanceHouse.now
        try await house.hear(
            PaymentCaptured(
                paymentID: payment, saleID: sale, reference: "OSL-1-1", msn: "123456", amount: .nok(12_900),
                capturedAt: now))
        try await house.hear(
            PaymentRefunded(
                paymentID: payment, saleID: sale, refundID: .new(at: now), amount: .nok(900), refundedInAll: .nok(900),
                outside: true, refundedAt: now))
        try await house.hear(
            PaymentEventRecorded(
                eventID: .new(at: now), paymentID: payment, saleID: sale, reference: "OSL-1-1", origin: .gateway,
                name: "capture", occurredAt: now, amount: .nok(12_900), success: true, httpStatus: 200))
        try await Application(router: try house.router()).test(.router, body)
    }

    @Test("list entries page by page") func entries() async throws {
        try await with { client async throws in
            let first = try await client.ask(.get, "/financial/api/ledger?limit=1", as: administrator)
            let entries = try #require(first.json["entries"] as? [[String: Any]])
            #expect(entries.count == 1)
            #expect(entries.first?["entry"] as? String == "refund")
            #expect(entries.first?["outside"] as? Bool == true)
            #expect((entries.first?["hash"] as? String)?.count == 64)
            let next = try #require(first.json["next"] as? Int)
            let second = try await client.ask(.get, "/financial/api/ledger?limit=1&before=\(next)", as: administrator)
            #expect((second.json["entries"] as? [[String: Any]])?.first?["entry"] as? String == "payment")
            #expect(second.json["next"] == nil)
        }
    }

    @Test("add up, and verify") func sums() async throws {
        try await with { client async throws in
            let sums = try await client.ask(
                .get, "/financial/api/ledger/sums?by=day&from=2026-11-23&to=2026-11-23", as: administrator)
            let sum = try #require((sums.json["sums"] as? [[String: Any]])?.first)
            #expect(sum["payments"] as? Int == 12_900)
            #expect(sum["refunds"] as? Int == 900)
            #expect(sum["net"] as? Int == 12_000)
            #expect(sum["day"] as? String == "2026-11-23")
            let verification = try await client.ask(.get, "/financial/api/ledger/verification", as: administrator)
            #expect(verification.json["intact"] as? Bool == true)
            #expect(verification.json["entries"] as? Int == 2)
        }
    }

    @Test("tell a cashier a payment's history and a sale's money") func history() async throws {
        try await with { client async throws in
            let log = try await client.ask(.get, "/financial/api/payments/\(payment.text)/events", as: cashier)
            #expect((log.json["payment"] as? [String: Any])?["state"] as? String == "captured")
            #expect((log.json["events"] as? [[String: Any]])?.first?["httpStatus"] as? Int == 200)
            let money = try await client.ask(.get, "/financial/api/sales/\(sale.text)/ledger", as: cashier)
            #expect((money.json["entries"] as? [[String: Any]])?.count == 2)
            #expect((money.json["sums"] as? [[String: Any]])?.first?["net"] as? Int == 12_000)
        }
    }

    @Test("tell nothing to others") func others() async throws {
        try await with { client async throws in
            let stranger = FinanceHouse.session([.administrator, .operator], tenant: .second)
            #expect(
                try await client.ask(.get, "/financial/api/payments/\(payment.text)/events", as: stranger).status == 404
            )
            let ledger = try await client.ask(.get, "/financial/api/ledger", as: stranger)
            #expect((ledger.json["entries"] as? [[String: Any]])?.isEmpty == true)
            let around = try await client.ask(.get, "/financial/api/sales/\(sale.text)/ledger", as: stranger)
            #expect((around.json["entries"] as? [[String: Any]])?.isEmpty == true)
            for path in ["ledger", "ledger/sums?by=day", "ledger/verification"] {
                #expect(try await client.ask(.get, "/financial/api/\(path)", as: cashier).status == 403)
                #expect(try await client.ask(.get, "/financial/api/\(path)", as: nil).status == 401)
            }
        }
    }

    @Test(
        "refuse a query with every parameter that is wrong",
        arguments: [
            ("ledger?from=yesterday&limit=0", ["from", "limit"]), ("ledger?limit=501", ["limit"]),
            ("ledger?to=2026-02-30&kind=gold&entry=loan", ["to", "kind", "entry"]),
            ("ledger?saleID=1&paymentID=2&before=0", ["saleID", "paymentID", "before"]),
            ("ledger?before=99999999999999999999", ["before"]), ("ledger?from=2026-11-23&to=2026-11-22", ["to"]),
            ("ledger/sums", ["by"]), ("ledger/sums?by=hour", ["by"]),
        ])
    func badQueries(_ path: String, _ fields: [String]) async throws {
        try await with { client async throws in
            let answer = try await client.ask(.get, "/financial/api/\(path)", as: administrator)
            #expect(answer.status == 422)
            #expect(answer.fields == fields)
        }
    }
}
