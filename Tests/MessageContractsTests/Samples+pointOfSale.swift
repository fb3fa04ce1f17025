import Foundation
import MessageContracts
import Messaging
import SharedKernel

extension Samples {
    static let pointOfSale: [any MessageContract] = paymentCommands + setUp + sales

    private static let paymentCommands: [any MessageContract] = [
        StartPayment(
            paymentID: payment, saleID: sale, saleIdentifier: "OSL-1000123", reference: reference,
            agreementID: agreement, msn: "123456", amount: nok(12_900),
            description: "Fjordkaffe: payment for sale OSL-1000123",
            identification: .phoneNumber(envelope: Data([1, 2, 3])),
            receipt: [
                ReceiptLine(
                    id: "1", name: "Kaffe & bolle", quantity: 2, unitPrice: nok(7000), discount: nok(1100),
                    total: nok(12_900), totalExcludingTax: nok(10_320), taxRate: 2500)
            ],
            organizationalUnitID: unit, agentInstanceID: till, requestedBy: user, requestedAt: instant),
        AbortPayment(paymentID: payment, requestedBy: user, reason: .otherIdentification, requestedAt: instant),
        RefundPayment(
            refundID: refund, paymentID: payment, amount: nok(2900), saleID: sale, requestedBy: user,
            requestedAt: instant),
    ]

    private static let setUp: [any MessageContract] = [
        AgreementSaved(
            agreementID: agreement, displayName: "Main agreement", keysEnvelope: Data([4, 5, 6]), keysSetAt: instant,
            savedBy: user, savedAt: instant),
        SalesUnitSaved(
            salesUnitID: salesUnit, displayName: "Main Street", agreementID: agreement, msn: "123456",
            organizationalUnitID: unit, currency: .nok, savedAt: instant),
        CheckKeys(agreementID: agreement, requestedBy: user, requestedAt: instant),
        RegisterWebhook(agreementID: agreement, requestedBy: user, requestedAt: instant),
        SyncMerchantQRs(salesUnitID: salesUnit, requestedBy: user, requestedAt: instant),
        CreateMerchantQR(
            salesUnitID: salesUnit, merchantQRID: "till-1", locationDescription: "Till 1", requestedBy: user,
            requestedAt: instant),
        ConvertMobilePayQR(
            salesUnitID: salesUnit, beaconID: "123451234512345", locationDescription: "Till 2", requestedBy: user,
            requestedAt: instant),
        ShowMerchantQR(salesUnitID: salesUnit, merchantQRID: "till-1", requestedBy: user, requestedAt: instant),
        DeleteMerchantQR(salesUnitID: salesUnit, merchantQRID: "till-1", requestedBy: user, requestedAt: instant),
        PointOfSaleViewChanged(views: ["sale/\(sale.text)", "sales"]),
        SessionEnded(sessionID: id(30), endedAt: instant, expiresAt: instant),
    ]

    private static let sales: [any MessageContract] = [
        SaleStarted(
            saleID: sale, saleIdentifier: "OSL-1000123", organizationalUnitID: unit, agentInstanceID: till,
            startedBy: user, startedAt: instant),
        CashReceived(
            paymentID: payment, saleID: sale, saleIdentifier: "OSL-1000123", paymentOptionID: option,
            amount: nok(12_900), receivedBy: user, receivedAt: instant),
        CashPaidOut(
            refundID: refund, paymentID: payment, saleID: sale, saleIdentifier: "OSL-1000123", amount: nok(2900),
            paidBy: user, paidAt: instant),
        SaleCompleted(
            saleID: sale, saleIdentifier: "OSL-1000123", tenantName: "Fjordkaffe", organizationalUnitID: unit,
            organizationalUnitName: "Main Street", agentInstanceID: till, lines: [soldLine], total: nok(12_900),
            valueAddedTax: nok(2580),
            payments: [
                SalePayment(
                    paymentID: payment, kind: .vippsEPayment, paymentOptionID: option, optionName: "Vipps",
                    amount: nok(12_900))
            ],
            change: nok(100), invoiceEmail: "customer@example.com", language: "nb", completedBy: user,
            startedAt: instant, completedAt: instant),
        SaleReturned(
            returnID: id(16), returnIdentifier: "OSL-1000124", originalSaleID: sale,
            originalSaleIdentifier: "OSL-1000123", lines: [soldLine], total: nok(12_900),
            refunds: [SaleRefund(refundID: refund, paymentID: payment, kind: .vippsEPayment, amount: nok(12_900))],
            returnedBy: user, returnedAt: instant),
    ]
}
