import Foundation
import SharedKernel

// The parts that several messages are made of.

/// How the customer is known to Vipps. Whatever names a person is sealed to the gateway's certificate.
package enum CustomerIdentification: Sendable, Hashable, Codable {
    /// CMS envelope (DER) of the phone number: country code and number, digits only.
    case phoneNumber(envelope: Data)
    /// CMS envelope (DER) of the content of the customer's own QR.
    case personalQR(envelope: Data)
    /// The customer scanned the printed code of the till.
    case checkIn(CheckInID)
    /// Nobody is named: the customer scans a code on a screen.
    case oneTimeQR
}

package enum PaymentKind: String, Sendable, Hashable, Codable, CaseIterable {
    case vippsEPayment = "vipps-epayment"
    case cash
}

/// Why a payment is given up.
package enum AbortReason: String, Sendable, Hashable, Codable, CaseIterable {
    case cashier
    /// The sale was abandoned while the payment was under way.
    case saleAbandoned = "sale-abandoned"
    /// The cashier lets the customer be identified in another way; a new payment follows.
    case otherIdentification = "other-identification"
}

/// Why Vipps (or we, on its behalf) refused. Branch on `code`; `detail` is for support and may be reworded at any time.
package struct PaymentFailure: Sendable, Hashable, Codable {
    /// Vipps' error code (`7010`), or one of our own: `keys-missing`, `keys-refused`, `check-in-expired`, `check-in-unknown`,
    /// `customer-data-unreadable`, `not-allowed`, `unknown-payment`, `too-much`, `invalid-request`, `unexpected-answer`.
    package let code: String
    package let httpStatus: Int?
    package let detail: String
    package let traceID: String?

    package init(code: String, httpStatus: Int? = nil, detail: String, traceID: String? = nil) {
        self.code = code
        self.httpStatus = httpStatus
        self.detail = detail
        self.traceID = traceID
    }
}

/// Who told a line of the event log.
package enum PaymentEventOrigin: String, Sendable, Hashable, Codable, CaseIterable {
    /// Vipps' own event log.
    case vipps
    /// Something we tried, with its HTTP status.
    case gateway
    /// A webhook that came in.
    case webhook
}

package enum WebhookKind: String, Sendable, Hashable, Codable, CaseIterable {
    case payments
    case checkIns = "check-ins"
}

package enum WebhookMissingReason: String, Sendable, Hashable, Codable, CaseIterable {
    case notRegistered = "not-registered"
    case takenByAnother = "taken-by-another"
    case refused
}

/// A merchant QR as Vipps lists it.
package struct MerchantQRListing: Sendable, Hashable, Codable {
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

/// One order line of the receipt that goes along to the customer's app.
package struct ReceiptLine: Sendable, Hashable, Codable {
    package let id: String
    package let name: String
    package let quantity: Int
    /// Including tax, before discount.
    package let unitPrice: Money
    /// Not negative.
    package let discount: Money
    /// Including tax, after discount.
    package let total: Money
    package let totalExcludingTax: Money
    /// Hundredths of a per cent: 2500 is 25 %.
    package let taxRate: Int

    package init(
        id: String, name: String, quantity: Int, unitPrice: Money, discount: Money, total: Money,
        totalExcludingTax: Money,
        taxRate: Int
    ) {
        self.id = id
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discount = discount
        self.total = total
        self.totalExcludingTax = totalExcludingTax
        self.taxRate = taxRate
    }
}

/// A line of a completed sale or of a return.
package struct SoldLine: Sendable, Hashable, Codable {
    package let lineID: SaleLineID
    package let productID: ProductID?
    package let name: String
    package let quantity: Int
    package let unitPrice: Money
    package let discount: Money
    /// Hundredths of a per cent: 2500 is 25 %.
    package let taxRate: Int
    package let total: Money
    package let tax: Money

    package init(
        lineID: SaleLineID, productID: ProductID?, name: String, quantity: Int, unitPrice: Money, discount: Money,
        taxRate: Int,
        total: Money, tax: Money
    ) {
        self.lineID = lineID
        self.productID = productID
        self.name = name
        self.quantity = quantity
        self.unitPrice = unitPrice
        self.discount = discount
        self.taxRate = taxRate
        self.total = total
        self.tax = tax
    }
}

/// A payment that counts towards a completed sale.
package struct SalePayment: Sendable, Hashable, Codable {
    package let paymentID: PaymentID
    package let kind: PaymentKind
    package let paymentOptionID: PaymentOptionID?
    package let optionName: String
    package let amount: Money

    package init(
        paymentID: PaymentID, kind: PaymentKind, paymentOptionID: PaymentOptionID?, optionName: String, amount: Money
    ) {
        self.paymentID = paymentID
        self.kind = kind
        self.paymentOptionID = paymentOptionID
        self.optionName = optionName
        self.amount = amount
    }
}

/// A refund asked for along an original payment.
package struct SaleRefund: Sendable, Hashable, Codable {
    package let refundID: RefundID
    package let paymentID: PaymentID
    package let kind: PaymentKind
    package let amount: Money

    package init(refundID: RefundID, paymentID: PaymentID, kind: PaymentKind, amount: Money) {
        self.refundID = refundID
        self.paymentID = paymentID
        self.kind = kind
        self.amount = amount
    }
}
