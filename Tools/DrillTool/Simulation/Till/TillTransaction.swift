import Foundation
import PointOfSale
import SharedKernel

/// One open transaction of pos-service.
final class TillTransaction: SaleTransaction {
    var draft: Draft<TillContent>
    let now: Date
    private let shop: Shop
    private let remembersCommands: Bool

    init(_ draft: Draft<TillContent>, shop: Shop, now: Date, remembersCommands: Bool) {
        self.draft = draft
        self.shop = shop
        self.now = now
        self.remembersCommands = remembersCommands
    }

    func sale(_ id: SaleID, in tenant: TenantID) -> Sale? {
        draft.content.sale(id).flatMap { $0.tenantID == tenant ? $0 : nil }
    }

    func sale(withPayment id: PaymentID, in tenant: TenantID) -> Sale? {
        draft.content.homes[id].map { draft.content.sales[$0] }.flatMap { $0.tenantID == tenant ? $0 : nil }
    }

    func keep(_ sale: Sale, after events: [SaleEvent]) {
        let index = draft.content.indexes[sale.id] ?? draft.content.sales.count
        if index == draft.content.sales.count {
            draft.content.sales.append(sale)
            draft.content.indexes[sale.id] = index
        } else {
            draft.content.sales[index] = sale
        }
        for payment in sale.payments { draft.content.homes[payment.id] = index }
        for event in events {
            if case .completed = event { draft.content.completions[sale.id, default: 0] += 1 }
            guard let told = Told(event, of: sale, tenant(sale.tenantID), unit(of: sale)) else { continue }
            draft.tell(told, of: sale.tenantID)
        }
    }

    /// A drill is over long before.
    func salesToForget(endedBy instant: Date, limit: Int) -> [Sale] { [] }

    private func unit(of sale: Sale) -> OrganizationalUnit? {
        organizationalUnit(sale.organizationalUnitID, in: sale.tenantID)
    }

    func nextNumber(in unit: OrganizationalUnitID) -> Int64 {
        let number = draft.content.numbers[unit, default: SaleIdentifier.firstNumber]
        draft.content.numbers[unit] = number + 1
        return number
    }

    func processed(_ command: CommandID, in tenant: TenantID) -> ProcessedCommand? {
        remembersCommands ? draft.content.commands[command] : nil
    }

    func remember(_ command: ProcessedCommand, in tenant: TenantID) { draft.content.commands[command.id] = command }

    func paymentsAwaiting(at till: AgentInstanceID, msn: String, in tenant: TenantID) -> [AwaitingPayment] {
        draft.content.sales.filter { $0.tenantID == tenant }.flatMap { sale in
            sale.payments.filter {
                $0.state == .awaitingIdentification && $0.terms?.agentInstanceID == till && $0.terms?.msn == msn
            }.map { (sale.id, $0) }
        }.sorted { $0.1.startedAt > $1.1.startedAt }.map { AwaitingPayment(saleID: $0.0, paymentID: $0.1.id) }
    }

    func checkIn(at till: AgentInstanceID, in tenant: TenantID) -> CheckIn? { draft.content.checkIns[till] }
    func keep(_ checkIn: CheckIn, in tenant: TenantID) { draft.content.checkIns[checkIn.agentInstanceID] = checkIn }
    func removeCheckIn(at till: AgentInstanceID, in tenant: TenantID) { draft.content.checkIns[till] = nil }

    // MARK: The set-up

    func tenant(_ id: TenantID) -> Tenant? { shop.tenants.first { $0.id == id } }

    func organizationalUnit(_ id: OrganizationalUnitID, in tenant: TenantID) -> OrganizationalUnit? {
        shop.units.first { $0.0 == tenant && $0.1.id == id }?.1
    }

    func agentProfile(_ id: AgentProfileID, in tenant: TenantID) -> AgentProfile? {
        profiles(of: tenant).first { $0.id == id }
    }

    private func profiles(of tenant: TenantID) -> [AgentProfile] {
        shop.agentInstances.filter { $0.0 == tenant }.flatMap(\.1.profiles)
    }

    func agentInstance(_ id: AgentInstanceID, in tenant: TenantID) -> AgentInstance? {
        shop.agentInstances.first { $0.0 == tenant && $0.1.id == id }?.1
    }

    func till(withMerchantQR id: String, msn: String, in tenant: TenantID) -> AgentInstanceID? {
        let units = shop.salesUnits.filter { $0.0 == tenant && $0.1.msn == msn }.map(\.1.id)
        return profiles(of: tenant).first { profile in
            profile.merchantQRID == id && profile.salesUnitID.map(units.contains) == true
        }?.agentInstanceID
    }

    func salesUnit(_ id: SalesUnitID, in tenant: TenantID) -> SalesUnit? {
        shop.salesUnits.first { $0.0 == tenant && $0.1.id == id }?.1
    }

    func agreement(_ id: AgreementID, in tenant: TenantID) -> VippsAgreement? {
        shop.agreements.first { $0.0 == tenant && $0.1.id == id }?.1
    }

    func product(_ id: ProductID, in tenant: TenantID) -> Product? {
        shop.products.first { $0.0 == tenant && $0.1.id == id }?.1
    }

    func product(code: String, in tenant: TenantID) -> Product? {
        shop.products.first { $0.0 == tenant && $0.1.number == code }?.1
    }

    func paymentOption(_ id: PaymentOptionID, in tenant: TenantID) -> PaymentOption? {
        shop.options.first { $0.0 == tenant && $0.1.id == id }?.1
    }
}
