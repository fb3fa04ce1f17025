import Foundation
import PointOfSale
import SharedKernel

/// Money without a sale, as a program sees it.
struct PaymentWithoutSaleBody: Encodable {
    let id: PaymentID
    let reference: String
    let captured, refunded: Money
    let noticedAt: Date

    init(_ payment: PaymentWithoutSale) {
        id = payment.id
        reference = payment.reference
        captured = payment.captured
        refunded = payment.refunded
        noticedAt = payment.noticedAt
    }
}
