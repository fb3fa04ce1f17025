import Foundation
import Messaging
import SharedKernel

/// A sales unit was made or changed.
package struct SalesUnitSaved: MessageContract {
    package static let type = "pos.sales-unit-saved.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { salesUnitID.text }

    package let salesUnitID: SalesUnitID
    package let displayName: String
    package let agreementID: AgreementID
    package let msn: String
    package let organizationalUnitID: OrganizationalUnitID
    package let currency: Currency
    package let savedAt: Date

    package init(
        salesUnitID: SalesUnitID,
        displayName: String,
        agreementID: AgreementID,
        msn: String,
        organizationalUnitID: OrganizationalUnitID,
        currency: Currency,
        savedAt: Date
    ) {
        self.salesUnitID = salesUnitID
        self.displayName = displayName
        self.agreementID = agreementID
        self.msn = msn
        self.organizationalUnitID = organizationalUnitID
        self.currency = currency
        self.savedAt = savedAt
    }
}
