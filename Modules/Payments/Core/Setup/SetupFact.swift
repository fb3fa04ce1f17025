import SharedKernel

/// Something that became true at Vipps, or was found to be true, through set-up work. Told to the other services.
package enum SetupFact: Sendable, Hashable {
    /// `refusal` is `nil` when Vipps accepts the keys.
    case keysChecked(refusal: Refusal?)
    case webhookRegistered(msn: String, WebhookTopic, webhookID: String)
    case webhookMissing(msn: String, WebhookTopic, WebhookAbsence, detail: String?)
    /// What is not in the list is gone.
    case merchantQRsSynced(SalesUnitID, msn: String, [MerchantQR])
    case merchantQRImageFetched(SalesUnitID, merchantQRID: String, svg: String)
    case failed(SetupJob, Refusal)
}
