import Foundation
import GRDB
import HTTPTypes
import HummingbirdTesting
import MessageContracts
import Messaging
import PointOfSale
import PointOfSaleAdapters
import SQLiteStorage
import SharedKernel
import Testing

private func captured(_ start: StartPayment, _ amount: Money? = nil) -> PaymentCaptured {
    PaymentCaptured(
        paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
        amount: amount ?? start.amount, capturedAt: TillHouse.noon)
}

private let byPhone: [String: any Sendable] = [
    "paymentOptionID": TillHouse.vippsOption.text,
    "identification": ["type": "phone", "phoneNumber": "+47 912 34 567"],
]

@Suite("A payment, from the click to the completed sale") struct PaymentFlowTests {
    @Test("asks the gateway once, with everything it needs") func asks() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let command = CommandID.fresh
            var answer = try await kari.command(sale, "start-payment", byPhone, id: command)
            #expect(answer.status == 200)
            #expect(answer.amount("due") == 0)
            answer = try await kari.command(sale, "start-payment", byPhone, id: command)
            #expect(answer.list("payments").count == 1)

            let starts = try await house.told(StartPayment.self)
            let start = try #require(starts.first)
            #expect(starts.count == 1)
            #expect(start.amount == .nok(3_900))
            #expect(start.description == "Fjellheim Kaffe: payment for sale OSL-1000001")
            #expect(start.agreementID == .no("61"))
            #expect(start.msn == "123456")
            #expect(start.agentInstanceID == TillHouse.till)
            #expect(start.requestedBy == .no("11"))
            #expect(try #/[a-zA-Z0-9-]{8,64}/#.wholeMatch(in: start.reference) != nil)
            #expect(start.receipt.map(\.total) == [.nok(3_900)])
            #expect(start.receipt.map(\.totalExcludingTax) == [.nok(3_391)])
            guard case .phoneNumber(let envelope) = start.identification else {
                Issue.record("not by phone")
                return
            }
            #expect(try Keys.open(envelope) == "4791234567")
            let payment = try #require(answer.list("payments").first)
            #expect((payment["identification"] as? [String: Any])?["mask"] as? String == "+47 ••• •• 567")
        }
    }

    @Test(
        "is not moved by an amount that cannot be its own",
        arguments: [
            Money(minorUnits: 3_900, currency: .dkk), .nok(0), .nok(-3_900), .nok(.max),
        ])
    func foreignAmount(amount: Money) async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            let before = try await kari.ask(.get, "sales/\(sale)").text
            let start = try #require(try await house.told(StartPayment.self).first)
            await #expect(throws: (any Error).self) { try await house.hear(captured(start, amount)) }
            #expect(try await kari.ask(.get, "sales/\(sale)").text == before)
        }
    }

    @Test("keeps no readable number anywhere") func sealed() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            let copy = FileManager.default.temporaryDirectory.appending(path: "copy-\(UUID().uuidString).sqlite")
            defer { try? FileManager.default.removeItem(at: copy) }
            try await house.database.copy(to: copy.path)
            let bytes = try Data(contentsOf: copy)
            #expect(bytes.count > 10_000)
            for secret in ["91234567", "912 34 567", "very-secret="] {
                #expect(bytes.range(of: Data(secret.utf8)) == nil)
            }
        }
    }

    @Test("completes the sale in the transaction of the money, and tells everybody in it") func completes() async throws
    {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "set-invoice-email", ["email": "kunde@example.com"])
            _ = try await kari.command(sale, "start-payment", byPhone)
            let start = try #require(try await house.told(StartPayment.self).first)
            try await house.hear(
                PaymentRequestedAtVipps(
                    paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
                    amount: start.amount, requestedAt: TillHouse.noon, expiresAt: TillHouse.noon.addingTimeInterval(600)
                ))
            var answer = try await kari.ask(.get, "sales/\(sale)")
            #expect(answer.list("payments").first?["waitingFor"] as? String == "customer")
            #expect(answer.list("payments").first?["expiresAt"] as? String == "2026-11-23T11:10:00.000Z")
            let before = try await house.told().count
            try await house.hear(captured(start))
            try await house.hear(captured(start))
            let told = try await house.told().dropFirst(before)
            #expect(told.map(\.type) == [SaleCompleted.type, PointOfSaleViewChanged.type])
            #expect(told.first?.cause.correlationID == "correlation")
            let views = try #require(told.last).decode(PointOfSaleViewChanged.self).views
            #expect(Set(views) == ["sale/\(sale)", "sales", "till/\(TillHouse.till)"])
            answer = try await kari.ask(.get, "sales/\(sale)")
            #expect(answer.text("state") == "completed")
            let completed = try #require(try await house.told(SaleCompleted.self).first)
            #expect(completed.saleIdentifier == "OSL-1000001")
            #expect(completed.total == .nok(3_900))
            #expect(completed.valueAddedTax == .nok(509))
            #expect(completed.payments.map(\.amount) == [.nok(3_900)])
            #expect(completed.invoiceEmail == "kunde@example.com")
            #expect(completed.language == "nb")
            #expect(completed.completedBy == nil)
            try await house.hear(InvoiceMailed(saleID: .init(sale)!, mailedAt: TillHouse.noon))
            #expect(try await kari.ask(.get, "sales/\(sale)").text("invoiceMail") == "mailed")
        }
    }

    @Test("starts by itself when the customer scans the till's code") func checkIn() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let waiting = try await kari.command(sale, "start-payment", ["paymentOptionID": TillHouse.vippsOption.text])
            #expect(waiting.list("payments").first?["state"] as? String == "awaiting-identification")
            #expect(try await house.told(StartPayment.self).isEmpty)
            try await house.hear(
                CustomerCheckedIn(
                    checkInID: .no("41"), msn: "123456", merchantQRID: "qr-1", initiatedAt: TillHouse.noon,
                    validUntil: TillHouse.noon.addingTimeInterval(900)))
            #expect(try await house.told(StartPayment.self).map(\.identification) == [.checkIn(.no("41"))])
        }
    }

    @Test("offers a check-in that came first, until it is too old") func early() async throws {
        try await TillHouse.ready { house, kari async throws in
            try await house.hear(
                CustomerCheckedIn(
                    checkInID: .no("41"), msn: "123456", merchantQRID: "qr-1", initiatedAt: TillHouse.noon,
                    validUntil: TillHouse.noon.addingTimeInterval(900)))
            #expect(try await kari.ask(.get, "check-ins").list("checkIns").count == 1)
            #expect(try await kari.ask(.delete, "check-ins/\(CheckInID.no("42"))").status == 404)
            house.turn(by: 901)
            #expect(try await kari.ask(.get, "check-ins").list("checkIns").isEmpty)
            let sale = try await kari.coffee()
            let late = try await kari.command(
                sale, "start-payment",
                [
                    "paymentOptionID": TillHouse.vippsOption.text,
                    "identification": ["type": "check-in", "checkInID": CheckInID.no("41").text],
                ])
            #expect(late.status == 422)
            #expect(late.fields == ["identification.checkInID"])
        }
    }

    @Test("given up and approved all the same is paid back exactly once when the sale is gone") func late() async throws
    {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            _ = try await kari.command(sale, "abandon")
            #expect(try await house.told(AbortPayment.self).map(\.reason) == [.saleAbandoned])
            let start = try #require(try await house.told(StartPayment.self).first)
            for _ in 0..<3 { try await house.hear(captured(start)) }
            let refunds = try await house.told(RefundPayment.self)
            #expect(refunds.map(\.amount) == [.nok(3_900)])
            #expect(refunds.map(\.saleID) == [.init(sale)!])
            #expect(try await house.told(SaleCompleted.self).isEmpty)
            #expect(try await kari.ask(.get, "sales/\(sale)").text("state") == "abandoned")
        }
    }

    @Test("switches to another identification without a new sale") func switches() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let first = try await kari.command(sale, "start-payment", byPhone)
            let payment = try #require(first.list("payments").first?["id"] as? String)
            let second = try await kari.command(
                sale, "change-identification", ["paymentID": payment, "identification": ["type": "one-time-qr"]])
            #expect(second.list("payments").compactMap { $0["state"] as? String } == ["aborting", "requested"])
            #expect(try await house.told(AbortPayment.self).map(\.reason) == [.otherIdentification])
            let starts = try await house.told(StartPayment.self)
            #expect(Set(starts.map(\.reference)).count == 2)
            // Both are approved: the one too much goes back.
            try await house.hear(captured(starts[1]))
            try await house.hear(captured(starts[0]))
            #expect(try await house.told(RefundPayment.self).map(\.paymentID) == [starts[0].paymentID])
            #expect(try await house.told(SaleCompleted.self).count == 1)
        }
    }

    @Test("that may not be pushed is asked for with a code by itself") func fallback() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            let start = try #require(try await house.told(StartPayment.self).first)
            try await house.hear(
                PaymentFailed(
                    paymentID: start.paymentID, saleID: start.saleID, reference: start.reference,
                    failure: PaymentFailure(code: "5080", detail: "push not allowed"), failedAt: TillHouse.noon))
            #expect(try await house.told(StartPayment.self).last?.identification == .oneTimeQR)
            let answer = try await kari.ask(.get, "sales/\(sale)")
            #expect(answer.list("payments").last?["fallbackFor"] as? String == start.paymentID.text)
        }
    }

    @Test("in cash gives change and tells finance") func cash() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let paid = try await kari.command(
                sale, "pay-cash", ["paymentOptionID": TillHouse.cashOption.text, "received": money(10_000)])
            #expect(paid.text("state") == "completed")
            #expect(try await house.told(CashReceived.self).map(\.amount) == [.nok(3_900)])
            #expect(try await house.told(SaleCompleted.self).map(\.change) == [.nok(6_100)])
        }
    }
}

@Suite("Goods and money back") struct MoneyBackTests {
    @Test("go along the original payment, and the return completes when Vipps has answered") func returned()
        async throws
    {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            let start = try #require(try await house.told(StartPayment.self).first)
            try await house.hear(captured(start))
            let basket = try await kari.command(sale, "return-lines", ["all": true])
            #expect(basket.text("kind") == "return")
            #expect(basket.amount("total") == -3_900)
            #expect(basket.amount("due") == 3_900)
            let refund = ["paymentID": start.paymentID.text, "amount": money(3_900)] as [String: Any]
            let asked = try await kari.command(basket.id, "refund-original-payment", refund)
            #expect(asked.amount("pending") == 3_900)
            let tooMuch = try await kari.command(basket.id, "refund-original-payment", refund)
            #expect(tooMuch.status == 409)
            let message = try #require(try await house.told(RefundPayment.self).first)
            #expect(message.saleID.text == basket.id)
            try await house.hear(
                RefundFailed(
                    refundID: message.refundID, paymentID: message.paymentID, saleID: message.saleID,
                    amount: message.amount,
                    failure: PaymentFailure(code: "6220", detail: "Refund period expired"), failedAt: TillHouse.noon))
            let failed = try await kari.ask(.get, "sales/\(basket.id)")
            #expect(failed.amount("due") == 3_900)
            #expect((failed.list("refunds").first?["failure"] as? [String: Any])?["code"] as? String == "6220")
            _ = try await kari.command(basket.id, "refund-original-payment", refund)
            let second = try #require(try await house.told(RefundPayment.self).last)
            for _ in 0..<2 {
                try await house.hear(
                    PaymentRefunded(
                        paymentID: second.paymentID, saleID: second.saleID, refundID: second.refundID,
                        amount: second.amount,
                        refundedInAll: second.amount, outside: false, refundedAt: TillHouse.noon))
            }
            let returned = try await house.told(SaleReturned.self)
            #expect(returned.map(\.total) == [.nok(3_900)])
            #expect(returned.map(\.originalSaleIdentifier) == ["OSL-1000001"])
            #expect(returned.first?.refunds.map(\.refundID) == [second.refundID])
            let original = try await kari.ask(.get, "sales/\(sale)")
            #expect(original.list("returns").first?["state"] as? String == "completed")
            #expect(
                original.list("payments").first.flatMap { $0["refundable"] as? [String: Any] }?["minorUnits"] as? Int
                    == 0)
        }
    }

    @Test("in cash are paid out at once") func cash() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            let paid = try await kari.command(
                sale, "pay-cash", ["paymentOptionID": TillHouse.cashOption.text, "received": money(3_900)])
            let payment = try #require(paid.list("payments").first?["id"] as? String)
            let refunded = try await kari.command(
                sale, "refund-payment", ["paymentID": payment, "amount": money(900), "reason": "kald kaffe"])
            #expect(refunded.list("refunds").first?["state"] as? String == "refunded")
            let out = try await house.told(CashPaidOut.self)
            #expect(out.map(\.amount) == [.nok(900)])
            #expect(out.map(\.saleIdentifier) == ["OSL-1000001"])
            let tooMuch = try await kari.command(
                sale, "refund-payment", ["paymentID": payment, "amount": money(3_001), "reason": "kald kaffe"])
            #expect(tooMuch.status == 422)
            #expect(tooMuch.fields == ["amount"])
        }
    }
}

/// pos-service was restored from a copy that is older than the sale.
@Suite("Money of a payment that no sale has") struct MoneyWithoutSaleTests {
    private let payment = PaymentID.fresh

    private func captured(_ amount: Money = .nok(12_900)) -> PaymentCaptured {
        PaymentCaptured(
            paymentID: payment, saleID: .fresh, reference: "OSL-1000007-1-9f03ab12", msn: "123456", amount: amount,
            capturedAt: TillHouse.noon)
    }

    private func refunded(_ inAll: Int64) -> PaymentRefunded {
        PaymentRefunded(
            paymentID: payment, saleID: .fresh, refundID: .fresh, amount: .nok(inAll), refundedInAll: .nok(inAll),
            outside: true, refundedAt: TillHouse.noon)
    }

    @Test("is shown until it is refunded, and twice heard is there once") func shown() async throws {
        try await TillHouse.ready { house, kari async throws in
            func listed() async throws -> [PaymentWithoutSale] {
                try await house.useCases.withoutSale.paymentsWithoutSale(in: .kaffe)
            }
            try await house.hear(captured())
            try await house.hear(captured())
            #expect(try await listed().map(\.reference) == ["OSL-1000007-1-9f03ab12"])
            try await house.hear(refunded(2_900))
            #expect(try await listed().map(\.kept) == [.nok(10_000)])
            try await house.hear(captured())  // As a gateway that was restored tells it.
            #expect(try await listed().map(\.kept) == [.nok(10_000)])
            try await house.hear(refunded(12_900))
            #expect(try await listed() == [])
        }
    }

    @Test("is told over HTTP to administrator and operator, and to no cashier") func told() async throws {
        try await TillHouse.ready { house, kari async throws in
            try await house.hear(captured())
            for (name, password) in [("admin", "surdeigsbrod"), ("operator", "fjernhjelp")] {
                let answer = try await Browser(kari.client).signedIn(name, password).ask(.get, "payments-without-sale")
                #expect(answer.list("payments").map { $0["reference"] as? String } == ["OSL-1000007-1-9f03ab12"])
                let kept = answer.list("payments").first?["captured"] as? [String: Any]
                #expect(kept?["minorUnits"] as? Int == 12_900 && kept?["currency"] as? String == "NOK")
            }
            let other = try await Browser(kari.client).signedIn("admin", "havnefront")
            #expect(try await other.ask(.get, "payments-without-sale").list("payments").isEmpty)
            #expect(try await kari.ask(.get, "payments-without-sale").status == 403)
        }
    }

    @Test("stands on the operator's page with its reference and what is left of it") func page() async throws {
        try await PagesHouse.as("operator", "fjernhjelp") { house, ola async throws in
            try await house.house.hear(captured())
            try await house.house.hear(refunded(2_900))
            let page = try await ola.get("/pos/pages/operations/attention")
            #expect(page.says("Money without a sale") && page.says("OSL-1000007-1-9f03ab12") && page.says("100.00"))
        }
    }

    @Test("is nobody else's affair") func tenants() async throws {
        try await TillHouse.ready { house, kari async throws in
            let sale = try await kari.coffee()
            _ = try await kari.command(sale, "start-payment", byPhone)
            let start = try #require(try await house.told(StartPayment.self).first)
            // Of a payment that another tenant's sale has nothing is kept.
            let stranger = TenantID.havn
            try await house.hear(
                PaymentCaptured(
                    paymentID: start.paymentID, saleID: start.saleID, reference: start.reference, msn: start.msn,
                    amount: start.amount, capturedAt: TillHouse.noon), tenant: stranger)
            #expect(try await house.useCases.withoutSale.paymentsWithoutSale(in: stranger) == [])
            // What one tenant is shown, no other is, and no other changes it.
            try await house.hear(captured())
            try await house.hear(refunded(12_900), tenant: stranger)
            #expect(try await house.useCases.withoutSale.paymentsWithoutSale(in: stranger) == [])
            #expect(try await house.useCases.withoutSale.paymentsWithoutSale(in: .kaffe).map(\.kept) == [.nok(12_900)])
            // Nor is money shown to a shop that does not exist.
            try await house.hear(captured(), tenant: .fresh)
        }
    }

    @Test("is refused when it cannot be the shop's", arguments: [Money.nok(0), .nok(-1), .nok(.max)])
    func amounts(amount: Money) async throws {
        try await TillHouse.ready { house, _ async throws in
            await #expect(throws: Invalid.self) { try await house.hear(captured(amount)) }
        }
    }
}
