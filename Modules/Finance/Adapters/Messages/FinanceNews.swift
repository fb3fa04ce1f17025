import Finance
import Foundation
import MessageContracts
import Messaging
import SharedKernel

/// What the other services are told, and which views change, in the transaction of the change.
enum FinanceNews {
    static func messages(for events: [PaymentOptionEvent]) -> [any MessageContract] {
        guard !events.isEmpty else { return [] }
        let facts = events.map { event -> any MessageContract in
            switch event {
            case .saved(let option):
                PaymentOptionSaved(
                    paymentOptionID: option.id, name: option.name.text, kind: option.kind.contract,
                    quickAccess: option.quickAccess, enabled: option.enabled, savedAt: option.savedAt)
            case .enabled(let id, let at): PaymentOptionEnabled(paymentOptionID: id, changedAt: at)
            case .disabled(let id, let at): PaymentOptionDisabled(paymentOptionID: id, changedAt: at)
            }
        }
        return facts + [FinanceViewChanged(views: ["payment-options"])]
    }

    static func messages(for entries: [LedgerEntry]) -> [any MessageContract] {
        guard let first = entries.first else { return [] }
        let facts = entries.map { entry -> any MessageContract in
            let posting = entry.posting
            return switch posting.movement {
            case .payment:
                PaymentRegistered(
                    entryID: entry.id, paymentID: posting.paymentID, saleID: posting.saleID,
                    kind: posting.kind.contract, amount: posting.amount, registeredAt: entry.registeredAt)
            case .refund(let refundID, _):
                RefundRegistered(
                    entryID: entry.id, refundID: refundID, paymentID: posting.paymentID, saleID: posting.saleID,
                    kind: posting.kind.contract, amount: posting.amount, registeredAt: entry.registeredAt)
            }
        }
        return facts + [FinanceViewChanged(views: ["ledger", view(of: first.posting.paymentID)])]
    }

    static func eventLogChanged(_ payment: PaymentID) -> FinanceViewChanged {
        FinanceViewChanged(views: [view(of: payment)])
    }

    static func view(of payment: PaymentID) -> String { "payment/\(payment.text)" }
}
