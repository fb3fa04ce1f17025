import Foundation
import SharedKernel

extension Sale {
    /// What happens when `command` meets this sale, with everything that follows by itself: completion, money to go back,
    /// payments that are no longer needed.
    package func decide(_ command: SaleCommand, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        withConsequences(try chosen(command, moment), moment)
    }

    private func chosen(_ command: SaleCommand, _ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        switch command {
        case .addProduct(let product, let quantity, let lineID): try adding(product, quantity, lineID)
        case .changeQuantity(let id, let quantity): try changing(id) { $0.with(quantity: quantity) }
        case .changePrice(let id, let price): try changing(id) { $0.with(unitPrice: price) }
        case .changeDiscount(let id, let discount): try changing(id) { $0.with(discount: discount) }
        case .removeLine(let id): try removing(id)
        case .setInvoiceEmail(let email): try settingEmail(email)
        case .park: try parking()
        case .resume(let agentInstance): try resuming(at: agentInstance)
        case .startPayment(let order): try starting(order, moment)
        case .identify(let id, let identification): try identifying(id, identification, moment)
        case .changeIdentification(let id, let order): try replacing(id, with: order, moment)
        case .abortPayment(let id): try aborting(id, moment)
        case .payCash(let order): try takingCash(order, moment)
        case .complete: try completing(moment)
        case .abandon: try abandoning(moment)
        case .refund(let id, let paymentID, let amount, let cause):
            try refunding(id, paymentID, amount, cause, moment)
        case .forgetCustomer: forgetting(moment)
        }
    }

    func requireOpen() throws(SaleRejection) {
        switch state {
        case .open: return
        case .parked: throw .parked
        case .completed, .abandoned: throw .ended
        }
    }
}

// Lines.
extension Sale {
    private func adding(
        _ product: ProductOnSale, _ quantity: Int, _ lineID: SaleLineID
    ) throws(SaleRejection) -> [SaleEvent] {
        try requireChangeableLines()
        guard quantity > 0, quantity <= SaleLine.quantityMax else {
            throw .quantityOutOfRange(max: SaleLine.quantityMax)
        }
        if let line = lines.first(where: { $0.isPlain(product) }), line.quantity <= SaleLine.quantityMax - quantity {
            return [.lineChanged(try checked(line.with(quantity: line.quantity + quantity)))]
        }
        guard lines.count < Sale.linesMax else { throw .tooManyLines(max: Sale.linesMax) }
        let line = SaleLine(
            id: lineID, productID: product.id, number: product.number, name: product.name, quantity: quantity,
            unitPrice: product.price, vatRate: product.vatRate)
        return [.lineAdded(try checked(line))]
    }

    private func changing(
        _ id: SaleLineID, _ change: (SaleLine) -> SaleLine
    ) throws(SaleRejection) -> [SaleEvent] {
        try requireChangeableLines()
        guard let line = line(id) else { throw .unknownLine }
        let changed = try checked(change(line))
        guard changed != line else { return [] }
        let event = SaleEvent.lineChanged(changed)
        try requireCoversReceived(after: event)
        return [event]
    }

    private func removing(_ id: SaleLineID) throws(SaleRejection) -> [SaleEvent] {
        try requireChangeableLines()
        guard line(id) != nil else { throw .unknownLine }
        try requireCoversReceived(after: .lineRemoved(id))
        return [.lineRemoved(id)]
    }

    private func requireChangeableLines() throws(SaleRejection) {
        try requireOpen()
        guard !isReturn else { throw .isAReturn }
        guard !hasPaymentInFlight else { throw .paymentUnderWay }
    }

    /// A sale never costs less than the money that is already here for it.
    private func requireCoversReceived(after event: SaleEvent) throws(SaleRejection) {
        guard evolved(by: event).total >= received else { throw .belowReceived(received: received) }
    }

    /// Quantity, price and discount inside their limits, so that no sum can overflow. Price before discount: the arithmetic
    /// of the discount is only safe once the price is.
    private func checked(_ line: SaleLine) throws(SaleRejection) -> SaleLine {
        guard line.quantity > 0, line.quantity <= SaleLine.quantityMax else {
            throw .quantityOutOfRange(max: SaleLine.quantityMax)
        }
        guard line.unitPrice.currency == currency else { throw .wrongCurrency(field: "unitPrice", expected: currency) }
        guard !line.unitPrice.isNegative, line.unitPrice.minorUnits <= Money.amountMax else {
            throw .priceOutOfRange(max: Money.amountMax)
        }
        switch line.discountRule {
        case .none: break
        case .rate(let rate): guard (0...10_000).contains(rate) else { throw .discountOutOfRange }
        case .amount(let amount):
            guard amount.currency == currency else { throw .wrongCurrency(field: "discount", expected: currency) }
            guard !amount.isNegative, amount <= line.gross else { throw .discountOutOfRange }
        }
        return line
    }
}

// The basket.
extension Sale {
    private func settingEmail(_ email: EmailAddress?) throws(SaleRejection) -> [SaleEvent] {
        guard isUnderWay else { throw .ended }
        guard !isReturn else { throw .isAReturn }
        return email == invoiceEmail ? [] : [.invoiceEmailSet(email)]
    }

    private func parking() throws(SaleRejection) -> [SaleEvent] {
        switch state {
        case .open: break
        case .parked: return []  // Parked twice: the first time stands.
        case .completed, .abandoned: throw .ended
        }
        guard !hasPaymentInFlight, pending.isZero else { throw .paymentUnderWay }
        return [.parked]
    }

    private func resuming(at agentInstance: AgentInstanceID?) throws(SaleRejection) -> [SaleEvent] {
        switch state {
        case .parked: return [.resumed(at: agentInstance)]
        case .open: throw .notParked
        case .completed, .abandoned: throw .ended
        }
    }

    private func completing(_ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        try requireOpen()
        guard !lines.isEmpty else { throw .noLines }
        guard pending.isZero else { throw .paymentUnderWay }
        guard due.isZero else { throw .stillDue(due) }
        return [.completed(at: moment.now, by: moment.user)]
    }

    private func abandoning(_ moment: Moment) throws(SaleRejection) -> [SaleEvent] {
        guard isUnderWay else { throw .ended }
        if isReturn {
            guard pending.isZero else { throw .paymentUnderWay }
            guard received.isZero else { throw .belowReceived(received: received) }
        }
        let givenUp = payments.compactMap { payment -> SaleEvent? in
            switch payment.state {
            case .awaitingIdentification: .paymentMoved(payment.id, .withdrawn, at: moment.now)
            case .requested, .atVipps, .authorized, .aborting(.cashier), .aborting(.otherIdentification):
                .paymentAbortAsked(payment.id, .saleAbandoned, at: moment.now, by: moment.user)
            case .aborting(.saleAbandoned), .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn:
                nil
            }
        }
        return givenUp + [.abandoned(at: moment.now, by: moment.user)]
    }
}
