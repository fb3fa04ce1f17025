import Finance
import Foundation
import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel

/// What financial-service hears, and what it does about it in the transaction of the inbox cursor.
package struct FinanceMessages: Sendable {
    package static let subscriptions = [
        Subscription(publisher: ServiceName.gateway, stream: .payments),
        Subscription(publisher: ServiceName.pos, stream: .posSales),
        Subscription(publisher: ServiceName.pos, stream: .posSessions),
    ]

    private let ledger: SQLiteLedger
    private let eventLog: SQLiteEventLog
    private let sessions: EndedSessions
    private let now: Now

    package init(ledger: SQLiteLedger, eventLog: SQLiteEventLog, sessions: EndedSessions, now: @escaping Now) {
        self.ledger = ledger
        self.eventLog = eventLog
        self.sessions = sessions
        self.now = now
    }

    package var router: MessageRouter<Database> {
        var router = MessageRouter<Database>()
        addMoney(to: &router)
        addStates(to: &router)
        addEvents(to: &router)
        router.on(SessionEnded.self) { message, _, db in
            try sessions.note(message.sessionID, until: message.expiresAt, now: now(), in: db)
        }
        return router
    }

    private func addMoney(to router: inout MessageRouter<Database>) {
        router.on(PaymentCaptured.self) { message, envelope, db in
            try note(
                .captured(reference: message.reference, msn: message.msn, amount: message.amount), message.paymentID,
                message.saleID, message.capturedAt, envelope, db)
            try register(
                .captured(
                    message.paymentID, sale: message.saleID, reference: message.reference, inAll: message.amount,
                    at: message.capturedAt), envelope, db)
        }
        router.on(PaymentRefunded.self) { message, envelope, db in
            try note(
                .refunded(inAll: message.refundedInAll), message.paymentID, message.saleID, message.refundedAt,
                envelope, db)
            try register(
                .refunded(
                    message.refundID, message.paymentID, sale: message.saleID, amount: message.amount,
                    inAll: message.refundedInAll, outside: message.outside, at: message.refundedAt), envelope, db)
        }
        router.on(CashReceived.self) { message, envelope, db in
            try register(
                .cashReceived(message.paymentID, sale: message.saleID, amount: message.amount, at: message.receivedAt),
                envelope, db)
        }
        router.on(CashPaidOut.self) { message, envelope, db in
            try register(
                .cashPaidOut(
                    message.refundID, message.paymentID, sale: message.saleID, amount: message.amount,
                    at: message.paidAt), envelope, db)
        }
    }

    private func addStates(to router: inout MessageRouter<Database>) {
        router.on(PaymentRequestedAtVipps.self) { message, envelope, db in
            try note(
                .requested(reference: message.reference, msn: message.msn, amount: message.amount), message.paymentID,
                message.saleID, message.requestedAt, envelope, db)
        }
        router.on(PaymentAuthorized.self) { message, envelope, db in
            try note(
                .authorized(reference: message.reference, amount: message.amount), message.paymentID, message.saleID,
                message.authorizedAt, envelope, db)
        }
        router.on(PaymentAborted.self) { message, envelope, db in
            try note(
                .aborted(reference: message.reference), message.paymentID, message.saleID, message.endedAt, envelope,
                db)
        }
        router.on(PaymentExpired.self) { message, envelope, db in
            try note(
                .expired(reference: message.reference), message.paymentID, message.saleID, message.endedAt, envelope,
                db)
        }
        router.on(PaymentTerminated.self) { message, envelope, db in
            try note(
                .terminated(reference: message.reference), message.paymentID, message.saleID, message.endedAt,
                envelope, db)
        }
        router.on(PaymentReleased.self) { message, envelope, db in
            try note(
                .released(reference: message.reference), message.paymentID, message.saleID, message.releasedAt,
                envelope, db)
        }
        router.on(PaymentFailed.self) { message, envelope, db in
            try note(
                .failed(reference: message.reference, code: message.failure.code), message.paymentID, message.saleID,
                message.failedAt, envelope, db)
        }
    }

    private func addEvents(to router: inout MessageRouter<Database>) {
        router.on(PaymentEventRecorded.self) { message, envelope, db in
            let event = PaymentEvent(
                id: message.eventID, paymentID: message.paymentID, saleID: message.saleID,
                reference: message.reference, origin: PaymentEvent.Origin(message.origin), name: message.name,
                occurredAt: message.occurredAt, amount: message.amount, success: message.success,
                idempotencyKey: message.idempotencyKey, pspReference: message.pspReference,
                httpStatus: message.httpStatus, errorCode: message.errorCode, traceID: message.traceID,
                detail: message.detail)
            try eventLog.record(event, of: envelope.tenantID, cause: envelope.asCause, now: now(), in: db)
        }
    }

    private func register(_ fact: MoneyFact, _ envelope: Envelope, _ db: Database) throws {
        _ = try ledger.register(fact, of: envelope.tenantID, cause: envelope.asCause, now: now(), in: db)
    }

    private func note(
        _ fact: PaymentFact, _ payment: PaymentID, _ sale: SaleID, _ at: Date, _ envelope: Envelope, _ db: Database
    ) throws {
        try eventLog.note(
            fact, about: payment, sale: sale, at: at, of: envelope.tenantID, cause: envelope.asCause, now: now(),
            in: db)
    }
}
