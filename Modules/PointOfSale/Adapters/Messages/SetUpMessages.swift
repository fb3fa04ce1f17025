import Foundation
import MessageContracts
import Messaging
import PointOfSale
import SharedKernel

/// What the gateway hears of the set-up.
extension SQLitePointOfSaleTransaction {
    func announce(_ event: SetUpEvent, in tenant: TenantID) throws {
        switch event {
        case .agreementSaved(let agreement, let envelope, let user):
            try send(
                AgreementSaved(
                    agreementID: agreement.id, displayName: agreement.displayName, keysEnvelope: envelope,
                    keysSetAt: agreement.keysSetAt, savedBy: user, savedAt: now), in: tenant)
        case .keysCheckAsked(let id, let user):
            try send(CheckKeys(agreementID: id, requestedBy: user, requestedAt: now), in: tenant)
        case .webhookAsked(let id, let user):
            try send(RegisterWebhook(agreementID: id, requestedBy: user, requestedAt: now), in: tenant)
        case .salesUnitSaved(let unit):
            try send(
                SalesUnitSaved(
                    salesUnitID: unit.id, displayName: unit.displayName, agreementID: unit.agreementID, msn: unit.msn,
                    organizationalUnitID: unit.organizationalUnitID, currency: unit.currency, savedAt: now), in: tenant)
        case .merchantQRSyncAsked(let unit, let user):
            try send(SyncMerchantQRs(salesUnitID: unit, requestedBy: user, requestedAt: now), in: tenant)
        case .merchantQRAsked(let unit, let id, let description, let user):
            try send(
                CreateMerchantQR(
                    salesUnitID: unit, merchantQRID: id, locationDescription: description, requestedBy: user,
                    requestedAt: now), in: tenant)
        case .conversionAsked(let unit, let beacon, let description, let user):
            try send(
                ConvertMobilePayQR(
                    salesUnitID: unit, beaconID: beacon, locationDescription: description, requestedBy: user,
                    requestedAt: now), in: tenant)
        case .merchantQRDeletionAsked(let unit, let id, let user):
            try send(
                DeleteMerchantQR(salesUnitID: unit, merchantQRID: id, requestedBy: user, requestedAt: now), in: tenant)
        case .merchantQRImageAsked(let unit, let id, let user):
            try send(
                ShowMerchantQR(salesUnitID: unit, merchantQRID: id, requestedBy: user, requestedAt: now), in: tenant)
        }
    }
}
