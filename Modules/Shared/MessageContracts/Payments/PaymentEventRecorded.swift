import Foundation
import Messaging
import SharedKernel

/// One line of the event log of a payment: what Vipps told, or what we tried.
package struct PaymentEventRecorded: MessageContract {
    package static let type = "payments.payment-event-recorded.v1"
    package static let stream = MessageStream.payments
    package var subject: String { eventID.text }

    package let eventID: PaymentEventID
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let origin: PaymentEventOrigin
    /// Vipps' event name (`CAPTURED`) or our act (`create`, `capture`, `cancel`, `refund`, `get`, `webhook`).
    package let name: String
    package let occurredAt: Date
    package let amount: Money?
    package let success: Bool
    package let idempotencyKey: String?
    package let pspReference: String?
    package let httpStatus: Int?
    package let errorCode: String?
    /// Vipps' trace id of a problem, or ours.
    package let traceID: String?
    /// Words for support, without personal data.
    package let detail: String?

    package init(
        eventID: PaymentEventID,
        paymentID: PaymentID,
        saleID: SaleID,
        reference: String,
        origin: PaymentEventOrigin,
        name: String,
        occurredAt: Date,
        amount: Money? = nil,
        success: Bool,
        idempotencyKey: String? = nil,
        pspReference: String? = nil,
        httpStatus: Int? = nil,
        errorCode: String? = nil,
        traceID: String? = nil,
        detail: String? = nil
    ) {
        self.eventID = eventID
        self.paymentID = paymentID
        self.saleID = saleID
        self.reference = reference
        self.origin = origin
        self.name = name
        self.occurredAt = occurredAt
        self.amount = amount
        self.success = success
        self.idempotencyKey = idempotencyKey
        self.pspReference = pspReference
        self.httpStatus = httpStatus
        self.errorCode = errorCode
        self.traceID = traceID
        self.detail = detail
    }
}
