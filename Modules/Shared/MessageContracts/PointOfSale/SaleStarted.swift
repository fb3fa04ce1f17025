import Foundation
import Messaging
import SharedKernel

/// A sale was started.
package struct SaleStarted: MessageContract {
    package static let type = "pos.sale-started.v1"
    package static let stream = MessageStream.posSales
    package var subject: String { saleID.text }

    package let saleID: SaleID
    package let saleIdentifier: String
    package let organizationalUnitID: OrganizationalUnitID
    package let agentInstanceID: AgentInstanceID?
    package let startedBy: UserID
    package let startedAt: Date

    package init(
        saleID: SaleID,
        saleIdentifier: String,
        organizationalUnitID: OrganizationalUnitID,
        agentInstanceID: AgentInstanceID? = nil,
        startedBy: UserID,
        startedAt: Date
    ) {
        self.saleID = saleID
        self.saleIdentifier = saleIdentifier
        self.organizationalUnitID = organizationalUnitID
        self.agentInstanceID = agentInstanceID
        self.startedBy = startedBy
        self.startedAt = startedAt
    }
}
