import Foundation
import SharedKernel

/// One line of a payment's event log: what Vipps told, or what the gateway tried.
package struct PaymentEvent: Sendable, Hashable {
    package enum Origin: Sendable, Hashable, CaseIterable { case vipps, gateway, webhook }

    package let id: PaymentEventID
    package let paymentID: PaymentID
    package let saleID: SaleID
    package let reference: String
    package let origin: Origin
    /// Vipps' event name (`CAPTURED`) or the gateway's act (`capture`).
    package let name: String
    package let occurredAt: Date
    package let amount: Money?
    package let success: Bool
    package let idempotencyKey: String?
    package let pspReference: String?
    package let httpStatus: Int?
    package let errorCode: String?
    package let traceID: String?
    package let detail: String?

    package init(
        id: PaymentEventID, paymentID: PaymentID, saleID: SaleID, reference: String, origin: Origin, name: String,
        occurredAt: Date, amount: Money?, success: Bool, idempotencyKey: String?, pspReference: String?,
        httpStatus: Int?, errorCode: String?, traceID: String?, detail: String?
    ) {
        self.id = id
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
