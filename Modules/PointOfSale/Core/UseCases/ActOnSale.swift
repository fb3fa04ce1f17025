import Foundation
import SharedKernel

/// Gives a cashier's request to a sale: looks up what it names, seals what names a person, lets the sale decide, and keeps
/// the result with its messages in one transaction.
package struct ActOnSale: Sendable {
    private let store: any SaleStore
    private let sealer: any Sealer

    package init(store: any SaleStore, sealer: any Sealer) {
        self.store = store
        self.sealer = sealer
    }

    /// The sale afterwards (for `returnLines` the new return). The same command sent twice acts once and is answered alike.
    ///
    /// - Throws: `SaleRejection`, `Invalid`, `Unknown`, `Conflict`; nothing has changed then.
    package func callAsFunction(
        _ request: SaleRequest, on id: SaleID, command: CommandID, by person: Person
    ) async throws -> Sale {
        let sealed = try await seal(request, of: person)
        return try await store.writeSales { tx in
            let fingerprint = "\(id) \(request.fingerprint)"
            if let answered = try tx.answer(to: command, fingerprint: fingerprint, in: person.tenantID) {
                return answered
            }
            guard let sale = try tx.sale(id, in: person.tenantID) else { throw Unknown("sale") }
            let step = SaleStep(tx: tx, sale: sale, person: person, sealed: sealed)
            let answer = try step.take(request)
            try tx.remember(
                ProcessedCommand(id: command, fingerprint: fingerprint, answer: answer.id), in: person.tenantID)
            return answer
        }
    }

    /// Before the transaction, because sealing takes its time and the store has one writer.
    private func seal(_ request: SaleRequest, of person: Person) async throws -> Identification? {
        let how: SaleRequest.Identifying?
        switch request {
        case .startPayment(_, _, let identifying, _): how = identifying
        case .identify(_, let identifying): how = identifying
        case .changeIdentification(_, let identifying): how = identifying
        case .addProduct, .changeQuantity, .changePrice, .changeDiscount, .removeLine, .setInvoiceEmail, .park, .resume,
            .abortPayment, .payCash, .complete, .abandon, .returnLines, .refundOriginalPayment, .refundPayment:
            how = nil
        }
        switch how {
        case nil, .merchantQR: return nil
        case .oneTimeQR: return .oneTimeQR
        case .checkIn(let id): return .checkIn(id)
        case .personalQR(let text):
            let content = try PersonalQRContent(text, field: "identification.content")
            return .personalQR(envelope: try sealer.seal(Data(content.text.utf8)))
        case .phone(let text):
            let tenant = try await store.readSales { try $0.tenant(person.tenantID) }
            guard let tenant else { throw Unknown("tenant") }
            let number = try PhoneNumber(text, in: tenant.market, field: "identification.phoneNumber")
            return .phoneNumber(envelope: try sealer.seal(Data(number.digits.utf8)), mask: number.mask)
        }
    }
}

/// One request inside its transaction.
private struct SaleStep {
    let tx: any SaleTransaction
    let sale: Sale
    let person: Person
    let sealed: Identification?

    private var moment: Moment { Moment(now: tx.now, user: person.userID) }

    func take(_ request: SaleRequest) throws -> Sale {
        switch request {
        case .returnLines(let lines): try returning(lines)
        case .refundOriginalPayment(let payment, let amount): try refunding(payment, amount)
        case .startPayment(let option, let amount, _, let email):
            try paying(.startPayment(try order(option, amount: amount)), email: email)
        case .payCash(let option, let amount, let received, let email):
            try paying(.payCash(try cashOrder(option, amount: amount, received: received)), email: email)
        case .identify(let payment, _): try identifying(payment)
        case .complete where sale.isReturn: try endingReturn()
        case .addProduct, .changeQuantity, .changePrice, .changeDiscount, .removeLine, .setInvoiceEmail, .park, .resume,
            .changeIdentification, .abortPayment, .complete, .abandon, .refundPayment:
            try tx.advance(sale, by: sale.decide(try command(for: request), moment))
        }
    }

    private func command(for request: SaleRequest) throws -> SaleCommand {
        switch request {
        case .addProduct(let choice, let quantity):
            return .addProduct(try product(choice).onSale, quantity: quantity, lineID: .new(at: tx.now))
        case .changeQuantity(let line, let quantity): return .changeQuantity(line, quantity)
        case .changePrice(let line, let price): return .changePrice(line, price)
        case .changeDiscount(let line, let discount): return .changeDiscount(line, discount)
        case .removeLine(let line): return .removeLine(line)
        case .setInvoiceEmail(let email): return .setInvoiceEmail(email)
        case .park: return .park
        case .resume: return .resume(at: try tx.profile(of: person)?.agentInstanceID)
        case .changeIdentification(let id, _):
            guard let payment = sale.payment(id), let terms = payment.terms else { throw SaleRejection.unknownPayment }
            return .changeIdentification(
                id,
                PaymentOrder(
                    paymentID: .new(at: tx.now), option: payment.option, amount: payment.amount, terms: terms,
                    identification: try usable(sealed, at: terms)))
        case .abortPayment(let payment): return .abortPayment(payment)
        case .complete: return .complete
        case .abandon: return .abandon
        case .refundPayment(let payment, let amount, let reason):
            let because = try words(reason, field: "reason", max: 200)
            guard because.count >= 3 else {
                throw Invalid(field: "reason", slug: "too-short", reason: "must have at least 3 characters")
            }
            return .refund(.new(at: tx.now), payment, amount, .reason(because))
        case .startPayment, .payCash, .identify, .returnLines, .refundOriginalPayment:
            preconditionFailure("taken elsewhere")
        }
    }

    private func paying(_ command: @autoclosure () throws -> SaleCommand, email: EmailAddress?) throws -> Sale {
        let wished = email == nil ? [] : try sale.decide(.setInvoiceEmail(email), moment)
        let ready = sale.evolved(by: wished)
        let events = wished + (try ready.decide(try command(), moment))
        return try tx.advance(sale, by: events)
    }

    private func product(_ choice: SaleRequest.Choice) throws -> Product {
        switch choice {
        case .product(let id):
            guard let product = try tx.product(id, in: person.tenantID) else { throw Unknown("product") }
            return product
        case .code(let code):
            guard let product = try tx.product(code: code, in: person.tenantID) else {
                throw Invalid(field: "code", slug: "no-such-product", reason: "belongs to no product; find it by name")
            }
            return product
        }
    }
}

// Money in.
extension SaleStep {
    private func option(_ id: PaymentOptionID, _ method: PaymentMethod) throws -> ChosenOption {
        guard let option = try tx.paymentOption(id, in: person.tenantID) else { throw Unknown("payment option") }
        guard option.enabled else {
            throw Conflict("option-disabled", "This payment option is disabled. Choose another, or enable it first.")
        }
        guard option.method == method else {
            throw Invalid(
                field: "paymentOptionID", slug: "wrong-kind", reason: "must be an option of the type \(method.rawValue)"
            )
        }
        return ChosenOption(id: option.id, name: option.name, method: option.method)
    }

    fileprivate func cashOrder(_ id: PaymentOptionID, amount: Money?, received: Money) throws -> CashOrder {
        CashOrder(paymentID: .new(at: tx.now), option: try option(id, .cash), amount: amount, received: received)
    }

    fileprivate func order(_ id: PaymentOptionID, amount: Money?) throws -> PaymentOrder {
        let option = try option(id, .vippsEPayment)
        let terms = try terms()
        return PaymentOrder(
            paymentID: .new(at: tx.now), option: option, amount: amount, terms: terms,
            identification: try usable(sealed, at: terms))
    }

    /// The sales unit of the session's profile and its agreement.
    private func terms() throws -> VippsTerms {
        guard let tenant = try tx.tenant(person.tenantID), tenant.hasElectronicPayments else {
            throw Conflict(
                "payments-not-enabled", "Electronic payments are not part of this tenant's features (Payments.Basic).")
        }
        guard let profile = try tx.profile(of: person) else {
            throw Conflict("no-till", "Select an agent profile for this session first, then try again.")
        }
        guard let salesUnitID = profile.salesUnitID, let unit = try tx.salesUnit(salesUnitID, in: person.tenantID)
        else {
            throw Conflict(
                "no-sales-unit",
                "The agent profile has no Vipps sales unit. An administrator chooses one under Agent instances.")
        }
        guard let agreement = try tx.agreement(unit.agreementID, in: person.tenantID), agreement.hasKeys else {
            throw Conflict("keys-missing", "The Vipps agreement has no API keys yet. An administrator sets them.")
        }
        return VippsTerms(agreementID: agreement.id, msn: unit.msn, agentInstanceID: profile.agentInstanceID)
    }

    fileprivate func identifying(_ id: PaymentID) throws -> Sale {
        guard let payment = sale.payment(id), let terms = payment.terms else { throw SaleRejection.unknownPayment }
        guard let identification = try usable(sealed, at: terms) else {
            // Waiting for the till's printed code is what a payment without identification does anyway.
            guard payment.state == .awaitingIdentification else { throw SaleRejection.notAwaitingIdentification }
            return sale
        }
        return try tx.advance(sale, by: sale.decide(.identify(id, identification), moment))
    }

    /// A check-in is used up by the payment it starts.
    fileprivate func usable(_ identification: Identification?, at terms: VippsTerms) throws -> Identification? {
        guard case .checkIn(let id) = identification else { return identification }
        guard let checkIn = try tx.checkIn(at: terms.agentInstanceID, in: person.tenantID), checkIn.id == id,
            checkIn.msn == terms.msn, checkIn.validUntil > tx.now
        else {
            throw Invalid(
                field: "identification.checkInID", slug: "check-in-gone",
                reason: "is not waiting at this till any more; ask the customer to scan the code again")
        }
        try tx.removeCheckIn(at: terms.agentInstanceID, in: person.tenantID)
        return identification
    }
}

// Goods and money back.
extension SaleStep {
    fileprivate func returning(_ wanted: SaleRequest.ReturnedLines) throws -> Sale {
        let till = try tx.till(of: person)
        let lines =
            switch wanted {
            case .all: sale.everythingReturnable
            case .some(let lines): lines
            }
        let basket = Sale(
            id: .new(at: tx.now), tenantID: sale.tenantID,
            identifier: try tx.nextIdentifier(in: till.organizationalUnitID, of: sale.tenantID),
            kind: .returning(of: sale.id, identifier: sale.identifier), organizationalUnitID: till.organizationalUnitID,
            agentInstanceID: till.id, currency: sale.currency, startedAt: tx.now, startedBy: person.userID)
        let events = try sale.decideReturn(of: lines, into: basket, moment)
        try tx.advance(sale, by: events.original)
        return try tx.advance(basket, by: events.basket)
    }

    private func original() throws -> Sale {
        guard case .returning(let originalID, _) = sale.kind else { throw SaleRejection.notAReturn }
        guard let original = try tx.sale(originalID, in: person.tenantID) else { throw Unknown("sale") }
        return original
    }

    fileprivate func endingReturn() throws -> Sale {
        try tx.advance(sale, by: try original().decideEnd(of: sale, moment))
    }

    fileprivate func refunding(_ payment: PaymentID, _ amount: Money) throws -> Sale {
        let original = try original()
        let events = try original.decideRefund(.new(at: tx.now), along: payment, amount: amount, for: sale, moment)
        try tx.advance(original, by: events.original)
        return try tx.advance(sale, by: events.basket)
    }
}
