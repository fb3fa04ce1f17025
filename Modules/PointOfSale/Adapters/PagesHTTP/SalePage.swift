import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// View sale: everything there is to know of one sale, and the way back of goods and money.

extension PointOfSalePages {
    func addSalePage(to routes: PageRoutes) {
        routes.get("sales/{saleID}") { visit in
            let sale = try await sale(visit)
            let people = PeopleNames(try await useCases.users.all(in: visit.tenant))
            let till = try await useCases.tills.all(in: visit.tenant).first { $0.id == sale.agentInstanceID }
            return visit.live(
                "view/page",
                SaleView(sale: sale, people: people, tillName: till?.name, isAdministrator: visit.isAdministrator)
                    .values(visit.reader))
        }
        addReturns(to: routes)
        addRefunds(to: routes)
    }

    /// Goods back: lines of the sale become a return in the basket.
    private func addReturns(to routes: PageRoutes) {
        routes.get("sales/{saleID}/refund") { visit in
            visit.fragment("view/refund", ReturnChoice(try await sale(visit)).values(visit.reader))
        }
        routes.post("sales/{saleID}/refund") { visit in
            let sale = try await sale(visit)
            let wanted: SaleRequest.ReturnedLines =
                visit.form["all"] == nil ? .some(try ReturnChoice(sale).read(visit.form, visit.words)) : .all
            let basket = try await act(visit, .returnLines(wanted))
            return .done(ClientEvents.closeDialog.go("new-sale/\(basket.id)"))
        }
    }

    /// Money back: along a payment of the original for a return, or without goods and with a reason.
    private func addRefunds(to routes: PageRoutes) {
        routes.get("sale/{saleID}/refund-payment") { visit in
            let basket = try await sale(visit)
            guard case .returning(let id, _) = basket.kind else { throw SaleRejection.notAReturn }
            let original = try await useCases.viewSale(id, in: visit.tenant)
            let choice = RefundChoice(
                original: original, most: basket.due, chosen: visit.query("payment").flatMap { PaymentID($0) })
            return visit.fragment(
                "view/refund-payment",
                choice.values(visit.reader).merging([
                    "address": .text("/pos/pages/sale/\(basket.id)/refund-payment"), "target": "#sale",
                ]))
        }
        routes.post("sale/{saleID}/refund-payment") { visit in
            let sale = try await act(
                visit, .refundOriginalPayment(try visit.chosen("payment"), try refundAmount(visit)))
            return .page(try await panel(visit, sale), events: refundNote(visit, sale))
        }
        routes.get("sales/{saleID}/refund-amount") { visit in
            let sale = try await sale(visit)
            let choice = RefundChoice(
                original: sale, most: nil, chosen: visit.query("payment").flatMap { PaymentID($0) })
            return visit.fragment(
                "view/refund-payment",
                choice.values(visit.reader).merging([
                    "address": .text("/pos/pages/sales/\(sale.id)/refund-amount"), "asksReason": true,
                ]))
        }
        routes.post("sales/{saleID}/refund-amount") { visit in
            let reason = visit.form["reason"] ?? ""
            guard !reason.isEmpty else { throw FormMistake("reason", visit.words.text("invalid.missing")) }
            let sale = try await act(
                visit, .refundPayment(try visit.chosen("payment"), try refundAmount(visit), reason: reason))
            return .done(refundNote(visit, sale))
        }
    }

    private func refundAmount(_ visit: PageVisit) throws -> Money {
        guard let amount = try visit.amount("amount") else {
            throw FormMistake("amount", visit.words.text("invalid.amount-empty"))
        }
        return amount
    }

    /// Cash is back at once, everything else is on its way.
    private func refundNote(_ visit: PageVisit, _ sale: Sale) -> ClientEvents {
        let amount = (try? refundAmount(visit)).map(visit.formats.money) ?? ""
        let isBack = sale.refunds.last?.method == .cash
        return .closeDialog.toast(visit.words.text(isBack ? "refund.done" : "refund.started", ["amount": amount]))
    }
}

/// Display names by user.
package struct PeopleNames: Sendable {
    private let names: [UserID: String]

    package init(_ users: [User]) { names = Dictionary(users.map { ($0.id, $0.displayName) }) { first, _ in first } }

    func name(_ id: UserID?) -> String? { id.flatMap { names[$0] } }
}

/// Which lines come back, and how many of each.
package struct ReturnChoice: Sendable {
    let sale: Sale

    package init(_ sale: Sale) { self.sale = sale }

    package func values(_ reader: PageReader) -> TemplateValue {
        let lines = sale.lines.filter { sale.returnable(of: $0) > 0 }
        return [
            "saleID": .text(sale.id.text), "title": reader.text("view.title", ["number": sale.identifier.text]),
            "lines": .list(
                lines.map { line in
                    let left = sale.returnable(of: line)
                    return [
                        "lineID": .text(line.id.text), "name": .text(line.name), "left": .text(String(left)),
                        "leftOf": reader.text(
                            "refund.leftOf", ["left": String(left), "total": String(line.quantity)]),
                        "amount": reader.money(line.total),
                        "hasMany": .flag(left > 1),
                    ]
                }),
            "isEmpty": .flag(lines.isEmpty),
        ]
    }

    /// - Throws: `FormMistake` at the line that is wrong.
    package func read(_ form: FormFields, _ words: Words) throws -> [LineQuantity] {
        let chosen = Set(form.all("line"))
        let wanted = try sale.lines.filter { chosen.contains($0.id.text) }.map { line in
            let field = "quantity-\(line.id)"
            guard let quantity = Int(form[field] ?? "1"), quantity > 0 else {
                throw FormMistake(field, words.text("invalid.quantity"))
            }
            return LineQuantity(lineID: line.id, quantity: quantity)
        }
        guard !wanted.isEmpty else { throw FormMistake("line", words.text("refund.nothingSelected")) }
        return wanted
    }
}

/// Along which payment money goes back, and how much.
package struct RefundChoice: Sendable {
    let original: Sale
    /// What a return still owes; `nil` where only the payment limits it.
    let most: Money?
    let chosen: PaymentID?

    package init(original: Sale, most: Money?, chosen: PaymentID?) {
        self.original = original
        self.most = most
        self.chosen = chosen
    }

    private func most(of payment: Payment) -> Money {
        let left = original.refundable(of: payment)
        return most.map { min($0, left) } ?? left
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let payments = original.payments.filter { original.refundable(of: $0).isPositive }
        let first = payments.first { $0.id == chosen } ?? payments.first
        return [
            "title": reader.text("view.title", ["number": original.identifier.text]),
            "payments": .list(
                payments.map { payment in
                    let amount = reader.formats.money(original.refundable(of: payment))
                    return [
                        "paymentID": .text(payment.id.text), "name": .text(payment.option.name),
                        "isChosen": .flag(payment.id == first?.id),
                        "left": .text("\(reader.words.text("view.refundable")): \(amount)"),
                    ]
                }),
            "isEmpty": .flag(payments.isEmpty), "amount": .text(first.map { reader.formats.input(most(of: $0)) } ?? ""),
            "amountHint": first.map {
                reader.text("refund.amountHint", ["amount": reader.formats.money(most(of: $0))])
            } ?? .nothing,
            "symbol": .text(reader.formats.symbol(of: original.currency)),
            "asksReason": false, "takesDays": .flag(payments.contains { $0.option.method != .cash }),
        ]
    }
}
