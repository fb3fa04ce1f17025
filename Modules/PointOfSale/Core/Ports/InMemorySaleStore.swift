import Foundation
import SharedKernel

/// The twin of `SQLiteSaleStore` for tests: same promises, nothing on disk.
package actor InMemorySaleStore: SaleStore {
    private var content = InMemorySales()
    private let now: Now

    package init(now: @escaping Now) { self.now = now }

    package func readSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        try body(InMemorySaleTransaction(content, now: now()))
    }

    package func writeSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        let transaction = InMemorySaleTransaction(content, now: now())
        let value = try body(transaction)
        content = transaction.content
        return value
    }

    /// Puts things there that sales refer to.
    package func arrange(_ body: @Sendable (inout InMemorySales) -> Void) { body(&content) }

    /// Every event that was kept, in order.
    package var events: [(SaleID, SaleEvent)] { content.events }
}

package struct InMemorySales: Sendable {
    package var sales: [SaleID: Sale] = [:]
    package var events: [(SaleID, SaleEvent)] = []
    package var numbers: [OrganizationalUnitID: Int64] = [:]
    package var commands: [TenantID: [CommandID: ProcessedCommand]] = [:]
    package var checkIns: [AgentInstanceID: CheckIn] = [:]
    package var tenants: [TenantID: Tenant] = [:]
    package var units: [TenantID: [OrganizationalUnit]] = [:]
    package var agentInstances: [TenantID: [AgentInstance]] = [:]
    package var salesUnits: [TenantID: [SalesUnit]] = [:]
    package var agreements: [TenantID: [VippsAgreement]] = [:]
    package var products: [TenantID: [Product]] = [:]
    package var paymentOptions: [TenantID: [PaymentOption]] = [:]

    package init() {}
}

private final class InMemorySaleTransaction: SaleTransaction {
    var content: InMemorySales
    let now: Date

    init(_ content: InMemorySales, now: Date) {
        self.content = content
        self.now = now
    }

    func sale(_ id: SaleID, in tenant: TenantID) -> Sale? {
        content.sales[id].flatMap { $0.tenantID == tenant ? $0 : nil }
    }

    func sale(withPayment id: PaymentID, in tenant: TenantID) -> Sale? {
        content.sales.values.first { $0.tenantID == tenant && $0.payment(id) != nil }
    }

    func keep(_ sale: Sale, after events: [SaleEvent]) {
        content.sales[sale.id] = sale
        content.events += events.map { (sale.id, $0) }
    }

    func salesToForget(endedBy instant: Date, limit: Int) -> [Sale] {
        let ended = content.sales.values.filter { $0.hasCustomerToForget }.compactMap { sale in
            sale.endedAt.flatMap { $0 <= instant ? (sale: sale, at: $0) : nil }
        }
        return ended.sorted { $0.at < $1.at }.prefix(limit).map(\.sale)
    }

    func nextNumber(in unit: OrganizationalUnitID) -> Int64 {
        let number = content.numbers[unit, default: SaleIdentifier.firstNumber]
        content.numbers[unit] = number + 1
        return number
    }

    func processed(_ command: CommandID, in tenant: TenantID) -> ProcessedCommand? {
        content.commands[tenant]?[command]
    }

    func remember(_ command: ProcessedCommand, in tenant: TenantID) {
        content.commands[tenant, default: [:]][command.id] = command
    }

    func paymentsAwaiting(at till: AgentInstanceID, msn: String, in tenant: TenantID) -> [AwaitingPayment] {
        content.sales.values.filter { $0.tenantID == tenant }.flatMap { sale in
            sale.payments.filter {
                $0.state == .awaitingIdentification && $0.terms?.agentInstanceID == till && $0.terms?.msn == msn
            }.map { (sale.id, $0) }
        }.sorted { $0.1.startedAt > $1.1.startedAt }.map { AwaitingPayment(saleID: $0.0, paymentID: $0.1.id) }
    }

    func checkIn(at till: AgentInstanceID, in tenant: TenantID) -> CheckIn? { content.checkIns[till] }
    func keep(_ checkIn: CheckIn, in tenant: TenantID) { content.checkIns[checkIn.agentInstanceID] = checkIn }
    func removeCheckIn(at till: AgentInstanceID, in tenant: TenantID) { content.checkIns[till] = nil }

    func tenant(_ id: TenantID) -> Tenant? { content.tenants[id] }
    func organizationalUnit(_ id: OrganizationalUnitID, in tenant: TenantID) -> OrganizationalUnit? {
        content.units[tenant]?.first { $0.id == id }
    }
    func agentProfile(_ id: AgentProfileID, in tenant: TenantID) -> AgentProfile? {
        content.agentInstances[tenant]?.flatMap(\.profiles).first { $0.id == id }
    }
    func agentInstance(_ id: AgentInstanceID, in tenant: TenantID) -> AgentInstance? {
        content.agentInstances[tenant]?.first { $0.id == id }
    }
    func till(withMerchantQR id: String, msn: String, in tenant: TenantID) -> AgentInstanceID? {
        let units = (content.salesUnits[tenant] ?? []).filter { $0.msn == msn }.map(\.id)
        return content.agentInstances[tenant]?.flatMap(\.profiles).first { profile in
            profile.merchantQRID == id && profile.salesUnitID.map(units.contains) == true
        }?.agentInstanceID
    }
    func salesUnit(_ id: SalesUnitID, in tenant: TenantID) -> SalesUnit? {
        content.salesUnits[tenant]?.first { $0.id == id }
    }
    func agreement(_ id: AgreementID, in tenant: TenantID) -> VippsAgreement? {
        content.agreements[tenant]?.first { $0.id == id }
    }
    func product(_ id: ProductID, in tenant: TenantID) -> Product? {
        content.products[tenant]?.first { $0.id == id }
    }
    func product(code: String, in tenant: TenantID) -> Product? {
        content.products[tenant]?.first { $0.barcode == code }
            ?? content.products[tenant]?.first { $0.number == code }
    }
    func paymentOption(_ id: PaymentOptionID, in tenant: TenantID) -> PaymentOption? {
        content.paymentOptions[tenant]?.first { $0.id == id }
    }
}
