import Finance
import FinanceAdapters
import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import MessageContracts
import SharedKernel
import Testing
import WebUI

@Suite("The pages of financial-service") struct FinancePagesTests {
    private let address = "/financial/pages/incoming-payment-options"
    private let administrator = FinanceHouse.session([.administrator])
    private let cashier = FinanceHouse.session([.cashier])

    private func with(_ body: @Sendable @escaping (any TestClientProtocol, FinanceHouse) async throws -> Void)
        async throws
    {
        let house = try FinanceHouse()
        try await Application(router: try house.router()).test(.router) { try await body($0, house) }
    }

    private func post(_ client: any TestClientProtocol, _ path: String, _ form: String) async throws -> Answer {
        try await client.ask(
            .post, path, as: administrator, body: form, type: "application/x-www-form-urlencoded")
    }

    @Test("begin with a shell for those who are signed in, and the sign-in page for others") func shell() async throws {
        try await with { client, _ async throws in
            let shell = try await client.ask(.get, "/financial/app/", as: administrator)
            #expect(shell.status == 200)
            #expect(shell.text.contains("Fjordkaffe"))
            let stranger = try await client.ask(.get, "/financial/app/", as: nil)
            #expect(stranger.status == 303)
            #expect(stranger.headers[.location] == "/pos/app/sign-in?returnTo=/financial/app/")
        }
    }

    @Test("say what to do when there are no options") func empty() async throws {
        try await with { client, _ async throws in
            let page = try await client.ask(.get, address, as: administrator)
            #expect(page.status == 200)
            #expect(page.text.contains("class=\"empty\""))
            #expect(page.text.contains("data-live=\"payment-options\""))
        }
    }

    @Test("make an option from the dialog, edit it, disable and enable it") func life() async throws {
        try await with { client, house async throws in
            let dialog = try await client.ask(.get, "\(address)/new", as: administrator)
            #expect(dialog.text.contains("<dialog"))
            #expect(dialog.text.contains("value=\"vipps-epayment\" selected"))
            let made = try await post(client, address, "name=Vipps+%26+co&kind=vipps-epayment&quickAccess=on")
            #expect(made.status == 204)
            #expect(made.headers[.init("HX-Trigger")!]?.contains("closeDialog") == true)
            let option = try #require(try await house.options.catalogue(of: .first).options.first)
            #expect(option.quickAccess)
            #expect(option.name.text == "Vipps & co")

            let list = try await client.ask(.get, address, as: administrator)
            #expect(list.text.contains("Vipps &amp; co"))
            let edit = try await client.ask(.get, "\(address)/\(option.id.text)", as: administrator)
            #expect(edit.text.contains("value=\"Vipps &amp; co\""))
            #expect(edit.text.contains(" checked"))
            #expect(try await post(client, "\(address)/\(option.id.text)", "name=Kontant&kind=cash").status == 204)
            let changed = try await house.options.catalogue(of: .first).option(option.id)
            #expect(changed?.kind == .cash)
            #expect(changed?.quickAccess == false)
            for (act, enabled) in [("disable", false), ("enable", true)] {
                let answer = try await post(client, "\(address)/\(option.id.text)/\(act)", "")
                #expect(answer.status == 200)
                #expect(answer.text.hasPrefix("<div id=\"payment-options\""))
                #expect(try await house.options.catalogue(of: .first).option(option.id)?.enabled == enabled)
            }
        }
    }

    @Test("make an option once from one form") func once() async throws {
        try await with { client, house async throws in
            let form = "name=Vipps&kind=vipps-epayment&commandID=019ab0f4-6f6e-7cc1-9d0c-5e3f5f3f0a01"
            for _ in 0..<2 { #expect(try await post(client, address, form).status == 204) }
            #expect(try await house.options.catalogue(of: .first).options.count == 1)
        }
    }

    @Test(
        "show what is wrong in the dialog, with what was typed",
        arguments: [
            ("name=&kind=cash", "payment-option-name-error"), ("name=vipps&kind=cash", "payment-option-name-error"),
            ("name=%3Cb%3E&kind=gold", "payment-option-kind-error"),
        ])
    func wrong(_ form: String, _ place: String) async throws {
        try await with { client, house async throws in
            #expect(try await post(client, address, "name=Vipps&kind=vipps-epayment").status == 204)
            let answer = try await post(client, address, form)
            #expect(answer.status == 422)
            #expect(answer.text.contains("<dialog"))
            #expect(answer.text.contains("aria-invalid=\"true\""))
            let error = answer.text.components(separatedBy: "id=\"\(place)\"").last ?? ""
            #expect(!(error.components(separatedBy: "</p>").first ?? "").hasSuffix(">"), "no words at \(place)")
            #expect(!answer.text.contains("<b>"))
            #expect(try await house.options.catalogue(of: .first).options.count == 1)
        }
    }

    @Test("of options are for administrators") func roles() async throws {
        try await with { client, _ async throws in
            for path in [address, "\(address)/new"] {
                #expect(try await client.ask(.get, path, as: cashier).status == 403)
                #expect(try await client.ask(.get, path, as: nil).status == 401)
            }
            #expect(try await client.ask(.post, address, as: cashier, body: "name=x&kind=cash").status == 403)
        }
    }

    @Test("are written in every language") func languages() async throws {
        try await with { client, _ async throws in
            var titles: Set<String> = []
            for language in ["en", "nb", "da", "fi", "sv"] {
                var headers = try FinanceHouse.headers(administrator)
                headers[.acceptLanguage] = language
                let response = try await client.execute(uri: address, method: .get, headers: headers)
                let page = String(buffer: response.body)
                titles.insert(page.components(separatedBy: "<h1>").last?.components(separatedBy: "</h1>").first ?? "")
                #expect(!page.contains("{{"))
            }
            #expect(titles.count >= 4)
        }
    }

    @Test("show a payment's event log to a cashier of its tenant, and an empty one to others") func log() async throws {
        try await with { client, house async throws in
            let now = FinanceHouse.now
            let (payment, sale) = (PaymentID.new(at: now), SaleID.new(at: now))
            try await house.hear(
                PaymentCaptured(
                    paymentID: payment, saleID: sale, reference: "OSL-1-1", msn: "123456", amount: .nok(12_900),
                    capturedAt: now))
            try await house.hear(
                PaymentEventRecorded(
                    eventID: .new(at: now), paymentID: payment, saleID: sale, reference: "OSL-1-1", origin: .gateway,
                    name: "capture", occurredAt: now, amount: .nok(12_900), success: false, idempotencyKey: "key-7",
                    pspReference: "psp-7", httpStatus: 409, errorCode: "6060", traceID: "trace-7",
                    detail: "<i>too late</i>"))
            let path = "/financial/pages/payments/\(payment.text)/events"
            let page = try await client.ask(.get, path, as: cashier).text
            for part in [
                "data-live=\"payment/\(payment.text)\"", "hx-trigger=\"live\"", "OSL-1-1", "HTTP 409", "key-7", "psp-7",
                "trace-7", "6060", "&lt;i&gt;too late&lt;/i&gt;", "NOK\u{A0}129.00", "class=\"bad\"",
            ] { #expect(page.contains(part), "\(part)") }
            let stranger = FinanceHouse.session([.cashier], tenant: .second)
            let other = try await client.ask(.get, path, as: stranger)
            #expect(other.status == 200)
            #expect(other.text.contains("class=\"empty\""))
            #expect(!other.text.contains("OSL-1-1"))
        }
    }

    @Test("name the brand and the time of the market in which a payment was made") func market() async throws {
        try await with { client, house async throws in
            let now = FinanceHouse.now
            let times = try [Currency.nok, .dkk, .eur].map { currency in
                let payment = PaymentID.new(at: now)
                let amount = Money(minorUnits: 12_900, currency: currency)
                let zone = currency == .eur ? "Europe/Helsinki" : "Europe/Oslo"
                return (payment, amount, try #require(TimeZone(identifier: zone)))
            }
            for (payment, amount, zone) in times {
                try await house.hear(
                    PaymentEventRecorded(
                        eventID: .new(at: now), paymentID: payment, saleID: .new(at: now), reference: "OSL-1-1",
                        origin: .vipps, name: "CAPTURED", occurredAt: now, amount: amount, success: true,
                        idempotencyKey: nil, pspReference: nil, httpStatus: nil, errorCode: nil, traceID: nil,
                        detail: nil))
                let path = "/financial/pages/payments/\(payment.text)/events"
                let page = try await client.ask(.get, path, as: cashier).text
                #expect(page.contains(amount.currency == .nok ? "by Vipps" : "by MobilePay"), "\(amount.currency)")
                let formats = Formats(language: .english, timeZone: zone)
                #expect(page.contains(formats.timeWithSeconds(now)), "\(amount.currency)")
            }
        }
    }

    @Test("tell what is wrong in the person's language, not in the programs'") func words() async throws {
        try await with { client, _ async throws in
            func ask(_ path: String, _ method: HTTPRequest.Method = .get, as session: Session) async throws -> String {
                var headers = try FinanceHouse.headers(session)
                headers[.acceptLanguage] = "da"
                return String(buffer: try await client.execute(uri: path, method: method, headers: headers).body)
            }
            #expect(try await ask(address, as: cashier).contains("Du har ikke adgang til dette"))
            let gone = "\(address)/019ab0f4-6f6e-7cc1-9d0c-5e3f5f3f0a01"
            for (path, method) in [(gone, HTTPRequest.Method.get), ("\(gone)/disable", .post)] {
                let told = try await ask(path, method, as: administrator)
                #expect(told.contains("Det kan være slettet eller tilhøre en anden butik."), "\(told)")
            }
        }
    }
}
