import Foundation
import MessageContracts
import Messaging
import SharedKernel

/// One message of each type with every field filled, as the golden files hold it.
enum Samples {
    static let all: [any MessageContract] = pointOfSale + payments + finance + notifications

    /// `00000000-0000-7000-8000-0000000000NN`
    static func id<Subject>(_ number: Int) -> Identifier<Subject> {
        Identifier("00000000-0000-7000-8000-\(String(repeating: "0", count: 12 - "\(number)".count))\(number)")!
    }

    static let instant = InstantText.read("2026-11-23T09:15:20.031Z")!
    static let later = InstantText.read("2026-11-23T09:25:20.031Z")!

    static func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }

    static let payment: PaymentID = id(1)
    static let sale: SaleID = id(2)
    static let refund: RefundID = id(3)
    static let agreement: AgreementID = id(4)
    static let unit: OrganizationalUnitID = id(5)
    static let till: AgentInstanceID = id(6)
    static let user: UserID = id(7)
    static let salesUnit: SalesUnitID = id(8)
    static let option: PaymentOptionID = id(9)
    static let reference = "OSL-1000123-1"

    static let soldLine = SoldLine(
        lineID: id(10), productID: id(11), name: "Kaffe & bolle", quantity: 2, unitPrice: nok(7000),
        discount: nok(1100), taxRate: 2500, total: nok(12_900), tax: nok(2580))

    static let failure = PaymentFailure(
        code: "7010", httpStatus: 400, detail: "The user cannot pay with this app", traceID: "trace-1")

    static let finance: [any MessageContract] = [
        FinanceViewChanged(views: ["payment-options", "ledger"]),
        PaymentOptionSaved(
            paymentOptionID: option, name: "Vipps", kind: .vippsEPayment, quickAccess: true, enabled: true,
            savedAt: instant),
        PaymentOptionEnabled(paymentOptionID: option, changedAt: instant),
        PaymentOptionDisabled(paymentOptionID: option, changedAt: instant),
        PaymentRegistered(
            entryID: id(12), paymentID: payment, saleID: sale, kind: .vippsEPayment, amount: nok(12_900),
            registeredAt: instant),
        RefundRegistered(
            entryID: id(13), refundID: refund, paymentID: payment, saleID: sale, kind: .cash, amount: nok(2900),
            registeredAt: instant),
    ]

    static let notifications: [any MessageContract] = [
        InvoiceMailed(saleID: sale, mailedAt: instant),
        InvoiceMailFailed(saleID: sale, reason: "550 no such mailbox", failedAt: instant),
    ]
}
