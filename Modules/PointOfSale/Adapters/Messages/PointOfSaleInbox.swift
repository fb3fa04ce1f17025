import Foundation
import GRDB
import MessageContracts
import Messaging
import PointOfSale
import SharedKernel

/// Everything pos-service hears, and what it does then; each inside the transaction that moves the inbox.
package enum PointOfSaleInbox {
    package static let subscriptions = [
        Subscription(publisher: ServiceName.gateway, stream: .payments),
        Subscription(publisher: ServiceName.gateway, stream: .paymentsSetup),
        Subscription(publisher: ServiceName.gateway, stream: .paymentsCheckIns),
        Subscription(publisher: ServiceName.finance, stream: .financePaymentOptions),
        Subscription(publisher: ServiceName.relay, stream: .notificationsMail),
    ]

    package static func router(store: SQLitePointOfSaleStore) -> MessageRouter<Database> {
        var router = MessageRouter<Database>()
        hearPayments(&router, store)
        hearRefunds(&router, store)
        hearCheckIns(&router, store)
        hearAgreements(&router, store)
        hearMerchantQRs(&router, store)
        hearPaymentOptions(&router, store)
        hearMails(&router, store)
        return router
    }

    private static func hearPayments(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(PaymentRequestedAtVipps.self) { message, envelope, db in
            let news = PaymentNews.atVipps(expiresAt: message.expiresAt, qrContent: message.qrContent)
            try store.hear(news, of: message.paymentID, envelope, db)
        }
        router.on(PaymentAuthorized.self) { message, envelope, db in
            try store.hear(.authorized, of: message.paymentID, envelope, db)
        }
        router.on(PaymentCaptured.self) { message, envelope, db in
            try store.handle(envelope.asCause, in: db) { tx in
                let (payment, tenant) = (message.paymentID, envelope.tenantID)
                if try HearPayment()(.captured(message.amount), of: payment, in: tenant, tx) { return }
                try HearMoneyWithoutSale()
                    .captured(message.amount, of: payment, reference: message.reference, in: tenant, tx)
            }
        }
        router.on(PaymentAborted.self) { message, envelope, db in
            try store.hear(.aborted, of: message.paymentID, envelope, db)
        }
        router.on(PaymentExpired.self) { message, envelope, db in
            try store.hear(.expired, of: message.paymentID, envelope, db)
        }
        router.on(PaymentTerminated.self) { message, envelope, db in
            try store.hear(.terminated, of: message.paymentID, envelope, db)
        }
        router.on(PaymentFailed.self) { message, envelope, db in
            try store.hear(.failed(Refusal(message.failure)), of: message.paymentID, envelope, db)
        }
        router.on(PaymentReleased.self) { message, envelope, db in
            try store.hear(.released(outside: message.outside), of: message.paymentID, envelope, db)
        }
    }

    private static func hearRefunds(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(PaymentRefunded.self) { message, envelope, db in
            let news = PaymentNews.refunded(
                message.refundID, message.amount, outside: message.outside, inAll: message.refundedInAll)
            try store.handle(envelope.asCause, in: db) { tx in
                let (payment, tenant) = (message.paymentID, envelope.tenantID)
                if try HearPayment()(news, of: payment, in: tenant, tx) { return }
                try HearMoneyWithoutSale().refunded(inAll: message.refundedInAll, of: payment, in: tenant, tx)
            }
        }
        router.on(RefundFailed.self) { message, envelope, db in
            let news = PaymentNews.refundFailed(message.refundID, Refusal(message.failure))
            try store.hear(news, of: message.paymentID, envelope, db)
        }
    }

    private static func hearCheckIns(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(CustomerCheckedIn.self) { message, envelope, db in
            let heard = HearCheckIn.Heard(
                id: message.checkInID, msn: message.msn, merchantQRID: message.merchantQRID,
                initiatedAt: message.initiatedAt, validUntil: message.validUntil)
            try store.handle(envelope.asCause, in: db) { try HearCheckIn()(heard, in: envelope.tenantID, $0) }
        }
    }

    private static func hearAgreements(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(KeysChecked.self) { message, envelope, db in
            let refusal =
                message.accepted ? nil : Refusal(code: message.errorCode ?? "refused", detail: message.detail ?? "")
            let news = SetUpNews.keysChecked(message.agreementID, refusal: refusal, at: message.checkedAt)
            try store.hear(news, envelope, db)
        }
        router.on(WebhookRegistered.self) { message, envelope, db in
            let news = SetUpNews.webhook(
                message.agreementID, msn: message.msn, WebhookStatus.Kind(message.kind), .registered, detail: nil,
                at: message.registeredAt)
            try store.hear(news, envelope, db)
        }
        router.on(WebhookMissing.self) { message, envelope, db in
            let news = SetUpNews.webhook(
                message.agreementID, msn: message.msn, WebhookStatus.Kind(message.kind),
                WebhookStatus.State(message.reason), detail: message.detail, at: message.seenAt)
            try store.hear(news, envelope, db)
        }
        router.on(WebhookDelivered.self) { message, envelope, db in
            let news = SetUpNews.webhookDelivered(
                message.agreementID, msn: message.msn, WebhookStatus.Kind(message.kind), at: message.deliveredAt)
            try store.hear(news, envelope, db)
        }
        router.on(SetupFailed.self) { message, envelope, db in
            let failure = SetUpFailure(
                command: message.command, refusal: Refusal(message.failure), at: message.failedAt)
            let news = SetUpNews.failed(failure, subject: message.subjectID, message.agreementID, message.salesUnitID)
            try store.hear(news, envelope, db)
        }
    }

    private static func hearMerchantQRs(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(MerchantQRsSynced.self) { message, envelope, db in
            let codes = message.codes.map {
                SetUpNews.ListedCode(
                    merchantQRID: $0.merchantQRID, locationDescription: $0.locationDescription, content: $0.content)
            }
            try store.hear(.merchantQRsSynced(message.salesUnitID, codes, at: message.syncedAt), envelope, db)
        }
        router.on(MerchantQRImageFetched.self) { message, envelope, db in
            let news = SetUpNews.merchantQRImageFetched(
                message.salesUnitID, merchantQRID: message.merchantQRID, svg: message.svg)
            try store.hear(news, envelope, db)
        }
    }

    private static func hearPaymentOptions(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(PaymentOptionSaved.self) { message, envelope, db in
            let option = PaymentOption(
                id: message.paymentOptionID, name: message.name, method: PaymentMethod(message.kind),
                quickAccess: message.quickAccess, enabled: message.enabled)
            try store.handle(envelope.asCause, in: db) {
                try HearPaymentOption().saved(option, in: envelope.tenantID, $0)
            }
        }
        router.on(PaymentOptionEnabled.self) { message, envelope, db in
            try store.handle(envelope.asCause, in: db) {
                try HearPaymentOption().switched(message.paymentOptionID, enabled: true, in: envelope.tenantID, $0)
            }
        }
        router.on(PaymentOptionDisabled.self) { message, envelope, db in
            try store.handle(envelope.asCause, in: db) {
                try HearPaymentOption().switched(message.paymentOptionID, enabled: false, in: envelope.tenantID, $0)
            }
        }
    }

    private static func hearMails(_ router: inout MessageRouter<Database>, _ store: SQLitePointOfSaleStore) {
        router.on(InvoiceMailed.self) { message, envelope, db in
            try store.handle(envelope.asCause, in: db) {
                try HearInvoiceMail()(.mailed, of: message.saleID, in: envelope.tenantID, $0)
            }
        }
        router.on(InvoiceMailFailed.self) { message, envelope, db in
            try store.handle(envelope.asCause, in: db) {
                try HearInvoiceMail()(.failed, of: message.saleID, in: envelope.tenantID, $0)
            }
        }
    }
}

extension SQLitePointOfSaleStore {
    fileprivate func hear(_ news: PaymentNews, of payment: PaymentID, _ envelope: Envelope, _ db: Database) throws {
        try handle(envelope.asCause, in: db) { try HearPayment()(news, of: payment, in: envelope.tenantID, $0) }
    }

    fileprivate func hear(_ news: SetUpNews, _ envelope: Envelope, _ db: Database) throws {
        try handle(envelope.asCause, in: db) { try HearSetUp()(news, in: envelope.tenantID, $0) }
    }
}

extension Refusal {
    fileprivate init(_ failure: PaymentFailure) { self.init(code: failure.code, detail: failure.detail) }
}

extension WebhookStatus.Kind {
    fileprivate init(_ kind: WebhookKind) {
        switch kind {
        case .payments: self = .payments
        case .checkIns: self = .checkIns
        }
    }
}

extension WebhookStatus.State {
    fileprivate init(_ reason: WebhookMissingReason) {
        switch reason {
        case .notRegistered: self = .missing
        case .takenByAnother: self = .takenByAnother
        case .refused: self = .refused
        }
    }
}
