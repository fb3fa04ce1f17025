import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The customer's screen of a till: what is to be paid, the code to scan, and what became of it.

extension PointOfSalePages {
    func addCustomerDisplay(to routes: PageRoutes) {
        routes.router.get("/pos/display/{agentInstanceID}") { request, context in
            guard context.session != nil else { return Response.redirect(to: Self.signInPath, type: .normal) }
            let visit = try await visit(request, context)
            let preferences = Preferences(request)
            let page = frame.bare(
                try await display(visit), title: visit.words.text("display.title"), isLive: true, csrf: nil,
                theme: preferences.theme, words: visit.words)
            return .page(page)
        }
        routes.get("display/{agentInstanceID}") { visit in .page(try await display(visit)) }
    }

    private func display(_ visit: PageVisit) async throws -> String {
        let id: AgentInstanceID = try visit.identifier("agentInstanceID", of: "till")
        guard let till = try await useCases.tills.all(in: visit.tenant).first(where: { $0.id == id }) else {
            throw Problem.notFound("till")
        }
        let list = useCases.saleList
        let newest = try await list.page(SaleQuery(agentInstanceID: id, limit: 5), in: visit.tenant).sales
        var sale: Sale?
        for summary in newest {
            let candidate = try await useCases.viewSale(summary.id, in: visit.tenant)
            if CustomerDisplay.isShown(candidate, at: visit.now) {
                sale = candidate
                break
            }
        }
        let display = CustomerDisplay(
            till: till, shop: visit.current.tenant.name, sale: sale, codeAddress: try await codeAddress(of: till, visit)
        )
        return visit.html("display/screen", display.values(visit.reader))
    }

    /// The till's printed code, if its drawing has been fetched.
    private func codeAddress(of till: AgentInstance, _ visit: PageVisit) async throws -> String? {
        for profile in till.profiles {
            guard let unit = profile.salesUnitID, let code = profile.merchantQRID else { continue }
            let codes = try await useCases.merchantQRs.all(of: unit, in: visit.tenant).codes.codes
            guard codes.contains(where: { $0.merchantQRID == code && $0.hasImage }) else { continue }
            return "/pos/api/vipps-sales-units/\(unit)/merchant-qrs/\(code)/image"
        }
        return nil
    }
}

/// What the customer sees.
package struct CustomerDisplay: Sendable {
    /// How long an ending is shown.
    package static let endingLife: TimeInterval = 20

    let till: AgentInstance
    let shop: String
    let sale: Sale?
    let codeAddress: String?

    package init(till: AgentInstance, shop: String, sale: Sale?, codeAddress: String?) {
        self.till = till
        self.shop = shop
        self.sale = sale
        self.codeAddress = codeAddress
    }

    /// Whether a customer still stands before this sale.
    package static func isShown(_ sale: Sale, at now: Date) -> Bool {
        switch sale.state {
        case .open: !sale.lines.isEmpty
        case .parked, .abandoned: false
        case .completed(let at, _): now.timeIntervalSince(at) < endingLife
        }
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let frame: TemplateValue = [
            "tillID": .text(till.id.text), "live": .text("till/\(till.id)"), "shop": .text(shop),
            "seconds": .text(String(Int(Self.endingLife))),
        ]
        guard let sale else { return frame.merging(["isWelcome": true]) }
        if !sale.isUnderWay {
            let amount = sale.isReturn ? sale.received : sale.total
            return frame.merging([
                "paid": ["amount": reader.money(amount), "change": reader.positive(sale.change)],
                "announce": reader.text("display.paid"), "passes": true,
            ])
        }
        return frame.merging(underWay(sale, reader).named)
    }

    private func underWay(_ sale: Sale, _ reader: PageReader) -> TemplateValue {
        let current = sale.payments.last { !$0.state.isEnded && $0.state != .aborting(.otherIdentification) }
        if let payment = current { return waiting(payment, sale, reader) }
        if let last = sale.payments.last, last.state != .withdrawn, last.captured.isZero,
            reader.now.timeIntervalSince(last.since) < Self.endingLife
        {
            return ["notPaid": true, "announce": reader.text("display.notPaid"), "passes": true]
        }
        let isReturn = sale.isReturn
        return [
            "basket": [
                "lines": .list(
                    sale.lines.suffix(8).map { line in
                        [
                            "name": .text(line.name), "quantity": .text(reader.formats.number(line.quantity)),
                            "amount": reader.money(line.total),
                        ]
                    }),
                "label": reader.text(isReturn ? "sale.toRefund" : "display.toPay"), "amount": reader.money(sale.due),
            ]
        ]
    }

    private func waiting(_ payment: Payment, _ sale: Sale, _ reader: PageReader) -> TemplateValue {
        let amount: [String: TemplateValue] = ["amount": reader.money(payment.amount)]
        func shown(_ key: String, _ more: [String: TemplateValue] = [:], _ announce: String) -> TemplateValue {
            [key: .object(amount.merging(more) { _, new in new }), "announce": reader.text(announce)]
        }
        switch payment.state {
        case .awaitingIdentification where codeAddress != nil:
            return shown("code", ["address": .optional(codeAddress)], "display.scan")
        case .atVipps(_, .some):
            let address = "/pos/pages/payment/\(sale.id)/code/\(payment.id)"
            return shown("code", ["address": .text(address)], "display.scan")
        case .atVipps(_, nil): return shown("approve", [:], "display.approve")
        case .awaitingIdentification, .requested, .authorized, .aborting, .captured, .aborted, .expired, .terminated,
            .failed, .released, .withdrawn:
            return shown("moment", [:], "display.wait")
        }
    }
}
