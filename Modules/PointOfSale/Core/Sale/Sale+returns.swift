import Foundation
import SharedKernel

/// So many of one line, to come back.
package struct LineQuantity: Sendable, Hashable {
    package let lineID: SaleLineID
    package let quantity: Int

    package init(lineID: SaleLineID, quantity: Int) {
        self.lineID = lineID
        self.quantity = quantity
    }
}

/// A return touches two sales: the original keeps what has come back, the return has the lines in its basket.
extension Sale {
    /// Everything that has not been returned yet.
    package var everythingReturnable: [LineQuantity] {
        lines.map { LineQuantity(lineID: $0.id, quantity: returnable(of: $0)) }.filter { $0.quantity > 0 }
    }

    /// Puts lines of this completed sale into `basket`, a new return.
    ///
    /// A part of a line carries its share of total and tax, rounded towards nothing; the last part carries what is left, so
    /// that the parts add up to the line whatever the order.
    package func decideReturn(
        of wanted: [LineQuantity], into basket: Sale, _ moment: Moment
    ) throws(SaleRejection) -> (original: [SaleEvent], basket: [SaleEvent]) {
        guard !isReturn else { throw .isAReturn }
        guard case .completed = state else { throw .notCompleted }
        guard !wanted.isEmpty else { throw .nothingLeftToReturn }
        guard Set(wanted.map(\.lineID)).count == wanted.count else { throw .linesDoubled }
        var parts: [LineReturn.Part] = []
        var added: [SaleEvent] = []
        for item in wanted {
            guard let line = line(item.lineID) else { throw .unknownLine }
            guard item.quantity > 0, item.quantity <= SaleLine.quantityMax else {
                throw .quantityOutOfRange(max: SaleLine.quantityMax)
            }
            let left = returnable(of: line)
            guard item.quantity <= left else { throw .quantityBeyondReturnable(lineID: line.id, left: left) }
            let part = part(of: line, quantity: item.quantity, isLast: item.quantity == left)
            parts.append(part)
            added.append(.lineAdded(backLine(for: part, of: line, id: moment.newID())))
        }
        let lineReturn = LineReturn(returnID: basket.id, identifier: basket.identifier, parts: parts, state: .open)
        return ([.linesReturned(lineReturn)], [.started] + added)
    }

    private func part(of line: SaleLine, quantity: Int, isLast: Bool) -> LineReturn.Part {
        let earlier = returnedParts(of: line.id)
        if isLast {
            return LineReturn.Part(
                lineID: line.id, quantity: quantity, total: line.total - earlier.map(\.total).sum(in: currency),
                tax: line.tax - earlier.map(\.tax).sum(in: currency))
        }
        func share(_ whole: Money) -> Money {
            Money(minorUnits: whole.minorUnits * Int64(quantity) / Int64(line.quantity), currency: currency)
        }
        return LineReturn.Part(lineID: line.id, quantity: quantity, total: share(line.total), tax: share(line.tax))
    }

    private func backLine(for part: LineReturn.Part, of line: SaleLine, id: SaleLineID) -> SaleLine {
        let gross = Money(minorUnits: -line.unitPrice.minorUnits * Int64(part.quantity), currency: currency)
        return SaleLine(
            id: id, productID: line.productID, number: line.number, name: line.name, quantity: -part.quantity,
            unitPrice: line.unitPrice, vatRate: line.vatRate,
            origin: .returned(of: line.id, discount: gross + part.total, tax: zero - part.tax))
    }

    /// Pays back along a payment of this sale for `basket`, its return: never more than is left of the payment, never more
    /// than the return still owes.
    package func decideRefund(
        _ id: RefundID, along paymentID: PaymentID, amount: Money, for basket: Sale, _ moment: Moment
    ) throws(SaleRejection) -> (original: [SaleEvent], basket: [SaleEvent]) {
        guard basket.isReturn else { throw .notAReturn }
        try basket.requireOpen()
        guard amount.currency == currency else { throw .wrongCurrency(field: "amount", expected: currency) }
        guard amount.isPositive else { throw .amountNotPositive(field: "amount") }
        guard basket.due.isPositive else { throw .nothingDue }
        guard amount <= basket.due else { throw .amountBeyondReturn(left: basket.due) }
        let events = try decide(.refund(id, paymentID, amount, .returned(in: basket.id)), moment)
        let counted = events.compactMap { event -> SaleEvent? in
            if case .refundRequested(let refund) = event { return .refundCounted(refund) }
            if case .cashPaidOut(let refund) = event { return .refundCounted(refund) }
            return nil
        }
        return (events, basket.withConsequences(counted, moment))
    }
    /// Money that went back earlier without goods leaves less than a later return is worth. When nothing is left to pay back
    /// along any payment of this sale, its return may end with what it still owes.
    package func canEndUnpaid(_ basket: Sale) -> Bool {
        basket.isReturn && basket.pending.isZero
            && payments.allSatisfy { refundable(of: $0).isZero && refundPending(of: $0.id).isZero }
    }

    /// Ends `basket`, the return of this sale, by hand.
    package func decideEnd(of basket: Sale, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        guard basket.isReturn else { throw .notAReturn }
        try basket.requireOpen()
        guard basket.pending.isZero else { throw .paymentUnderWay }
        guard basket.due.isZero || canEndUnpaid(basket) else { throw .stillDue(basket.due) }
        return [.completed(at: moment.now, by: moment.user)]
    }
}
