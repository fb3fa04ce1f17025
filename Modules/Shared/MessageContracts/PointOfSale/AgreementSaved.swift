import Foundation
import Messaging
import SharedKernel

/// A Vipps agreement was made or changed.
package struct AgreementSaved: MessageContract {
    package static let type = "pos.agreement-saved.v1"
    package static let stream = MessageStream.posSetup
    package var subject: String { agreementID.text }

    package let agreementID: AgreementID
    package let displayName: String
    /// CMS AuthEnvelopedData (DER) to the gateway's certificate, holding the JSON of the three keys; absent when the keys did not change.
    package let keysEnvelope: Data?
    package let keysSetAt: Date?
    package let savedBy: UserID
    package let savedAt: Date

    package init(
        agreementID: AgreementID,
        displayName: String,
        keysEnvelope: Data? = nil,
        keysSetAt: Date? = nil,
        savedBy: UserID,
        savedAt: Date
    ) {
        self.agreementID = agreementID
        self.displayName = displayName
        self.keysEnvelope = keysEnvelope
        self.keysSetAt = keysSetAt
        self.savedBy = savedBy
        self.savedAt = savedAt
    }
}
