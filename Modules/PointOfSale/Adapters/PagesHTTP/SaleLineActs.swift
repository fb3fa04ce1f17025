import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// One line of the basket: more, less, and the dialog with price and discount.

extension PointOfSalePages {
    func addLineActs(to routes: PageRoutes) {
        routes.post("sale/{saleID}/lines/{lineID}/quantity") { visit in
            let line: SaleLineID = try visit.identifier("lineID", of: "line")
            let quantity = try quantity(visit)
            let request: SaleRequest = quantity == 0 ? .removeLine(line) : .changeQuantity(line, quantity)
            return try await changed(visit, line, by: request)
        }
        routes.post("sale/{saleID}/lines/{lineID}/remove") { visit in
            let line: SaleLineID = try visit.identifier("lineID", of: "line")
            return try await changed(visit, line, by: .removeLine(line))
        }
        routes.get("sale/{saleID}/lines/{lineID}") { visit in
            let sale = try await sale(visit)
            guard let line = sale.line(try visit.identifier("lineID", of: "line")) else {
                throw SaleRejection.unknownLine
            }
            return visit.fragment("sale/line", LineEditor(sale: sale, line: line).values(visit.reader))
        }
        routes.post("sale/{saleID}/lines/{lineID}") { visit in try await edit(visit) }
    }

    private func quantity(_ visit: PageVisit) throws -> Int {
        guard let quantity = visit.form["quantity"].flatMap({ Int($0) }) else {
            throw FormMistake("quantity", visit.words.text("invalid.quantity"))
        }
        return quantity
    }

    private func changed(_ visit: PageVisit, _ line: SaleLineID, by request: SaleRequest) async throws -> Response {
        let name = try await sale(visit).line(line)?.name
        let sale = try await act(visit, request)
        let words = visit.words
        let said: String? =
            if let line = sale.line(line) { "\(line.quantity) \(line.name)" } else {
                name.map { words.text("sale.removed", ["name": $0]) }
            }
        return .page(try await panel(visit, sale, said: said), events: .closeDialog)
    }

    /// Price, quantity and discount of a form are tried together on a copy first: all of them are taken, or none.
    private func edit(_ visit: PageVisit) async throws -> Response {
        let sale = try await sale(visit)
        guard let line = sale.line(try visit.identifier("lineID", of: "line")) else { throw SaleRejection.unknownLine }
        guard let price = try visit.amount("price") else {
            throw FormMistake("price", visit.words.text("invalid.amount-empty"))
        }
        let changes = LineEditor.changes(
            of: line, quantity: try quantity(visit), price: price, discount: try discount(visit))
        var trial = sale
        let moment = Moment(now: visit.now, user: visit.person.userID)
        for change in changes { trial = trial.evolved(by: try trial.decide(change.command, moment)) }
        var command = try visit.command()
        var after = sale
        for change in changes {
            after = try await useCases.actOnSale(change.request, on: sale.id, command: command, by: visit.person)
            command = command.next.shifted
        }
        return .page(try await panel(visit, after), events: .closeDialog)
    }

    private func discount(_ visit: PageVisit) throws -> Discount {
        let typed = visit.form["discount"] ?? ""
        guard !typed.isEmpty else { return .none }
        if visit.form["discountUnit"] == "percent" {
            // A rate is read like an amount: 12,5 per cent is 1250 hundredths.
            let text = typed.replacingOccurrences(of: "%", with: "")
            guard let rate = try? visit.formats.amount(typed: text, currency: visit.currency).minorUnits, rate <= 10_000
            else { throw FormMistake("discount", visit.words.text("invalid.percent")) }
            return rate == 0 ? .none : .rate(Int(rate))
        }
        guard let amount = try visit.amount("discount"), !amount.isZero else { return .none }
        return .amount(amount)
    }
}

extension CommandID {
    /// One more step away, for the third and fourth command of one form.
    fileprivate var shifted: CommandID {
        var bytes = uuid.uuid
        bytes.13 &+= 1
        return CommandID(UUID(uuid: bytes))
    }
}

/// The dialog of one line.
package struct LineEditor: Sendable {
    let sale: Sale
    let line: SaleLine

    package init(sale: Sale, line: SaleLine) {
        self.sale = sale
        self.line = line
    }

    package struct Change: Sendable, Hashable {
        package let request: SaleRequest
        package let command: SaleCommand
    }

    /// What has to be asked, in an order in which no step is refused that the whole would not be: the old discount goes
    /// first, because it may be more than the new price.
    package static func changes(of line: SaleLine, quantity: Int, price: Money, discount: Discount) -> [Change] {
        var changes: [Change] = []
        func add(_ request: SaleRequest, _ command: SaleCommand) {
            changes.append(Change(request: request, command: command))
        }
        let changesGross = quantity != line.quantity || price != line.unitPrice
        let changesDiscount = discount != line.discountRule
        if line.discountRule != .none, changesGross {
            add(.changeDiscount(line.id, .none), .changeDiscount(line.id, .none))
        }
        if price != line.unitPrice { add(.changePrice(line.id, price), .changePrice(line.id, price)) }
        if quantity != line.quantity { add(.changeQuantity(line.id, quantity), .changeQuantity(line.id, quantity)) }
        if changesDiscount || (changesGross && discount != .none) {
            add(.changeDiscount(line.id, discount), .changeDiscount(line.id, discount))
        }
        return changes
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        var discount = ""
        var isRate = true
        switch line.discountRule {
        case .none: break
        case .rate(let rate):
            discount = reader.formats.input(Money(minorUnits: Int64(rate), currency: sale.currency))
        case .amount(let amount):
            discount = reader.formats.input(amount)
            isRate = false
        }
        return [
            "saleID": .text(sale.id.text), "lineID": .text(line.id.text), "lineName": .text(line.name),
            "quantity": .text(String(line.quantity)), "price": .text(reader.formats.input(line.unitPrice)),
            "symbol": .text(reader.formats.symbol(of: sale.currency)), "discount": .text(discount),
            "isRate": .flag(isRate),
        ]
    }
}
