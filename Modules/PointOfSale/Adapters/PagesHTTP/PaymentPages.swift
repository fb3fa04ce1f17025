import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import NIOCore
import PointOfSale
import QRCode
import SharedKernel
import WebUI

// The payment screen: amount, identification, waiting, result. One fragment, `#stage`, is drawn from the sale as it is.

extension PointOfSalePages {
    func addPaymentPages(to routes: PageRoutes) {
        routes.get("payment/{saleID}") { visit in
            let sale = try await sale(visit)
            let option = try await option(visit, visit.query("option"), for: sale)
            let seen = sale.payments.last.map { $0.state.isEnded ? sale.payments.count : sale.payments.count - 1 } ?? 0
            let drawn = try await drawnStage(visit, sale, option, seen: seen)
            return visit.fragment(
                "payment/page",
                [
                    "stage": .text(drawn.html), "saleID": .text(sale.id.text),
                    "title": option.map { visit.reader.text("pay.title", ["option": $0.name]) }
                        ?? visit.reader.text("sale.number", ["number": sale.identifier.text]),
                    "summary": PaymentSummary(sale).values(visit.reader).keyed,
                ])
        }
        routes.get("payment/{saleID}/summary") { visit in
            visit.live("payment/summary", PaymentSummary(try await sale(visit)).values(visit.reader))
        }
        routes.get("payment/{saleID}/stage") { visit in
            let sale = try await sale(visit)
            let option = try await option(visit, visit.query("option"), for: sale)
            let drawn = try await drawnStage(visit, sale, option, seen: visit.query("seen").flatMap { Int($0) } ?? 0)
            // What is shown already stays as it is, with whatever has been typed into it.
            return drawn.key == visit.query("key") ? Response(status: .noContent) : .page(drawn.html)
        }
        routes.get("payment/{saleID}/hint") { visit in
            let sale = try await sale(visit)
            guard let payment = sale.payment(try visit.queried("payment")), !payment.state.isEnded else {
                return Response(status: .noContent)
            }
            return visit.fragment("payment/hint", WaitingStage(sale: sale, payment: payment).hint(visit.reader))
        }
        routes.get("payment/{saleID}/change") { visit in
            let sale = try await sale(visit)
            return visit.fragment("payment/change", ["change": try change(visit, due: sale.due)])
        }
        routes.get("payment/{saleID}/code/{paymentID}") { visit in
            let sale = try await sale(visit)
            guard
                case .atVipps(_, .some(let content)) = sale.payment(
                    try visit.identifier("paymentID", of: "payment"))?.state
            else { throw Unknown("code") }
            return .svg(try QRCode(content).svg)
        }
        addPaymentActs(to: routes)
    }

    private func addPaymentActs(to routes: PageRoutes) {
        routes.post("payment/{saleID}/start") { visit in
            let option: PaymentOptionID = try visit.chosen("option")
            let amount = try visit.amount("amount")
            let email = try invoiceEmail(visit)
            let code = visit.form["code"].flatMap { $0.isEmpty ? nil : $0 }
            try await forgetEmail(visit, unless: email)
            return try await staged(
                visit,
                .startPayment(option, amount: amount, code.map { .personalQR($0) }, invoiceEmail: email))
        }
        routes.post("payment/{saleID}/cash") { visit in
            let email = try invoiceEmail(visit)
            guard let received = try visit.amount("received", max: 1_000_000_000_000) else {
                throw FormMistake("received", visit.words.text("invalid.amount-empty"))
            }
            let amount = try visit.amount("amount", max: 1_000_000_000_000)
            try await forgetEmail(visit, unless: email)
            return try await staged(
                visit, .payCash(try visit.chosen("option"), amount: amount, received: received, invoiceEmail: email))
        }
        routes.post("payment/{saleID}/identify") { visit in
            try await staged(visit, .identify(try visit.chosen("payment"), try identifying(visit)))
        }
        routes.post("payment/{saleID}/switch") { visit in
            let payment: PaymentID = try visit.chosen("payment")
            let how: SaleRequest.Identifying? = visit.form["how"] == "one-time" ? .oneTimeQR : nil
            return try await staged(visit, .changeIdentification(payment, how))
        }
        routes.post("payment/{saleID}/abort") { visit in
            let payment: PaymentID = try visit.chosen("payment")
            do {
                return try await staged(visit, .abortPayment(payment))
            } catch SaleRejection.paymentEnded {
                // The customer, or another screen, was faster: show what became of it.
                let sale = try await sale(visit)
                let option = try await option(visit, visit.form["option"], for: sale)
                let drawn = try await drawnStage(visit, sale, option, seen: seen(visit, sale))
                return .page(drawn.html, events: .toast(visit.words.text("refusal.tooLateToAbort"), .plain))
            }
        }
    }

    // MARK: Reading what was typed

    private func identifying(_ visit: PageVisit) throws -> SaleRequest.Identifying {
        if let checkIn = visit.form["checkIn"].flatMap({ CheckInID($0) }) { return .checkIn(checkIn) }
        if visit.form["how"] == "one-time" { return .oneTimeQR }
        if let code = visit.form["code"], !code.isEmpty { return .personalQR(code) }
        guard let typed = visit.form["phoneNumber"], !typed.isEmpty else {
            throw FormMistake("phoneNumber", visit.words.text("invalid.missing"))
        }
        return .phone(typed)
    }

    private func invoiceEmail(_ visit: PageVisit) throws -> EmailAddress? {
        guard visit.form.isChecked("mail") else { return nil }
        guard let typed = visit.form["email"], !typed.isEmpty else {
            throw FormMistake("email", visit.words.text("invalid.missing"))
        }
        return try EmailAddress(typed)
    }

    /// An address of an earlier attempt goes when the box is not checked any more.
    private func forgetEmail(_ visit: PageVisit, unless email: EmailAddress?) async throws {
        guard email == nil else { return }
        let sale = try await sale(visit)
        guard sale.invoiceEmail != nil, sale.isUnderWay else { return }
        _ = try await useCases.actOnSale(
            .setInvoiceEmail(nil), on: sale.id, command: try visit.command().next, by: visit.person)
    }

    private func change(_ visit: PageVisit, due: Money) throws -> TemplateValue {
        guard let typed = visit.query("received"),
            let received = try? visit.formats.amount(typed: typed, currency: visit.currency, max: 1_000_000_000_000)
        else { return .nothing }
        let wanted = visit.query("amount").flatMap { try? visit.formats.amount(typed: $0, currency: visit.currency) }
        let change = received - min(wanted ?? due, due)
        guard change.isPositive else { return .nothing }
        return visit.reader.text("pay.cashChange", ["amount": visit.formats.money(change)])
    }

    // MARK: Drawing

    private func staged(_ visit: PageVisit, _ request: SaleRequest) async throws -> Response {
        let before = try await sale(visit)
        let sale = try await act(visit, request)
        let option = try await option(visit, visit.form["option"], for: sale)
        let drawn = try await drawnStage(visit, sale, option, seen: seen(visit, before))
        return .page(drawn.html)
    }

    private func seen(_ visit: PageVisit, _ sale: Sale) -> Int {
        visit.form["seen"].flatMap { Int($0) } ?? sale.payments.count
    }

    /// What was chosen, or else the way the sale was last paid, or else the first there is.
    private func option(_ visit: PageVisit, _ id: String?, for sale: Sale) async throws -> PaymentOption? {
        let options = try await useCases.paymentOptions(in: visit.tenant).filter(\.enabled)
        let wanted = id.flatMap { PaymentOptionID($0) } ?? sale.payments.last?.option.id
        return options.first { $0.id == wanted } ?? options.first(where: \.quickAccess)
    }

    private func drawnStage(
        _ visit: PageVisit, _ sale: Sale, _ option: PaymentOption?, seen: Int
    ) async throws -> (html: String, key: String) {
        let checkIn = try await useCases.checkIns(of: visit.person)
        let stage = PaymentStage(of: sale, option: option, seen: seen)
        let key = stage.key(checkIn: checkIn, sale: sale)
        let views = ["sale/\(sale.id)"] + (visit.current.agentInstance.map { ["till/\($0.id)"] } ?? [])
        let common: TemplateValue = [
            "saleID": .text(sale.id.text), "optionID": .optional(option?.id.text), "seen": .text(String(seen)),
            "key": .text(key), "live": .text(views.joined(separator: " ")),
            "due": visit.reader.money(sale.due), "hasDue": .flag(sale.due.isPositive),
        ]
        let values: TemplateValue
        let template: String
        switch stage {
        case .amount(let option):
            template = option.method == .cash ? "payment/cash" : "payment/amount"
            values = AmountStage(sale: sale, option: option).values(visit.reader)
        case .identify(let payment):
            template = "payment/identify"
            values = IdentifyStage(
                payment: payment, checkIn: checkIn, place: try await place(visit),
                market: visit.current.tenant.market
            ).values(visit.reader)
        case .waiting(let payment):
            template = "payment/waiting"
            values = WaitingStage(sale: sale, payment: payment).values(visit.reader)
        case .ended(let payment):
            template = "payment/result"
            values = ResultStage(sale: sale, payment: payment).values(visit.reader)
        case .nothingToPay:
            template = "payment/nothing"
            values = [:]
        }
        return (visit.html(template, common.merging(values.named)), key)
    }

    /// The till's printed code, by the name that stands in the customer's app.
    private func place(_ visit: PageVisit) async throws -> String? {
        guard let profile = visit.current.agentProfile, let unit = profile.salesUnitID, let id = profile.merchantQRID
        else { return nil }
        let codes = try await useCases.merchantQRs.all(of: unit, in: visit.tenant).codes.codes
        return codes.first { $0.merchantQRID == id }?.locationDescription
    }
}

extension PageVisit {
    /// An identifier behind the question mark.
    func queried<Subject>(_ name: String) throws -> Identifier<Subject> {
        guard let identifier = query(name).flatMap({ Identifier<Subject>($0) }) else { throw Unknown(name) }
        return identifier
    }
}

extension TemplateValue {
    /// The named values of an object; none of anything else.
    var named: [String: TemplateValue] { if case .object(let values) = self { values } else { [:] } }
}

extension Response {
    /// An image that our own server drew.
    static func svg(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "image/svg+xml", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
