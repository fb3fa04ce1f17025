import Foundation
import SharedKernel

/// The human number of a sale, `OSL-1000001`: the code of its organizational unit and a number that counts there without gaps.
///
/// The number is given in the transaction that starts the sale, so no number is ever lost: an abandoned sale keeps its own.
package struct SaleIdentifier: Sendable, Hashable {
    package static let firstNumber: Int64 = 1_000_001

    package let unitCode: String
    package let number: Int64

    package init(unitCode: String, number: Int64) {
        self.unitCode = unitCode
        self.number = number
    }

    package var text: String { "\(unitCode)-\(number)" }

    /// Of one attempt to take a payment, unique for ever: `OSL-1000001-2-9f03ab12`. The last part is chance from the
    /// payment's own identifier, so that even a shop that begins again with number one never repeats a reference.
    package func reference(attempt: Int, payment: PaymentID) -> String {
        "\(text)-\(attempt)-\(payment.text.suffix(8))"
    }

    /// What the customer reads in the app; 3 to 100 characters, the tenant's name shortened if need be.
    package func description(tenantName: String) -> String {
        let ending = ": payment for sale \(text)"
        return String(tenantName.prefix(100 - ending.count)) + ending
    }
}
