import Foundation
import SharedKernel

/// Takes in what the gateway says about a payment or a refund; inside the transaction that moves the inbox.
package struct HearPayment: Sendable {
    package init() {}

    /// News of a payment that is not ours, or not of this tenant, means nothing to any sale.
    ///
    /// - Returns: whether a sale of the tenant has the payment.
    /// - Throws: `Invalid` for an amount that cannot be the sale's.
    @discardableResult
    package func callAsFunction(
        _ news: PaymentNews, of payment: PaymentID, in tenant: TenantID, _ tx: any SaleTransaction
    ) throws -> Bool {
        guard let sale = try tx.sale(withPayment: payment, in: tenant) else { return false }
        for amount in news.amounts
        where amount.currency != sale.currency || !(1...Money.amountMax).contains(amount.minorUnits) {
            throw Invalid(field: "amount", slug: "not-of-the-sale", reason: "is \(amount); it cannot be of this sale")
        }
        let moment = Moment(now: tx.now, user: nil)
        let events = sale.hear(news, of: payment, moment)
        let next = try tx.advance(sale, by: events)
        for case .refundEnded(let id, let state, _) in events {
            guard case .returned(let basketID) = next.refund(id)?.cause,
                let basket = try tx.sale(basketID, in: tenant)
            else { continue }
            try tx.advance(basket, by: basket.hearRefund(id, state, moment))
        }
        return true
    }
}

extension PaymentNews {
    fileprivate var amounts: [Money] {
        switch self {
        case .captured(let amount): [amount]
        case .refunded(_, let amount, _, let inAll): [amount] + (inAll.map { [$0] } ?? [])
        case .atVipps, .authorized, .aborted, .expired, .terminated, .failed, .released, .refundFailed: []
        }
    }
}

/// Takes in that an invoice was mailed, or could not be.
package struct HearInvoiceMail: Sendable {
    package init() {}

    package func callAsFunction(
        _ mail: Sale.InvoiceMail, of id: SaleID, in tenant: TenantID, _ tx: any SaleTransaction
    ) throws {
        guard let sale = try tx.sale(id, in: tenant), sale.invoiceMail != nil, sale.invoiceMail != mail else { return }
        try tx.advance(sale, by: [.invoiceMailEnded(mail)])
    }
}

/// Takes in that a customer scanned a till's printed code: the payment that waits there starts by itself; otherwise the
/// check-in waits for one, in the place of any earlier.
package struct HearCheckIn: Sendable {
    package struct Heard: Sendable {
        let id: CheckInID
        let msn: String
        let merchantQRID: String
        let initiatedAt: Date
        let validUntil: Date

        package init(id: CheckInID, msn: String, merchantQRID: String, initiatedAt: Date, validUntil: Date) {
            self.id = id
            self.msn = msn
            self.merchantQRID = merchantQRID
            self.initiatedAt = initiatedAt
            self.validUntil = validUntil
        }
    }

    package init() {}

    package func callAsFunction(_ heard: Heard, in tenant: TenantID, _ tx: any SaleTransaction) throws {
        guard heard.validUntil > tx.now,
            let till = try tx.till(withMerchantQR: heard.merchantQRID, msn: heard.msn, in: tenant)
        else { return }
        let waiting = try tx.checkIn(at: till, in: tenant)
        if let waiting, waiting.initiatedAt > heard.initiatedAt { return }
        for awaiting in try tx.paymentsAwaiting(at: till, msn: heard.msn, in: tenant) {
            guard let sale = try tx.sale(awaiting.saleID, in: tenant) else { continue }
            let moment = Moment(now: tx.now, user: nil)
            let identify = SaleCommand.identify(awaiting.paymentID, .checkIn(heard.id))
            guard let events = try? sale.decide(identify, moment), !events.isEmpty else { continue }
            if waiting != nil { try tx.removeCheckIn(at: till, in: tenant) }
            try tx.advance(sale, by: events)
            return
        }
        try tx.keep(
            CheckIn(
                id: heard.id, agentInstanceID: till, msn: heard.msn, initiatedAt: heard.initiatedAt,
                validUntil: heard.validUntil), in: tenant)
    }
}

/// The customer who waits at the session's till.
package struct WaitingCheckIns: Sendable {
    private let store: any SaleStore

    package init(store: any SaleStore) { self.store = store }

    /// `nil` when nobody waits, when it is too late, or when no till is selected.
    package func callAsFunction(of person: Person) async throws -> CheckIn? {
        try await store.readSales { tx in
            guard let profile = try tx.profile(of: person) else { return nil }
            let checkIn = try tx.checkIn(at: profile.agentInstanceID, in: person.tenantID)
            return checkIn.flatMap { $0.validUntil > tx.now ? $0 : nil }
        }
    }

    /// Throws a check-in away.
    ///
    /// - Throws: `Unknown` when it does not wait at the session's till.
    package func discard(_ id: CheckInID, by person: Person) async throws {
        try await store.writeSales { tx in
            guard let profile = try tx.profile(of: person),
                try tx.checkIn(at: profile.agentInstanceID, in: person.tenantID)?.id == id
            else { throw Unknown("check-in") }
            try tx.removeCheckIn(at: profile.agentInstanceID, in: person.tenantID)
        }
    }
}
