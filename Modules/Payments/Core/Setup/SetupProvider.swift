import SharedKernel

/// The set-up side of Vipps MobilePay: keys, webhooks and merchant QRs.
///
/// What every implementation promises: one call is at most one HTTP request besides the access token and one repeat after
/// an unexpected 401; it neither waits nor retries; it lets no key, secret or token into a text it returns; it looks the
/// keys up at each call, so replaced keys count at once.
package protocol SetupProvider: Sendable {
    /// Fetches a new access token with the agreement's keys and, when there is a sales unit, makes one authorised call.
    func checkKeys(_ address: SetupAddress) async throws(SetupTrouble)

    /// Everything registered for the sales unit, other systems' registrations as well.
    func webhooks(_ address: SetupAddress) async throws(SetupTrouble) -> [ListedWebhook]

    /// Registers `url` for all events of `topic`. The secret is shown this once.
    func registerWebhook(
        _ url: String, for topic: WebhookTopic, _ address: SetupAddress
    ) async throws(SetupTrouble) -> NewWebhook

    /// Deletes a registration. One that is already gone is no trouble.
    func deleteWebhook(_ webhookID: String, _ address: SetupAddress) async throws(SetupTrouble)

    /// Every code of the sales unit, also those that other systems made.
    func merchantQRs(_ address: SetupAddress) async throws(SetupTrouble) -> [MerchantQR]

    /// Makes a code, or changes its description.
    func putMerchantQR(
        _ merchantQRID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble)

    /// Deletes a code. One that is already gone is no trouble.
    func deleteMerchantQR(_ merchantQRID: String, _ address: SetupAddress) async throws(SetupTrouble)

    /// Ties a printed MobilePay code to the sales unit. Refused with HTTP status 409 when it is tied already.
    func convertMobilePayQR(
        _ beaconID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble)

    /// The image of a code as SVG text without anything that runs or loads.
    func merchantQRImage(_ merchantQRID: String, _ address: SetupAddress) async throws(SetupTrouble) -> String
}

/// Whose keys are used, for which sales unit.
package struct SetupAddress: Sendable, Hashable {
    package let tenantID: TenantID
    package let agreementID: AgreementID
    /// `nil` while the agreement has no sales unit.
    package let msn: String?

    package init(tenantID: TenantID, agreementID: AgreementID, msn: String?) {
        self.tenantID = tenantID
        self.agreementID = agreementID
        self.msn = msn
    }
}

/// Why a set-up call came to nothing.
package enum SetupTrouble: Error, Sendable, Hashable {
    /// Vipps (or we, before calling) said no; the same again would be refused again.
    case refused(Refusal)
    /// The keys of the agreement are missing, unreadable or refused.
    case keysRefused(Refusal)
    /// No answer, 5xx, 429 or 423: worth trying again, after `retryAfter` when Vipps said it.
    case passing(Refusal, retryAfter: Duration?)

    package var refusal: Refusal {
        switch self {
        case .refused(let refusal), .keysRefused(let refusal), .passing(let refusal, _): refusal
        }
    }
}

/// A merchant QR as Vipps lists it.
package struct MerchantQR: Sendable, Hashable {
    package let merchantQRID: String
    package let locationDescription: String
    /// The text in the code; `mobilepaypos://...` for a converted MobilePay code.
    package let content: String

    package init(merchantQRID: String, locationDescription: String, content: String) {
        self.merchantQRID = merchantQRID
        self.locationDescription = locationDescription
        self.content = content
    }
}
