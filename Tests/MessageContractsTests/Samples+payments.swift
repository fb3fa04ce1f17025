import Foundation
import MessageContracts
import Messaging
import SharedKernel

extension Samples {
    static let payments: [any MessageContract] = paymentStates + paymentSetup

    private static let paymentStates: [any MessageContract] = [
        PaymentRequestedAtVipps(
            paymentID: payment, saleID: sale, reference: reference, msn: "123456", amount: nok(12_900),
            qrContent: "https://qr.vipps.no/p/1", requestedAt: instant, expiresAt: later),
        PaymentAuthorized(
            paymentID: payment, saleID: sale, reference: reference, amount: nok(12_900), authorizedAt: instant),
        PaymentCaptured(
            paymentID: payment, saleID: sale, reference: reference, msn: "123456", amount: nok(12_900),
            capturedAt: instant),
        PaymentReleased(
            paymentID: payment, saleID: sale, reference: reference, amount: nok(12_900), outside: true,
            releasedAt: instant),
        PaymentAborted(paymentID: payment, saleID: sale, reference: reference, endedAt: instant),
        PaymentExpired(paymentID: payment, saleID: sale, reference: reference, endedAt: instant),
        PaymentTerminated(paymentID: payment, saleID: sale, reference: reference, endedAt: instant),
        PaymentFailed(paymentID: payment, saleID: sale, reference: reference, failure: failure, failedAt: instant),
        PaymentRefunded(
            paymentID: payment, saleID: sale, refundID: refund, amount: nok(2900), refundedInAll: nok(4900),
            outside: false, refundedAt: instant),
        RefundFailed(
            refundID: refund, paymentID: payment, saleID: sale, amount: nok(2900), failure: failure, failedAt: instant),
        PaymentEventRecorded(
            eventID: id(14), paymentID: payment, saleID: sale, reference: reference, origin: .gateway, name: "capture",
            occurredAt: instant, amount: nok(12_900), success: true, idempotencyKey: "key-1",
            pspReference: "psp-1", httpStatus: 200, errorCode: "none", traceID: "trace-1", detail: "captured"),
        CustomerCheckedIn(
            checkInID: id(15), msn: "123456", merchantQRID: "till-1", initiatedAt: instant, validUntil: later),
    ]

    private static let paymentSetup: [any MessageContract] = [
        KeysChecked(
            agreementID: agreement, accepted: false, errorCode: "keys-refused", detail: "Vipps does not know the keys",
            checkedAt: instant),
        WebhookRegistered(
            agreementID: agreement, msn: "123456", kind: .checkIns, webhookID: "webhook-1", registeredAt: instant),
        WebhookMissing(
            agreementID: agreement, msn: "123456", kind: .payments, reason: .takenByAnother,
            detail: "another address is registered", seenAt: instant),
        WebhookDelivered(agreementID: agreement, msn: "123456", kind: .payments, deliveredAt: instant),
        MerchantQRsSynced(
            salesUnitID: salesUnit, msn: "123456",
            codes: [
                MerchantQRListing(
                    merchantQRID: "till-1", locationDescription: "Till 1", content: "https://qr.vipps.no/mc/1")
            ], syncedAt: instant),
        MerchantQRImageFetched(
            salesUnitID: salesUnit, merchantQRID: "till-1", svg: "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            fetchedAt: instant),
        SetupFailed(
            command: CreateMerchantQR.type, subjectID: "till-1", agreementID: agreement, salesUnitID: salesUnit,
            failure: failure, failedAt: instant),
    ]
}
