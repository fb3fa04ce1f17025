import Foundation
import SharedKernel

// What a sale keeps of its customer - the address of the invoice and the ends of phone numbers - and for how long.
extension Sale {
    /// Seconds from a sale's end, 90 days: until then people ask for their invoice again, or come back with the goods.
    package static let customerKept: TimeInterval = 90 * 24 * 3600

    /// It has ended, nothing of it is under way that may need its customer, and it still names one. The relay has the address
    /// of a mail for itself.
    package var hasCustomerToForget: Bool {
        !isUnderWay && !hasPaymentInFlight && !refunds.contains { $0.state == .requested }
            && (invoiceEmail != nil || payments.contains { $0.identification?.namesCustomer == true })
    }

    /// Nothing happens before the time has come.
    func forgetting(_ moment: Moment) -> [SaleEvent] {
        guard hasCustomerToForget, let endedAt, moment.now >= endedAt.addingTimeInterval(Sale.customerKept) else {
            return []
        }
        return [.customerForgotten]
    }
}
