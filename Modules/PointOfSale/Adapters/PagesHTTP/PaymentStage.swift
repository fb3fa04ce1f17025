import Foundation
import PointOfSale
import SharedKernel

/// Where a payment at the till stands, as the payment screen shows it: decided from the sale alone, so that a screen that
/// was closed and opened again shows the same.
package enum PaymentStage: Sendable, Hashable {
    /// How much, by an option of one kind.
    case amount(PaymentOption)
    case identify(Payment)
    case waiting(Payment)
    case ended(Payment)
    /// Nothing can be paid here and nothing has been.
    case nothingToPay

    /// - Parameters:
    ///   - option: chosen on the sale screen; `nil` shows what is under way.
    ///   - seen: how many payments the sale had when this screen began; the later ones are this screen's.
    package init(of sale: Sale, option: PaymentOption?, seen: Int) {
        let own = sale.payments.filter { $0.number > seen }
        if let current = sale.payments.last(where: \.isAtTheTill) {
            self = current.state == .awaitingIdentification ? .identify(current) : .waiting(current)
        } else if let paid = own.last(where: { $0.captured.isPositive }) {
            self = .ended(paid)
        } else if let last = own.last(where: { $0.state != .withdrawn }) {
            self = .ended(last)
        } else if let option, sale.due.isPositive, !sale.isReturn {
            self = .amount(option)
        } else if let last = sale.payments.last(where: { $0.captured.isPositive }) {
            self = .ended(last)
        } else {
            self = .nothingToPay
        }
    }

    /// Changes when the screen has to be drawn anew.
    package func key(checkIn: CheckIn?, sale: Sale) -> String {
        switch self {
        case .amount: "amount"
        case .identify(let payment): "identify.\(payment.number).\(checkIn?.id.text.prefix(18) ?? "none")"
        case .waiting(let payment): "\(payment.word).\(payment.number).\(sale.isReplacing)"
        case .ended(let payment):
            "\(payment.word).\(payment.number).\(sale.isUnderWay).\(sale.due.minorUnits).\(sale.refunds.count)"
        case .nothingToPay: "nothing"
        }
    }
}

extension Payment {
    /// Somebody at the till still waits for it. One that is given up for another identification, or with its sale, is
    /// waited for by nobody.
    fileprivate var isAtTheTill: Bool {
        switch state {
        case .awaitingIdentification, .requested, .atVipps, .authorized, .aborting(.cashier): true
        case .aborting(.otherIdentification), .aborting(.saleAbandoned), .captured, .aborted, .expired, .terminated,
            .failed, .released, .withdrawn:
            false
        }
    }
}

extension Sale {
    /// An earlier payment is being taken back, because another took its place.
    var isReplacing: Bool { payments.contains { $0.state == .aborting(.otherIdentification) } }
}
