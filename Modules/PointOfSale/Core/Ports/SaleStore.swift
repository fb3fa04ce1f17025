import Foundation
import SharedKernel

/// Where sales are kept. What happens in one `write` is kept together or not at all, and so are the messages that tell it.
package protocol SaleStore: Sendable {
    /// A consistent view; changes nothing.
    func readSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value

    /// One at a time. An error thrown by `body` leaves everything as it was.
    func writeSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value
}

/// What the use cases of the till read and write inside one transaction. Everything is asked for within a tenant: what
/// belongs to another does not exist.
package protocol SaleTransaction: AnyObject {
    var now: Date { get }

    func sale(_ id: SaleID, in tenant: TenantID) throws -> Sale?
    /// The sale that took a payment.
    func sale(withPayment id: PaymentID, in tenant: TenantID) throws -> Sale?
    /// Keeps the sale as it is after `events`, and tells the world of them.
    func keep(_ sale: Sale, after events: [SaleEvent]) throws
    /// Sales of all tenants that ended at `instant` or earlier and may have a customer to forget, the oldest first. Each is
    /// to be kept again, so that it is not found once more when it has none.
    func salesToForget(endedBy instant: Date, limit: Int) throws -> [Sale]
    /// The next number of an organizational unit; gapless, because it is kept only if the transaction is.
    func nextNumber(in unit: OrganizationalUnitID) throws -> Int64

    func processed(_ command: CommandID, in tenant: TenantID) throws -> ProcessedCommand?
    func remember(_ command: ProcessedCommand, in tenant: TenantID) throws

    /// Payments that wait for identification at a till, the newest first.
    func paymentsAwaiting(at till: AgentInstanceID, msn: String, in tenant: TenantID) throws -> [AwaitingPayment]
    func checkIn(at till: AgentInstanceID, in tenant: TenantID) throws -> CheckIn?
    /// Takes the place of any other at the same till.
    func keep(_ checkIn: CheckIn, in tenant: TenantID) throws
    func removeCheckIn(at till: AgentInstanceID, in tenant: TenantID) throws

    func tenant(_ id: TenantID) throws -> Tenant?
    func organizationalUnit(_ id: OrganizationalUnitID, in tenant: TenantID) throws -> OrganizationalUnit?
    func agentProfile(_ id: AgentProfileID, in tenant: TenantID) throws -> AgentProfile?
    func agentInstance(_ id: AgentInstanceID, in tenant: TenantID) throws -> AgentInstance?
    /// The agent instance with a profile of this code.
    func till(withMerchantQR id: String, msn: String, in tenant: TenantID) throws -> AgentInstanceID?
    func salesUnit(_ id: SalesUnitID, in tenant: TenantID) throws -> SalesUnit?
    func agreement(_ id: AgreementID, in tenant: TenantID) throws -> VippsAgreement?
    func product(_ id: ProductID, in tenant: TenantID) throws -> Product?
    /// By barcode, or else by number; exactly.
    func product(code: String, in tenant: TenantID) throws -> Product?
    func paymentOption(_ id: PaymentOptionID, in tenant: TenantID) throws -> PaymentOption?
}

/// A command that has acted, and what it was answered with.
package struct ProcessedCommand: Sendable, Hashable {
    package let id: CommandID
    /// What was asked, without anything personal.
    package let fingerprint: String
    package let answer: SaleID

    package init(id: CommandID, fingerprint: String, answer: SaleID) {
        self.id = id
        self.fingerprint = fingerprint
        self.answer = answer
    }
}

package struct AwaitingPayment: Sendable, Hashable {
    package let saleID: SaleID
    package let paymentID: PaymentID

    package init(saleID: SaleID, paymentID: PaymentID) {
        self.saleID = saleID
        self.paymentID = paymentID
    }
}

/// Closes what nobody here may read again: keys, phone numbers, personal QRs.
package protocol Sealer: Sendable {
    func seal(_ plain: Data) throws -> Data
}

extension SaleTransaction {
    /// Keeps what follows from `events`; when a return has ended, its original sale hears of it too.
    @discardableResult
    func advance(_ sale: Sale, by events: [SaleEvent]) throws -> Sale {
        guard !events.isEmpty else { return sale }
        let next = sale.evolved(by: events)
        try keep(next, after: events)
        guard case .returning(let originalID, _) = next.kind, let ending = next.returnEnding(sale),
            let original = try self.sale(originalID, in: next.tenantID)
        else { return next }
        try advance(original, by: [.returnEnded(next.id, ending)])
        return next
    }
}

extension Sale {
    /// How a return ended on the way from `before` to here; `nil` when it did not.
    fileprivate func returnEnding(_ before: Sale) -> LineReturn.State? {
        guard before.isUnderWay else { return nil }
        return switch state {
        case .open, .parked: nil
        case .completed: .completed
        case .abandoned: .abandoned
        }
    }
}
