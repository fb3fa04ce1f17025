import Foundation
import Messaging
import Payments
import SharedKernel

/// The twin of `SQLitePaymentStore`: keeps the same promises, in memory. For tests.
package actor InMemoryPaymentStore: PaymentStore {
    package nonisolated let changed = WakeSignal()
    package nonisolated let restoredAt: Date?
    private var state = State()

    private struct State {
        var payments: [PaymentID: Payment] = [:]
        var told: [Told] = []
        var refused: [RefusedCommand] = []
        var linesSeen: Set<[String]> = []
    }

    /// What the other services would have been told.
    package enum Told: Sendable, Hashable {
        case event(PaymentName, PaymentEvent)
        case refusal(TenantID, UnkeptRefusal)
    }

    package init(restoredAt: Date? = nil) { self.restoredAt = restoredAt }

    package var told: [Told] { state.told }
    package var refusedCommands: [RefusedCommand] { state.refused }

    package func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (any PaymentBooks) throws -> Value
    ) async throws -> Value {
        let books = Books(state: state)
        let value = try body(books)
        state = books.state
        changed.wake()
        return value
    }

    package func due(
        _ urgency: Payment.Urgency, at now: Date, perAgreementMax: Int, max: Int, except: Set<AgreementID>
    ) async throws -> [DuePayment] {
        var places: [AgreementID: Int] = [:]
        return state.payments.values.compactMap { payment -> DuePayment? in
            guard let at = payment.dueAt(urgency), at <= now, !except.contains(payment.terms.address.agreementID)
            else { return nil }
            return DuePayment(name: payment.name, agreementID: payment.terms.address.agreementID, dueAt: at)
        }
        .sorted { ($0.dueAt, $0.name.paymentID.text) < ($1.dueAt, $1.name.paymentID.text) }
        .map { due -> (place: Int, due: DuePayment) in
            places[due.agreementID, default: 0] += 1
            return (places[due.agreementID, default: 0], due)
        }
        .filter { $0.place <= perAgreementMax }
        .sorted { ($0.place, $0.due.dueAt) < ($1.place, $1.due.dueAt) }
        .prefix(max).map(\.due)
    }

    package func nextDue(
        _ urgency: Payment.Urgency, after now: Date, except: Set<AgreementID>
    ) async throws -> Date? {
        state.payments.values.filter { !except.contains($0.terms.address.agreementID) }
            .compactMap { $0.dueAt(urgency) }.filter { $0 > now }.min()
    }

    package func leftBehind(all: Bool) async throws -> [PaymentName] {
        state.payments.values.filter { payment in
            let isOpen = !payment.phase.isEnd || payment.currentOperation != nil
            return isOpen && (all || payment.isCalling || payment.dueAt == nil)
        }
        .sorted { $0.terms.requestedAt < $1.terms.requestedAt }.map(\.name)
    }

    package func countByPhase(since: Date) async throws -> [String: Int] {
        state.payments.values.filter { $0.terms.requestedAt >= since }
            .reduce(into: [:]) { $0[$1.phase.word, default: 0] += 1 }
    }

    /// A copy that becomes the state when the body has not thrown.
    private final class Books: PaymentBooks {
        var state: State

        init(state: State) { self.state = state }

        func payment(_ name: PaymentName) throws -> Payment? {
            state.payments[name.paymentID].flatMap { $0.name == name ? $0 : nil }
        }

        func isKnown(_ id: PaymentID) throws -> Bool { state.payments[id] != nil }

        func payment(of tenant: TenantID, msn: String, reference: String) throws -> Payment? {
            state.payments.values.first {
                $0.name.tenantID == tenant && $0.terms.address.msn == msn && $0.terms.address.reference == reference
            }
        }

        func save(_ payment: Payment, after events: [PaymentEvent], at moment: Moment) throws {
            state.payments[payment.terms.paymentID] = payment
            for event in events where isTold(event, of: payment) { state.told.append(.event(payment.name, event)) }
        }

        private func isTold(_ event: PaymentEvent, of payment: Payment) -> Bool {
            guard case .logged(let line) = event else { return PaymentMessages.message(event, of: payment) != nil }
            guard line.origin != .gateway, let psp = line.pspReference else { return true }
            let key = [payment.terms.paymentID.text, line.origin.rawValue, line.name, psp, "\(line.success)"]
            return state.linesSeen.insert(key).inserted
        }

        func tell(_ refusal: UnkeptRefusal, of tenant: TenantID, at moment: Moment) throws {
            state.told.append(.refusal(tenant, refusal))
        }

        func keep(_ refused: RefusedCommand) throws {
            state.refused.append(refused)
            state.refused = state.refused.suffix(SQLitePaymentBooks.refusedCommandsMax)
        }
    }
}
