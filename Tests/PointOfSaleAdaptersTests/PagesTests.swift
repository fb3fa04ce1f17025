import Foundation
import HTTPTypes
import HummingbirdTesting
import MessageContracts
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing

@Suite("Signing in on the page") struct SignInPageTests {
    @Test("opens the shell with the person's places, and leaves by signing out") func signsIn() async throws {
        let house = try PagesHouse(try await TillHouse())
        try await house.app.test(.router) { client in
            var visitor = Visitor(client)
            #expect(try await visitor.get("/pos/app/").headers[.location] == "/pos/app/sign-in")
            let answer = try await visitor.post(
                "/pos/app/sign-in", ["user": "kari", "password": "kanelbolle", "return": "//evil.example/"])
            #expect(answer.status == 303 || answer.status == 307 || answer.status == 302)
            #expect(answer.headers[.location] == "/pos/app/#/new-sale")
            visitor.cookie = answer.headers[values: .setCookie].first { $0.hasPrefix("session=") }?
                .dropFirst("session=".count).split(separator: ";").first.map(String.init)
            let shell = try await visitor.get("/pos/app/")
            #expect(shell.status == 200)
            #expect(shell.says("Processed sales"))
            #expect(!shell.says("Vipps agreements"))
            visitor.token = shell.text(between: "name=\"csrf\" content=\"", and: "\"")
            #expect(try await visitor.post("/pos/app/sign-out").status == 204)
            #expect(try await visitor.get("/pos/pages/new-sale").status == 401)
        }
    }

    @Test("says what is wrong, and keeps the name but not the password") func refuses() async throws {
        let house = try PagesHouse(try await TillHouse())
        try await house.app.test(.router) { client in
            let answer = try await Visitor(client).post(
                "/pos/app/sign-in", ["user": "kari", "password": "wrong-password"])
            #expect(answer.status == 422)
            #expect(answer.says("User name or password is wrong"))
            #expect(answer.says("value=\"kari\""))
            #expect(!answer.says("wrong-password"))
        }
    }

    @Test("is limited, and says for how long") func limited() async throws {
        let house = try PagesHouse(try await TillHouse())
        try await house.app.test(.router) { client in
            for _ in 0..<SignInAttempts.perUserNameMax {
                _ = try await Visitor(client).post("/pos/app/sign-in", ["user": "kari", "password": "wrong"])
            }
            let answer = try await Visitor(client).post(
                "/pos/app/sign-in", ["user": "kari", "password": "kanelbolle"])
            #expect(answer.status == 429)
            #expect(answer.says("Too many attempts. Wait 15 min"))
            #expect(answer.headers[.retryAfter] == "900")
        }
    }

    @Test("keeps the language that was chosen there with the user") func language() async throws {
        let till = try await TillHouse()
        let house = try PagesHouse(till)
        try await house.app.test(.router) { client in
            var visitor = Visitor(client)
            visitor.language = "fi"
            _ = try await visitor.post("/pos/app/sign-in", ["user": "kari", "password": "kanelbolle"])
            let kari = try await till.useCases.users.all(in: .kaffe).first { $0.userName == "kari" }
            #expect(kari?.language == .finnish)
        }
    }
}

@Suite("The sale screen") struct SaleScreenTests {
    @Test("begins a sale with the first scan, and counts the next on the same line") func scans() async throws {
        try await PagesHouse.open { _, kari async throws in
            let first = try await kari.post("/pos/pages/sale/add", ["code": "2000010010011"])
            #expect(first.says("Filterkaffe, liten"))
            #expect(first.says("data-announce=\"Filterkaffe, liten added\""))
            let sale = try #require(first.saleID)
            let second = try await kari.post("/pos/pages/sale/add", ["code": "1001", "sale": sale.text])
            #expect(second.saleID == sale)
            #expect(second.says("<output>2</output>"))
            #expect(second.says("NOK\u{A0}78.00"))
            #expect(try await kari.get("/pos/pages/new-sale").saleID == sale)
        }
    }

    @Test("adds once, however often an act is sent") func once() async throws {
        try await PagesHouse.open { _, kari async throws in
            let command = CommandID.fresh
            let first = try await kari.post("/pos/pages/sale/add", ["code": "1001"], command: command)
            let again = try await kari.post(
                "/pos/pages/sale/add", ["code": "1001", "sale": first.saleID?.text ?? ""], command: command)
            #expect(again.saleID == first.saleID)
            #expect(again.says("<output>1</output>"))
        }
    }

    @Test("finds by name, and says so when nothing is found") func finds() async throws {
        try await PagesHouse.open { _, kari async throws in
            let tiles = try await kari.get("/pos/pages/sale/products?find=keram")
            #expect(tiles.says("Keramikkopp") && !tiles.says("Filterkaffe"))
            #expect(try await kari.get("/pos/pages/sale/products?find=zzz").says("Nothing found for “zzz”"))
            let refused = try await kari.post("/pos/pages/sale/add", ["code": "999999"])
            #expect(refused.status == 422)
            #expect(
                refused.list("fields").first?["reason"] as? String
                    == "No product has the code 999999. Search for it by name.")
            #expect(try await kari.get("/pos/pages/new-sale").saleID == nil, "an empty sale was left behind")
        }
    }

    @Test("changes quantity, price and discount of a line together or not at all") func line() async throws {
        try await PagesHouse.open { house, kari async throws in
            let sale = try await kari.coffee()
            let line = try #require(try await house.house.useCases.viewSale(sale, in: .kaffe).lines.first)
            let path = "/pos/pages/sale/\(sale)/lines/\(line.id)"
            #expect(try await kari.get(path).says("value=\"39.00\""))
            let refused = try await kari.post(
                path, ["quantity": "2", "price": "10,00", "discount": "20,01", "discountUnit": "amount"])
            #expect(refused.fields == ["discount"])
            #expect(try await house.house.useCases.viewSale(sale, in: .kaffe).total == .nok(3_900))
            let changed = try await kari.post(
                path, ["quantity": "2", "price": "10,00", "discount": "12,5", "discountUnit": "percent"])
            #expect(changed.trigger.contains("closeDialog"))
            #expect(try await house.house.useCases.viewSale(sale, in: .kaffe).total == .nok(1_750))
            #expect(try await kari.post("\(path)/quantity", ["quantity": "0"]).says("The basket is empty"))
        }
    }

    @Test("parks a basket and takes it up again") func parks() async throws {
        try await PagesHouse.open { _, kari async throws in
            let sale = try await kari.coffee()
            let parked = try await kari.post("/pos/pages/sale/\(sale)/park")
            #expect(parked.trigger.contains("parked") && parked.says("Ready for the next customer"))
            #expect(try await kari.get("/pos/pages/new-sale").says("1 parked"))
            #expect(try await kari.get("/pos/pages/sale/parked").says(sale.text))
            #expect(try await kari.post("/pos/pages/sale/\(sale)/resume").trigger.contains(sale.text))
            #expect(try await kari.get("/pos/pages/new-sale").saleID == sale)
        }
    }

    @Test("speaks the language of the person") func languages() async throws {
        try await PagesHouse.open { _, kari async throws in
            var norwegian = kari
            norwegian.language = "nb"
            let sale = try await norwegian.coffee()
            let panel = try await norwegian.get("/pos/pages/sale/panel?sale=\(sale)")
            #expect(panel.says("39,00\u{A0}kr"))
            #expect(panel.says("Å betale"))
        }
    }

    @Test("does not show another tenant's sale, or any without a session") func fenced() async throws {
        try await PagesHouse.open { house, kari async throws in
            let sale = try await kari.coffee()
            let anders = try await Browser(kari.client).signedInOverPages("admin", "havnefront")
            let answer = try await anders.get(
                "/pos/pages/sales/\(sale)", headers: [HTTPField.Name("HX-Target")!: "main"])
            #expect(answer.status == 404)
            #expect(answer.says("Not found"))
            #expect(try await Visitor(kari.client).get("/pos/pages/sales/\(sale)").status == 401)
            #expect(try await Visitor(kari.client, cookie: kari.cookie).post("/pos/pages/sale/start").status == 403)
        }
    }
}

@Suite("The payment screen") struct PaymentScreenTests {
    @Test("asks who pays, sends, waits, and ends with a completed sale") func happy() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, payment) = try await kari.askedForVipps()
            let dialog = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(dialog.says("Who is paying?") && dialog.says("“Till 1”"))
            let wrong = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "phoneNumber": "12"])
            #expect(wrong.fields == ["phoneNumber"])
            #expect(!wrong.says("12\""))
            let waiting = try await kari.post(
                "/pos/pages/payment/\(sale)/identify",
                ["payment": payment.text, "phoneNumber": "912 34 567", "seen": "0"])
            #expect(waiting.says("Preparing the payment"))
            #expect(!waiting.says("91234567"))
            try await house.atVipps(payment)
            let customer = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(customer.says("Waiting for the customer") && customer.says("data-ring-until"))
            try await house.captured(payment, 3_900)
            let paid = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(paid.says("data-announce=\"Paid. Sale OSL-1000001 is completed.\""))
            #expect(try await kari.get("/pos/pages/sale/panel?sale=\(sale)").says("Sale OSL-1000001 completed"))
        }
    }

    @Test("leaves a dialog alone that is still true") func unchanged() async throws {
        try await PagesHouse.open { _, kari async throws in
            let (sale, _) = try await kari.askedForVipps()
            let stage = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            let key = try #require(stage.text(between: "&amp;key=", and: "&"))
            #expect(try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0&key=\(key)").status == 204)
        }
    }

    @Test("starts by itself when the customer scans the till's code") func scanned() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, _) = try await kari.askedForVipps()
            try await house.checkedIn()
            #expect(try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0").says("Preparing the payment"))
        }
    }

    @Test("offers a check-in that came first, with its age, and throws it away") func checkInFirst() async throws {
        try await PagesHouse.open { house, kari async throws in
            try await house.checkedIn()
            house.house.turn(by: 40)
            let (sale, payment) = try await kari.askedForVipps()
            let dialog = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(dialog.says("Scanned 40 s ago."))
            let checkIn = try #require(dialog.hidden("checkIn"))
            #expect(try await kari.post("/pos/pages/check-ins/\(checkIn)/discard").status == 204)
            let refused = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "checkIn": checkIn])
            #expect(refused.status == 422)
            #expect(refused.says("This scan has been used or thrown away"))
        }
    }

    @Test("tells an abort only when Vipps has answered, and lets the sale be paid again") func aborts() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, payment) = try await kari.askedForVipps()
            _ = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "phoneNumber": "91234567"])
            try await house.atVipps(payment)
            let aborting = try await kari.post(
                "/pos/pages/payment/\(sale)/abort", ["payment": payment.text, "seen": "0"])
            #expect(aborting.says("Aborting.") && !aborting.says("Payment aborted"))
            try await house.house.hear(
                PaymentTerminated(
                    paymentID: payment, saleID: sale, reference: "reference", endedAt: house.house.now))
            let ended = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(ended.says("Payment aborted") && ended.says("Pay again"))
            let form = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=1&option=\(TillHouse.vippsOption)")
            #expect(form.says("value=\"39.00\""))
        }
    }

    @Test("falls back to a one-time code when push is refused, and says so") func fallsBack() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, payment) = try await kari.askedForVipps()
            _ = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "phoneNumber": "91234567"])
            try await house.house.hear(
                PaymentFailed(
                    paymentID: payment, saleID: sale, reference: "reference",
                    failure: PaymentFailure(code: "5080", detail: "no push"), failedAt: house.house.now))
            let next = try #require(try await house.house.useCases.viewSale(sale, in: .kaffe).payments.last)
            try await house.atVipps(next.id, qrContent: "https://qr.example/one-time")
            let stage = try await kari.get("/pos/pages/payment/\(sale)/stage?seen=0")
            #expect(stage.says("may not send payments to phones") && stage.says("code/\(next.id)"))
            let code = try await kari.get("/pos/pages/payment/\(sale)/code/\(next.id)")
            #expect(code.headers[.contentType] == "image/svg+xml")
            #expect(code.says("<svg") && code.says("<path"))
        }
    }

    @Test("takes a part in cash with change, and the rest stays due") func cash() async throws {
        try await PagesHouse.open { _, kari async throws in
            let sale = try await kari.coffee()
            let path = "/pos/pages/payment/\(sale)"
            #expect(
                try await kari.get("\(path)/change?received=50&amount=").says("Change to give back: NOK\u{A0}11.00"))
            let option = TillHouse.cashOption.text
            let short = try await kari.post("\(path)/cash", ["option": option, "received": "5", "amount": "9"])
            #expect(short.fields == ["received"])
            let part = try await kari.post(
                "\(path)/cash", ["option": option, "received": "20", "amount": "9", "seen": "0"])
            #expect(part.says("Part paid") && part.says("NOK\u{A0}30.00 is still due."))
            let rest = try await kari.post("\(path)/cash", ["option": option, "received": "50", "seen": "1"])
            #expect(rest.says("Sale OSL-1000001 is completed."))
            #expect(rest.says("NOK\u{A0}20.00"))
        }
    }

    @Test(
        "refuses amounts that are none, at the field",
        arguments: ["abc", "-5", "0", "40", "1,234,5", "999999999999999999"])
    func amounts(typed: String) async throws {
        try await PagesHouse.open { house, kari async throws in
            let sale = try await kari.coffee()
            let answer = try await kari.post(
                "/pos/pages/payment/\(sale)/start", ["option": TillHouse.vippsOption.text, "amount": typed])
            #expect(answer.status == 422)
            #expect(answer.fields == ["amount"])
            #expect(try await house.house.useCases.viewSale(sale, in: .kaffe).payments.isEmpty)
        }
    }

    @Test("wants an address when an invoice is asked for") func invoice() async throws {
        try await PagesHouse.open { _, kari async throws in
            let sale = try await kari.coffee()
            let answer = try await kari.post(
                "/pos/pages/payment/\(sale)/start",
                ["option": TillHouse.vippsOption.text, "amount": "39", "mail": "on", "email": "kari"])
            #expect(answer.fields == ["email"])
        }
    }
}

@Suite("Processed sales and View sale") struct ProcessedSalesTests {
    private func sold(_ kari: Visitor) async throws -> SaleID {
        let sale = try await kari.coffee()
        _ = try await kari.post(
            "/pos/pages/payment/\(sale)/cash", ["option": TillHouse.cashOption.text, "received": "39"])
        return sale
    }

    @Test("narrow by number, day, state, till and payment kind") func filters() async throws {
        try await PagesHouse.open { _, kari async throws in
            let sale = try await sold(kari)
            let rows = "/pos/pages/processed-sales/rows"
            for query in [
                "", "?search=OSL-1000001", "?day=2026-11-23", "?state=completed", "?till=\(TillHouse.till)",
                "?kind=cash",
            ] { #expect(try await kari.get(rows + query).says(sale.text), "\(query)") }
            for query in [
                "?search=OSL-2", "?day=2026-11-22", "?state=parked", "?till=\(AgentInstanceID.fresh)",
                "?kind=vipps-epayment", "?attention=yes",
            ] { #expect(try await !kari.get(rows + query).says(sale.text), "\(query)") }
            #expect(try await kari.get("\(rows)?day=2026-02-31").fields == ["day"])
        }
    }

    @Test("shows lines, VAT, payments and the way to the event log") func view() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, payment) = try await kari.askedForVipps()
            _ = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "phoneNumber": "91234567"])
            try await house.captured(payment, 3_900)
            let page = try await kari.get("/pos/pages/sales/\(sale)")
            #expect(page.says("Filterkaffe, liten") && page.says("15%") && page.says("NOK\u{A0}5.09"))
            #expect(page.says("hx-get=\"/financial/pages/payments/\(payment)/events\""))
            #expect(page.says("by Kari"))
        }
    }

    @Test("shows a sale whose customer was forgotten without a gap where he stood") func forgotten() async throws {
        try await PagesHouse.open { house, kari async throws in
            let (sale, payment) = try await kari.askedForVipps()
            _ = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "phoneNumber": "91234567"])
            try await house.captured(payment, 3_900)
            func page(after events: [SaleEvent]) async throws -> Answer {
                try await house.house.store.writeSales { tx in
                    let before = try #require(try tx.sale(sale, in: .kaffe))
                    try tx.keep(before.evolved(by: events), after: [])
                }
                return try await kari.get("/pos/pages/sales/\(sale)")
            }
            let address = try EmailAddress("kunde@example.com")
            let known = try await page(after: [.invoiceEmailSet(address), .invoiceMailEnded(.mailed)])
            #expect(known.says("<dd>kunde@example.com <span class=\"chip good\">Sent</span></dd>"))
            #expect(known.says(" · +47 ••• •• 567 · <span class=\"code\">"))
            let forgotten = try await page(after: [.customerForgotten])
            #expect(forgotten.says("<dd><span class=\"chip good\">Sent</span></dd>"))
            #expect(!forgotten.says("example.com") && !forgotten.says("•••") && !forgotten.says("·  ·"))
        }
    }

    @Test("put lines back into a return, and the money goes back the way it came") func refunds() async throws {
        try await PagesHouse.open { house, kari async throws in
            let sale = try await sold(kari)
            #expect(try await kari.get("/pos/pages/sales/\(sale)/refund").says("1 of 1 left"))
            let nothing = try await kari.post("/pos/pages/sales/\(sale)/refund")
            #expect(nothing.fields == ["line"])
            let line = try #require(try await house.house.useCases.viewSale(sale, in: .kaffe).lines.first)
            let back = try await kari.post("/pos/pages/sales/\(sale)/refund", ["line": line.id.text])
            let id = try #require(back.returnID)
            #expect(try await kari.get("/pos/pages/new-sale/\(id)").says("Return of sale OSL-1000001"))
            let dialog = try await kari.get("/pos/pages/sale/\(id)/refund-payment")
            #expect(dialog.says("value=\"39.00\""))
            let payment = try #require(
                try await house.house.useCases.viewSale(sale, in: .kaffe).payments.first)
            let tooMuch = try await kari.post(
                "/pos/pages/sale/\(id)/refund-payment", ["payment": payment.id.text, "amount": "39,01"])
            #expect(tooMuch.fields == ["amount"])
            let done = try await kari.post(
                "/pos/pages/sale/\(id)/refund-payment", ["payment": payment.id.text, "amount": "39"])
            #expect(done.says("Sale OSL-1000002 completed"))
            #expect(try await kari.get("/pos/pages/sales/\(sale)").says("Returned"))
        }
    }

    @Test("give an amount back without goods only with a reason") func withoutGoods() async throws {
        try await PagesHouse.open { house, kari async throws in
            let sale = try await sold(kari)
            let payment = try #require(try await house.house.useCases.viewSale(sale, in: .kaffe).payments.first)
            let path = "/pos/pages/sales/\(sale)/refund-amount"
            let refused = try await kari.post(path, ["payment": payment.id.text, "amount": "9"])
            #expect(refused.fields == ["reason"])
            #expect(!(try await kari.get(path).says("bank days")))
            let given = try await kari.post(
                path, ["payment": payment.id.text, "amount": "9", "reason": "Cold coffee"])
            #expect(given.status == 204)
            #expect(given.trigger.contains("9.00 refunded"))
            #expect(try await house.house.useCases.viewSale(sale, in: .kaffe).refunds.map(\.amount) == [.nok(900)])
            let back = try await kari.post("/pos/pages/sales/\(sale)/refund", ["all": "1"])
            let id = try #require(back.returnID)
            let early = try await kari.post("/pos/pages/sale/\(id)/complete")
            #expect(early.status == 409)
            #expect(!(try await kari.get("/pos/pages/new-sale/\(id)").says("sale/\(id)/complete")))
            _ = try await kari.post(
                "/pos/pages/sale/\(id)/refund-payment", ["payment": payment.id.text, "amount": "30"])
            let owing = try await kari.get("/pos/pages/new-sale/\(id)")
            #expect(owing.says("The money went back before.") && owing.says("sale/\(id)/complete"))
            #expect(try await kari.post("/pos/pages/sale/\(id)/complete").says("completed"))
            #expect(try await kari.get("/pos/pages/sales/\(sale)").says("Returned"))
        }
    }
}

@Suite("The customer's screen") struct CustomerDisplayTests {
    @Test("follows the till from welcome to thanks") func follows() async throws {
        try await PagesHouse.open { house, kari async throws in
            let path = "/pos/pages/display/\(TillHouse.till)"
            #expect(try await kari.get("/pos/display/\(TillHouse.till)").says("Welcome"))
            let (sale, payment) = try await kari.askedForVipps()
            #expect(try await kari.get(path).says("NOK\u{A0}39.00"))
            _ = try await kari.post(
                "/pos/pages/payment/\(sale)/identify", ["payment": payment.text, "how": "one-time"])
            try await house.atVipps(payment, qrContent: "https://qr.example/once")
            #expect(try await kari.get(path).says("code/\(payment)"))
            try await house.captured(payment, 3_900)
            #expect(try await kari.get(path).says("Thank you"))
            house.house.turn(by: 21)
            #expect(try await kari.get(path).says("Welcome"))
        }
    }

    @Test("of a till that is not there, or another tenant's, is a page that says so") func unknown() async throws {
        try await PagesHouse.open { _, kari async throws in
            for till in [AgentInstanceID.fresh, .no("33")] {
                let answer = try await kari.get("/pos/display/\(till)")
                #expect(answer.status == 404)
                #expect(answer.says("<!doctype html>"))
            }
        }
    }
}

extension PagesHouse {
    func atVipps(_ payment: PaymentID, qrContent: String? = nil) async throws {
        let sale = try await saleID(of: payment)
        try await house.hear(
            PaymentRequestedAtVipps(
                paymentID: payment, saleID: sale, reference: "reference", msn: "123456", amount: .nok(3_900),
                qrContent: qrContent, requestedAt: house.now, expiresAt: house.now.addingTimeInterval(600)))
    }

    func captured(_ payment: PaymentID, _ minorUnits: Int64) async throws {
        let sale = try await saleID(of: payment)
        try await house.hear(
            PaymentCaptured(
                paymentID: payment, saleID: sale, reference: "reference", msn: "123456", amount: .nok(minorUnits),
                capturedAt: house.now))
    }

    func checkedIn() async throws {
        try await house.hear(
            CustomerCheckedIn(
                checkInID: .fresh, msn: "123456", merchantQRID: "qr-1", initiatedAt: house.now,
                validUntil: house.now.addingTimeInterval(300)))
    }

    private func saleID(of payment: PaymentID) async throws -> SaleID {
        try await house.store.readSales { try $0.sale(withPayment: payment, in: .kaffe)?.id } ?? .fresh
    }
}

extension Browser {
    /// The cookie is the same for the interface and the pages.
    fileprivate func signedInOverPages(_ userName: String, _ password: String) async throws -> Visitor {
        let answer = try await Visitor(client).post("/pos/app/sign-in", ["user": userName, "password": password])
        let cookie = answer.headers[values: .setCookie].first { $0.hasPrefix("session=") }?
            .dropFirst("session=".count).split(separator: ";").first.map(String.init)
        return Visitor(client, cookie: cookie)
    }
}
