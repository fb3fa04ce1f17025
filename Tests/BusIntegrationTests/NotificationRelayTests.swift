import Foundation
import HTTPServing
import MessageContracts
import Messaging
import SharedKernel
import Testing

@Suite("notification-relay as a process", .serialized, .timeLimit(.minutes(3)))
struct NotificationRelayTests {
    private func withRelay(_ body: (Installation, PlayedMailServer) async throws -> Void) async throws {
        let mailServer = try PlayedMailServer()
        try await Installation.with(
            ServiceName.relay,
            settings: { _ in
                ["SMTP_URL": "smtp://127.0.0.1:\(mailServer.port)", "MAIL_FROM": "till@example.com"]
            },
            { try await body($0, mailServer) })
    }

    private func sale(_ identifier: String, email: String?) -> SaleCompleted {
        let now = Date()
        let (total, tax) = (Money(minorUnits: 12_900, currency: .nok), Money(minorUnits: 2_580, currency: .nok))
        return SaleCompleted(
            saleID: .new(at: now), saleIdentifier: identifier, tenantName: "The shop",
            organizationalUnitID: .new(at: now), organizationalUnitName: "Oslo",
            lines: [
                SoldLine(
                    lineID: .new(at: now), productID: nil, name: "Coffee pot", quantity: 1, unitPrice: total,
                    discount: .zero(.nok), taxRate: 2_500, total: total, tax: tax)
            ],
            total: total, valueAddedTax: tax,
            payments: [
                SalePayment(
                    paymentID: .new(at: now), kind: .vippsEPayment, paymentOptionID: nil, optionName: "Vipps",
                    amount: total)
            ],
            invoiceEmail: email, language: "en", completedAt: now)
    }

    @Test("sends what has changed to the pages of that tenant, and to no others")
    func liveUpdates() async throws {
        try await withRelay { installation, _ in
            let other = TenantID.new(at: Date())
            // Told before anybody listens; what comes next is told once the page is connected.
            try installation.pos.tell(PointOfSaleViewChanged(views: ["sales"]), of: other)
            try await installation.pos.allHeard(.posViews, by: ServiceName.relay)
            var isTold = false
            try await installation.browser(.cashier).listen("/notifications/events") { text in
                if !isTold {
                    isTold = true
                    try installation.pos.tell(PointOfSaleViewChanged(views: ["theirs"]), of: other)
                    try installation.pos.tell(
                        PointOfSaleViewChanged(views: ["sale/1", "sales"]), of: installation.tenant)
                    try installation.finance.tell(FinanceViewChanged(views: ["ledger"]), of: installation.tenant)
                }
                #expect(!text.contains("theirs"))
                return text.contains("event: sale/1\ndata: sale/1\n") && text.contains("event: sales\n")
                    && text.contains("event: ledger\n")
            }
            #expect(try await Browser(base: installation.service.base).get("/notifications/events").status == 401)
        }
    }

    @Test("gives a page that comes back what it missed, also when it was killed in between")
    func resumed() async throws {
        try await withRelay { installation, _ in
            let (pos, tenant) = (installation.pos, installation.tenant)
            var place = ""
            try pos.tell(PointOfSaleViewChanged(views: ["sale/1"]), of: tenant)
            try await pos.allHeard(.posViews, by: ServiceName.relay)
            try await installation.browser(.cashier).listen("/notifications/events") { text in
                let ids = text.split(separator: "\n").filter { $0.hasPrefix("id: ") }
                place = ids.last.map { String($0.dropFirst("id: ".count)) } ?? ""
                return !place.isEmpty
            }
            try await installation.service.kill()
            try pos.tell(PointOfSaleViewChanged(views: ["sale/2"]), of: tenant)
            try await installation.service.start()
            try pos.tell(PointOfSaleViewChanged(views: ["sale/3"]), of: tenant)
            let headers = ["Last-Event-ID": place]
            try await installation.browser(.cashier).listen("/notifications/events", headers: headers) { text in
                #expect(!text.contains("event: sale/1\n"))
                #expect(!text.contains("event: reset\n"))
                return text.contains("event: sale/2\n") && text.contains("event: sale/3\n")
            }
        }
    }

    @Test("names its mail server among what it needs: ready untried, and not while mails wait for one that is away")
    func mailServer() async throws {
        let settings = ["SMTP_URL": "smtp://127.0.0.1:\(try freePorts(1)[0])", "MAIL_FROM": "till@example.com"]
        try await Installation.with(ServiceName.relay, settings: { _ in settings }) { installation in
            let browser = Browser(base: installation.service.base)
            let untried = try await browser.get("/readyz")
            #expect(untried.status == 200)
            #expect(String(decoding: untried.body, as: UTF8.self).contains("mail server"))
            for number in 1...3 {
                try installation.pos.tell(
                    sale("OSL-\(number)", email: "customer@example.com"), of: installation.tenant)
            }
            let words = try await awaited("readiness to fail") {
                let answer = try await browser.get("/readyz")
                return answer.status == 503 ? String(decoding: answer.body, as: UTF8.self) : nil
            }
            #expect(words.contains("did not serve the last 3 sends"))
            #expect(try await browser.get("/healthz").status == 200)
        }
    }

    @Test("mails the invoice of a sale once, however often the sale is told")
    func invoice() async throws {
        try await withRelay { installation, mailServer in
            let pos = installation.pos
            let sale = sale("OSL-17", email: "customer@example.com")
            let cause = Cause.beginning(at: Date(), trace: .new())
            try pos.tell(sale, of: installation.tenant, cause: cause)
            let mailed = try await pos.hears(InvoiceMailed.self)
            #expect(mailed.message.saleID == sale.saleID)
            #expect(mailed.envelope.tenantID == installation.tenant)
            #expect(mailed.envelope.cause.correlationID == cause.correlationID)
            let mail = try #require(mailServer.mails.first)
            #expect(mail.recipients.count == 1)
            #expect(mail.recipients.first?.contains("customer@example.com") == true)
            #expect(mail.parts.count == 2)
            for part in mail.parts { #expect(part.contains("OSL-17") && part.contains("Coffee pot")) }

            try pos.tell(sale, of: installation.tenant)
            try await pos.repeatAll(of: .posSales)
            try pos.tell(self.sale("OSL-18", email: nil), of: installation.tenant)
            let last = self.sale("OSL-19", email: "somebody@example.com")
            try pos.tell(last, of: installation.tenant)
            try await pos.hears(InvoiceMailed.self) { $0.saleID == last.saleID }
            #expect(mailServer.mails.count == 2)
            #expect(try pos.heard(InvoiceMailed.self).map(\.saleID) == [sale.saleID, last.saleID])
            #expect(!installation.service.logText.contains("customer@example.com"))
        }
    }
}
