import Foundation

/// An identifier that remembers what it identifies, so that a sale is never looked up by a payment.
///
/// In JSON, SQLite and addresses it is the lower-case text of the UUID.
package struct Identifier<Subject>: Sendable, Hashable {
    package let uuid: UUID

    package init(_ uuid: UUID) { self.uuid = uuid }

    /// From text that came through a door. `nil` when it is not a UUID.
    package init?(_ text: String) {
        guard let uuid = UUID(uuidString: text) else { return nil }
        self.uuid = uuid
    }

    /// Lower-case text of the UUID.
    package var text: String { uuid.uuidString.lowercased() }
}

extension Identifier: CustomStringConvertible {
    package var description: String { text }
}

extension Identifier: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let uuid = UUID(uuidString: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID")
        }
        self.uuid = uuid
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

package enum TenantSubject {}
package enum OrganizationalUnitSubject {}
package enum UserSubject {}
package enum SessionSubject {}
package enum AgentInstanceSubject {}
package enum AgentProfileSubject {}
package enum ProductSubject {}
package enum SaleSubject {}
package enum SaleLineSubject {}
package enum PaymentSubject {}
package enum RefundSubject {}
package enum PaymentOptionSubject {}
package enum AgreementSubject {}
package enum SalesUnitSubject {}
package enum CheckInSubject {}
package enum CommandSubject {}
package enum MessageSubject {}
package enum PaymentEventSubject {}
package enum LedgerEntrySubject {}

package typealias TenantID = Identifier<TenantSubject>
package typealias OrganizationalUnitID = Identifier<OrganizationalUnitSubject>
package typealias UserID = Identifier<UserSubject>
package typealias SessionID = Identifier<SessionSubject>
package typealias AgentInstanceID = Identifier<AgentInstanceSubject>
package typealias AgentProfileID = Identifier<AgentProfileSubject>
package typealias ProductID = Identifier<ProductSubject>
package typealias SaleID = Identifier<SaleSubject>
package typealias SaleLineID = Identifier<SaleLineSubject>
/// One attempt to take one amount. A new attempt is a new payment.
package typealias PaymentID = Identifier<PaymentSubject>
package typealias RefundID = Identifier<RefundSubject>
package typealias PaymentOptionID = Identifier<PaymentOptionSubject>
package typealias AgreementID = Identifier<AgreementSubject>
package typealias SalesUnitID = Identifier<SalesUnitSubject>
package typealias CheckInID = Identifier<CheckInSubject>
/// Made by the client that gives a command: the same command sent twice acts once.
package typealias CommandID = Identifier<CommandSubject>
package typealias MessageID = Identifier<MessageSubject>
package typealias PaymentEventID = Identifier<PaymentEventSubject>
package typealias LedgerEntryID = Identifier<LedgerEntrySubject>
