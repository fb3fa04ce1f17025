import Foundation
import SharedKernel

/// A sale, from its first line to the money, or the return of lines of an earlier one.
///
/// Changes only through `decide` (may refuse) and `evolved(by:)` (may not). In a return, lines and total are negative, and
/// `received`, `pending` and `due` tell, as positive amounts, what has gone back, is on its way back and is still to go back.
package struct Sale: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case sale
        case returning(of: SaleID, identifier: SaleIdentifier)
    }

    package enum State: Sendable, Hashable {
        case open
        case parked
        /// `by` is absent when the sale completed by itself.
        case completed(at: Date, by: UserID?)
        case abandoned(at: Date, by: UserID?)
    }

    package enum InvoiceMail: String, Sendable, Hashable, CaseIterable { case waiting, mailed, failed }

    package static let linesMax = 200
    package static let paymentsMax = 50
    package static let refundsMax = 100

    package let id: SaleID
    package let tenantID: TenantID
    package let identifier: SaleIdentifier
    package let kind: Kind
    package let organizationalUnitID: OrganizationalUnitID
    package internal(set) var agentInstanceID: AgentInstanceID?
    package let currency: Currency
    package let startedAt: Date
    package let startedBy: UserID

    package internal(set) var state: State = .open
    package internal(set) var lines: [SaleLine] = []
    package internal(set) var payments: [Payment] = []
    package internal(set) var refunds: [Refund] = []
    /// Returns of this sale's lines.
    package internal(set) var returns: [LineReturn] = []
    package internal(set) var invoiceEmail: EmailAddress?
    package internal(set) var invoiceMail: InvoiceMail?

    package init(
        id: SaleID, tenantID: TenantID, identifier: SaleIdentifier, kind: Kind = .sale,
        organizationalUnitID: OrganizationalUnitID, agentInstanceID: AgentInstanceID?, currency: Currency,
        startedAt: Date, startedBy: UserID
    ) {
        self.id = id
        self.tenantID = tenantID
        self.identifier = identifier
        self.kind = kind
        self.organizationalUnitID = organizationalUnitID
        self.agentInstanceID = agentInstanceID
        self.currency = currency
        self.startedAt = startedAt
        self.startedBy = startedBy
    }

    /// For stores: a sale as it was kept.
    package init(
        _ beginning: Sale, state: State, lines: [SaleLine], payments: [Payment], refunds: [Refund],
        returns: [LineReturn], invoiceEmail: EmailAddress?, invoiceMail: InvoiceMail?
    ) {
        self = beginning
        self.state = state
        self.lines = lines
        self.payments = payments
        self.refunds = refunds
        self.returns = returns
        self.invoiceEmail = invoiceEmail
        self.invoiceMail = invoiceMail
    }
}

// What the numbers are.
extension Sale {
    package var isReturn: Bool {
        switch kind {
        case .sale: false
        case .returning: true
        }
    }

    /// Open or parked: it can still go on.
    package var isUnderWay: Bool {
        switch state {
        case .open, .parked: true
        case .completed, .abandoned: false
        }
    }

    package var endedAt: Date? {
        switch state {
        case .open, .parked: nil
        case .completed(let at, _), .abandoned(let at, _): at
        }
    }

    package var zero: Money { .zero(currency) }

    /// Tax included; negative in a return.
    package var total: Money { lines.map(\.total).sum(in: currency) }

    package var tax: Money { lines.map(\.tax).sum(in: currency) }

    /// By rate, lowest first.
    package var taxes: [TaxTotal] {
        Dictionary(grouping: lines, by: \.vatRate).sorted { $0.key < $1.key }.map { rate, lines in
            TaxTotal(rate: rate, tax: lines.map(\.tax).sum(in: currency), gross: lines.map(\.total).sum(in: currency))
        }
    }

    /// Money that is here for this sale. In a return: money that has gone back.
    package var received: Money {
        switch kind {
        case .sale:
            payments.map(\.captured).sum(in: currency)
                - refunds.filter(\.undoesReceipt).map(\.amount).sum(in: currency)
        case .returning:
            refunds.filter { $0.state == .refunded }.map(\.amount).sum(in: currency)
        }
    }

    /// Asked for and not decided yet.
    package var pending: Money {
        switch kind {
        case .sale: payments.filter(\.isPending).map(\.amount).sum(in: currency)
        case .returning: refunds.filter { $0.state == .requested }.map(\.amount).sum(in: currency)
        }
    }

    /// What can still be asked for (in a return: paid back). Zero once the sale has ended.
    package var due: Money {
        guard isUnderWay else { return zero }
        let whole = isReturn ? zero - total : total
        return max(zero, whole - received - pending)
    }

    /// Cash given back.
    package var change: Money {
        payments.map { payment in
            if case .cash(_, let change) = payment.means { change } else { zero }
        }.sum(in: currency)
    }

    /// Lines cannot be changed now: a payment is under way.
    package var linesAreLocked: Bool { !isUnderWay || isReturn || hasPaymentInFlight }

    /// A payment may still bring money.
    package var hasPaymentInFlight: Bool { payments.contains { !$0.state.isEnded } }

    package func payment(_ id: PaymentID) -> Payment? { payments.first { $0.id == id } }
    package func refund(_ id: RefundID) -> Refund? { refunds.first { $0.id == id } }
    package func line(_ id: SaleLineID) -> SaleLine? { lines.first { $0.id == id } }

    /// Gone back along a payment.
    package func refunded(of payment: PaymentID) -> Money {
        refunds.filter { $0.paymentID == payment && $0.state == .refunded }.map(\.amount).sum(in: currency)
    }

    package func refundPending(of payment: PaymentID) -> Money {
        refunds.filter { $0.paymentID == payment && $0.state == .requested }.map(\.amount).sum(in: currency)
    }

    /// What can still go back along a payment: captured - refunded - on its way back.
    package func refundable(of payment: Payment) -> Money {
        max(zero, payment.captured - refunded(of: payment.id) - refundPending(of: payment.id))
    }

    /// How many of a line have not been returned.
    package func returnable(of line: SaleLine) -> Int {
        guard !isReturn, case .completed = state else { return 0 }
        return line.quantity - returnedParts(of: line.id).map(\.quantity).reduce(0, +)
    }

    func returnedParts(of line: SaleLineID) -> [LineReturn.Part] {
        returns.filter { $0.state != .abandoned }.flatMap(\.parts).filter { $0.lineID == line }
    }

    /// A person should look: the sale has ended but the outcome of a payment is unknown, or money could not go back.
    package var needsAttention: Bool {
        let outcomeUnknown = !isUnderWay && hasPaymentInFlight
        return outcomeUnknown || isOwing
    }

    /// Holds money that belongs to the customer, because it could not go back by itself. What somebody gave back
    /// once that was known mends it; what was given back before was a favour.
    private var isOwing: Bool {
        guard let stuck = refunds.firstIndex(where: \.isStuck), let knownAt = refunds[stuck].endedAt else {
            return false
        }
        let goneBack = refunds.indices.filter { index in
            switch refunds[index].cause {
            case .returned: false
            case .reason: index > stuck && refunds[index].requestedAt >= knownAt && refunds[index].counts
            case .tooLate, .tooMuch, .outside: refunds[index].counts
            }
        }.map { refunds[$0].amount }.sum(in: currency)
        let kept = payments.map(\.captured).sum(in: currency) - goneBack
        return switch state {
        case .abandoned: kept.isPositive
        case .open, .parked, .completed: kept > total
        }
    }
}
