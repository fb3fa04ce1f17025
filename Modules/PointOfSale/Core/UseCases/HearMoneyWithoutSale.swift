import Foundation
import SharedKernel

/// Money that Vipps has taken for the tenant and that no sale of ours knows of: pos-service was restored from a copy that
/// is older than the sale, or than the payment.
package struct PaymentWithoutSale: Sendable, Hashable {
    package let id: PaymentID
    /// Under which Vipps' portal shows it.
    package let reference: String
    package let captured: Money
    /// In all, as Vipps says.
    package let refunded: Money
    package let noticedAt: Date

    package init(id: PaymentID, reference: String, captured: Money, refunded: Money, noticedAt: Date) {
        self.id = id
        self.reference = reference
        self.captured = captured
        self.refunded = refunded
        self.noticedAt = noticedAt
    }

    /// What the customer has not got back.
    package var kept: Money { captured - refunded }
}

/// Where such payments are kept, within one transaction.
package protocol MoneyWithoutSale: AnyObject {
    var now: Date { get }

    func tenant(_ id: TenantID) throws -> Tenant?
    /// Whether a sale has the payment, whichever tenant's.
    func isKnown(_ payment: PaymentID) throws -> Bool
    func paymentWithoutSale(_ id: PaymentID, in tenant: TenantID) throws -> PaymentWithoutSale?
    /// Another tenant's payment of this identifier stays as it is.
    func keep(_ payment: PaymentWithoutSale, in tenant: TenantID) throws
}

/// The payments that a person has to look after: the money is refunded in Vipps' portal, and the sale, if there was one, is
/// rung up anew.
package protocol PaymentsWithoutSale: Sendable {
    /// Those with money that was not refunded, the latest first, at most 100.
    func paymentsWithoutSale(in tenant: TenantID) async throws -> [PaymentWithoutSale]
}

/// Takes in what the gateway says of money for which there is no sale. Nothing happens to a payment that is another tenant's.
package struct HearMoneyWithoutSale: Sendable {
    package init() {}

    /// Vipps has taken `amount`.
    package func captured(
        _ amount: Money, of payment: PaymentID, reference: String, in tenant: TenantID, _ tx: any MoneyWithoutSale
    ) throws {
        guard let shop = try tx.tenant(tenant), try !tx.isKnown(payment),
            try tx.paymentWithoutSale(payment, in: tenant) == nil
        else { return }
        guard amount.currency == shop.currency, (1...Money.amountMax).contains(amount.minorUnits) else {
            throw Invalid(field: "amount", slug: "not-of-the-tenant", reason: "is \(amount); no sale here can be of it")
        }
        try tx.keep(
            PaymentWithoutSale(
                id: payment, reference: reference, captured: amount, refunded: .zero(amount.currency),
                noticedAt: tx.now), in: tenant)
    }

    /// Vipps has refunded `inAll`.
    package func refunded(
        inAll: Money, of payment: PaymentID, in tenant: TenantID, _ tx: any MoneyWithoutSale
    ) throws {
        guard let known = try tx.paymentWithoutSale(payment, in: tenant),
            inAll.currency == known.captured.currency, inAll > known.refunded, inAll <= known.captured
        else { return }
        try tx.keep(
            PaymentWithoutSale(
                id: payment, reference: known.reference, captured: known.captured, refunded: inAll,
                noticedAt: known.noticedAt), in: tenant)
    }
}
