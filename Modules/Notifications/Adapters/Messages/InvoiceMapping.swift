import MessageContracts
import Messaging
import Notifications

extension Invoice {
    /// What a completed sale says that the customer is told.
    package init(_ sale: SaleCompleted) {
        self.init(
            saleID: sale.saleID, saleIdentifier: sale.saleIdentifier, tenantName: sale.tenantName,
            shopName: sale.organizationalUnitName, language: Language(rawValue: sale.language) ?? .en,
            lines: sale.lines.map {
                Line(
                    name: $0.name, quantity: $0.quantity, unitPrice: $0.unitPrice, discount: $0.discount,
                    taxRate: $0.taxRate, total: $0.total, tax: $0.tax)
            },
            total: sale.total, tax: sale.valueAddedTax,
            payments: sale.payments.map { Payment(name: $0.optionName, amount: $0.amount) }, change: sale.change,
            completedAt: sale.completedAt)
    }
}

enum InvoiceMailNews {
    /// What the other services are told about a mail.
    static func message(for event: InvoiceMailEvent, of mail: InvoiceMail) -> (any MessageContract)? {
        switch event {
        case .queuedAgain, .begun, .handedOver, .postponed, .interrupted: nil
        case .mailed(let at): InvoiceMailed(saleID: mail.saleID, mailedAt: at)
        case .failed(let reason, let at): InvoiceMailFailed(saleID: mail.saleID, reason: reason, failedAt: at)
        case .fellInDoubt(let reason, let at):
            InvoiceMailFailed(
                saleID: mail.saleID, reason: "it is not known whether the mail was sent: \(reason)", failedAt: at)
        }
    }
}
