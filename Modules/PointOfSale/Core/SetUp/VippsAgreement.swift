import Foundation
import SharedKernel

/// The three API keys as an administrator typed them. Exists only between the form and the seal.
package struct APIKeys: Sendable {
    package let clientID: String
    package let clientSecret: String
    package let subscriptionKey: String

    package init(clientID: String, clientSecret: String, subscriptionKey: String) throws(Invalid) {
        self.clientID = try Self.key(clientID, field: "clientID")
        self.clientSecret = try Self.key(clientSecret, field: "clientSecret")
        self.subscriptionKey = try Self.key(subscriptionKey, field: "subscriptionKey")
    }

    /// Visible ASCII, since each becomes a header of a request.
    private static func key(_ text: String, field: String) throws(Invalid) -> String {
        let trimmed = text.trimmingWhiteSpace()
        guard (1...200).contains(trimmed.utf8.count) else {
            throw Invalid(field: field, slug: "key-length", reason: "must have 1 to 200 characters")
        }
        guard trimmed.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw Invalid(
                field: field, slug: "not-a-key",
                reason: "must not contain spaces or letters beyond ASCII; copy it again")
        }
        return trimmed
    }

    /// What is sealed: `{"clientID":..,"clientSecret":..,"subscriptionKey":..}`.
    package var json: Data {
        get throws {
            try JSONEncoder.house.encode([
                "clientID": clientID, "clientSecret": clientSecret, "subscriptionKey": subscriptionKey,
            ])
        }
    }
}

/// Why the gateway or Vipps refused a set-up command.
package struct SetUpFailure: Sendable, Hashable {
    /// Type of the command, `pos.create-merchant-qr.v1`.
    package let command: String
    package let refusal: Refusal
    package let at: Date

    package init(command: String, refusal: Refusal, at: Date) {
        self.command = command
        self.refusal = refusal
        self.at = at
    }
}

/// Whether Vipps accepts the keys, as last heard.
package enum KeysCheck: Sendable, Hashable {
    case notChecked
    case asked(at: Date)
    case accepted(at: Date)
    case refused(Refusal, at: Date)
}

/// A webhook of one sales unit, as last heard.
package struct WebhookStatus: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case payments
        case checkIns = "check-ins"
    }

    package enum State: String, Sendable, Hashable, CaseIterable {
        case notRegistered = "not-registered"
        case asked, registered, missing
        case takenByAnother = "taken-by-another"
        case refused
    }

    package let msn: String
    package let kind: Kind
    package let state: State
    package let changedAt: Date?
    package let lastDeliveryAt: Date?
    package let detail: String?

    package init(msn: String, kind: Kind, state: State, changedAt: Date?, lastDeliveryAt: Date?, detail: String?) {
        self.msn = msn
        self.kind = kind
        self.state = state
        self.changedAt = changedAt
        self.lastDeliveryAt = lastDeliveryAt
        self.detail = detail
    }
}

/// The shop's agreement with Vipps: a name and keys that nobody here can read.
package struct VippsAgreement: Sendable, Hashable {
    package let id: AgreementID
    package let displayName: String
    package let keysSetAt: Date?
    package let keysSetBy: UserID?
    package let keysCheck: KeysCheck
    package let lastFailure: SetUpFailure?

    package init(
        id: AgreementID, displayName: String, keysSetAt: Date?, keysSetBy: UserID?, keysCheck: KeysCheck,
        lastFailure: SetUpFailure?
    ) throws(Invalid) {
        self.id = id
        self.displayName = try words(displayName, field: "displayName", max: 80)
        self.keysSetAt = keysSetAt
        self.keysSetBy = keysSetBy
        self.keysCheck = keysCheck
        self.lastFailure = lastFailure
    }

    package var hasKeys: Bool { keysSetAt != nil }
}

/// What has an MSN at Vipps and takes the payments of one organizational unit.
package struct SalesUnit: Sendable, Hashable {
    package let id: SalesUnitID
    package let displayName: String
    package let organizationalUnitID: OrganizationalUnitID
    package let agreementID: AgreementID
    /// Merchant Serial Number: 4 to 10 digits, text; unique within the tenant.
    package let msn: String
    package let currency: Currency

    package init(
        id: SalesUnitID, displayName: String, organizationalUnitID: OrganizationalUnitID, agreementID: AgreementID,
        msn: String, currency: Currency
    ) throws(Invalid) {
        self.id = id
        self.displayName = try words(displayName, field: "displayName", max: 80)
        self.organizationalUnitID = organizationalUnitID
        self.agreementID = agreementID
        let digits = msn.trimmingWhiteSpace()
        guard (4...10).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw Invalid(
                field: "msn", slug: "not-an-msn",
                reason: "must be 4 to 10 digits; Vipps' portal shows it as Merchant Serial Number")
        }
        self.msn = digits
        self.currency = currency
    }
}

/// A printed code of a till.
package struct MerchantQR: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        case atVipps = "at-vipps"
        /// Asked for; Vipps has not answered yet.
        case asked, deleting, failed
    }

    package let salesUnitID: SalesUnitID
    package let merchantQRID: String
    package let locationDescription: String
    package let content: String?
    package let state: State
    package let hasImage: Bool
    package let failure: SetUpFailure?

    package init(
        salesUnitID: SalesUnitID, merchantQRID: String, locationDescription: String, content: String?, state: State,
        hasImage: Bool, failure: SetUpFailure?
    ) {
        self.salesUnitID = salesUnitID
        self.merchantQRID = merchantQRID
        self.locationDescription = locationDescription
        self.content = content
        self.state = state
        self.hasImage = hasImage
        self.failure = failure
    }

    package static func checkedID(_ text: String) throws(Invalid) -> String {
        let isID =
            (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
            }
        guard isID else {
            throw Invalid(
                field: "merchantQRID", slug: "not-an-id", reason: "must be 1 to 64 letters, digits and hyphens")
        }
        return text
    }

    package static func checkedDescription(_ text: String) throws(Invalid) -> String {
        try words(text, field: "locationDescription", max: 36)
    }

    /// 15 digits or a GUID.
    package static func checkedBeaconID(_ text: String) throws(Invalid) -> String {
        let trimmed = text.trimmingWhiteSpace()
        let isDigits = trimmed.utf8.count == 15 && trimmed.utf8.allSatisfy { (48...57).contains($0) }
        guard isDigits || UUID(uuidString: trimmed) != nil else {
            throw Invalid(
                field: "beaconID", slug: "not-a-beacon",
                reason: "must be the 15 digits or the GUID of the MobilePay code")
        }
        return trimmed
    }
}
