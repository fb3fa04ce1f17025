import Foundation
import SharedKernel

/// The list of sales, newest first, fast however many there are.
package protocol SaleList: Sendable {
    func page(_ query: SaleQuery, in tenant: TenantID) async throws -> SalePage
}

package struct SaleQuery: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable { case open, parked, completed, abandoned }
    package enum Kind: String, Sendable, Hashable, CaseIterable { case sale, `return` }

    package static let limitMax = 200

    /// The beginning of a sale identifier, or of a payment's reference.
    package var search: String?
    package var from: Date?
    /// Not included.
    package var until: Date?
    package var state: State?
    package var kind: Kind?
    package var agentInstanceID: AgentInstanceID?
    package var method: PaymentMethod?
    package var needsAttention: Bool?
    package var limit: Int
    package var cursor: String?

    package init(
        search: String? = nil, from: Date? = nil, until: Date? = nil, state: State? = nil, kind: Kind? = nil,
        agentInstanceID: AgentInstanceID? = nil, method: PaymentMethod? = nil, needsAttention: Bool? = nil,
        limit: Int = 50, cursor: String? = nil
    ) {
        self.search = search
        self.from = from
        self.until = until
        self.state = state
        self.kind = kind
        self.agentInstanceID = agentInstanceID
        self.method = method
        self.needsAttention = needsAttention
        self.limit = limit
        self.cursor = cursor
    }
}

package struct SaleSummary: Sendable, Hashable {
    package let id: SaleID
    package let identifier: String
    package let kind: SaleQuery.Kind
    package let state: SaleQuery.State
    package let total: Money
    package let startedAt: Date
    package let endedAt: Date?
    package let organizationalUnitID: OrganizationalUnitID
    package let agentInstanceID: AgentInstanceID?
    package let agentInstanceName: String?
    package let startedByName: String?
    package let methods: Set<PaymentMethod>
    package let needsAttention: Bool

    package init(
        id: SaleID, identifier: String, kind: SaleQuery.Kind, state: SaleQuery.State, total: Money, startedAt: Date,
        endedAt: Date?, organizationalUnitID: OrganizationalUnitID, agentInstanceID: AgentInstanceID?,
        agentInstanceName: String?, startedByName: String?, methods: Set<PaymentMethod>, needsAttention: Bool
    ) {
        self.id = id
        self.identifier = identifier
        self.kind = kind
        self.state = state
        self.total = total
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.organizationalUnitID = organizationalUnitID
        self.agentInstanceID = agentInstanceID
        self.agentInstanceName = agentInstanceName
        self.startedByName = startedByName
        self.methods = methods
        self.needsAttention = needsAttention
    }
}

package struct SalePage: Sendable, Hashable {
    package let sales: [SaleSummary]
    package let next: String?

    package init(sales: [SaleSummary], next: String?) {
        self.sales = sales
        self.next = next
    }
}
