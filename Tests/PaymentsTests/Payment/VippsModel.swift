import Foundation
import Payments
import SharedKernel

/// A small Vipps for one payment: what it does for each call, whoever loses the answer.
///
/// Written from the API's description, not from the state machine: it knows keys, states, sums and limits, and asserts what
/// a caller must never do.
struct VippsModel {
    enum State: String { case none, created, authorized, aborted, expired, terminated }

    let amount: Int64
    private(set) var state = State.none
    private(set) var captured: Int64 = 0
    private(set) var refunded: Int64 = 0
    private(set) var cancelled: Int64 = 0
    private(set) var createdAt = Date.distantPast
    private(set) var events: [ProviderEvent] = []
    /// Set while the customer is in the middle of approving: cancel meets 6250.
    var isProcessing = false
    /// What a caller did that it must never do.
    private(set) var violations: [String] = []

    private var answers: [String: (body: String, outcome: Outcome)] = [:]
    private var calls: [CallKind: [Date]] = [:]

    enum Outcome: Equatable {
        case ok
        case refused(String)
    }

    init(amount: Int64) { self.amount = amount }

    // MARK: The customer and the portal

    mutating func approve(at now: Date) {
        guard state == .created else { return }
        state = .authorized
        isProcessing = false
        record("AUTHORIZED", amount, nil, now)
    }

    mutating func decline(at now: Date) {
        guard state == .created else { return }
        state = .aborted
        isProcessing = false
        record("ABORTED", amount, nil, now)
    }

    mutating func passTime(to now: Date) {
        if state == .created, now.timeIntervalSince(createdAt) > 600 {
            state = .expired
            record("EXPIRED", amount, nil, now)
        }
    }

    mutating func refundInPortal(_ part: Int64, at now: Date) {
        guard part > 0, part <= captured - refunded else { return }
        refunded += part
        record("REFUNDED", part, "portal-\(events.count)", now)
    }

    mutating func cancelInPortal(at now: Date) {
        guard state == .authorized, captured + cancelled < amount else { return }
        cancelled += amount - captured - cancelled
        record("CANCELLED", amount, nil, now)
    }

    mutating func captureInPortal(at now: Date) {
        guard state == .authorized, cancelled == 0, captured < amount else { return }
        captured = amount
        record("CAPTURED", amount, nil, now)
    }

    // MARK: Calls

    /// What the call does. A key that was used gives its first outcome again; another body under it is a violation.
    mutating func perform(_ operation: PaymentOperation, at now: Date) -> Outcome {
        count(operation.act.kind, at: now)
        return performLate(operation, at: now)
    }

    /// The call leaves now, and counts now; what it does comes later, by `performLate`.
    mutating func takeInLate(_ operation: PaymentOperation, at now: Date) { count(operation.act.kind, at: now) }

    mutating func performLate(_ operation: PaymentOperation, at now: Date) -> Outcome {
        let body = "\(operation.act)"
        if let before = answers[operation.key.text] {
            if before.body != body { violations.append("key \(operation.key.text) with two bodies") }
            return before.outcome
        }
        let outcome = act(operation, at: now)
        let isTransient = [.refused("6250"), .refused("6160")].contains(outcome)
        if !isTransient { answers[operation.key.text] = (body, outcome) }
        return outcome
    }

    private mutating func act(_ operation: PaymentOperation, at now: Date) -> Outcome {
        switch operation.act {
        case .create:
            guard state == .none else { return .refused("4150") }
            state = .created
            createdAt = now
            record("CREATED", amount, operation.key.text, now)
            return .ok
        case .capture(let part):
            guard state == .authorized else { return .refused("6080") }
            if captured == amount { return .refused("6170") }
            if cancelled > 0 { return .refused("6070") }
            guard captured + part.minorUnits <= amount else { return .refused("6090") }
            captured += part.minorUnits
            record("CAPTURED", part.minorUnits, operation.key.text, now)
            return .ok
        case .cancel(let transactionOnly): return cancel(transactionOnly, operation.key.text, now)
        case .refund(_, let part, _):
            guard part.minorUnits <= captured - refunded else { return .refused("6150") }
            refunded += part.minorUnits
            record("REFUNDED", part.minorUnits, operation.key.text, now)
            return .ok
        }
    }

    private mutating func cancel(_ transactionOnly: Bool, _ key: String, _ now: Date) -> Outcome {
        switch state {
        case .none: return .refused("5090")
        case .created:
            if isProcessing { return .refused("6250") }
            state = .terminated
            cancelled = amount
            record("TERMINATED", amount, key, now)
            return .ok
        case .authorized:
            if transactionOnly { return .refused("6060") }
            if captured == amount { return .refused("6040") }
            if captured + cancelled == amount { return .refused("6190") }
            cancelled += amount - captured - cancelled
            record("CANCELLED", amount, key, now)
            return .ok
        case .aborted, .expired, .terminated: return .refused("6050")
        }
    }

    /// `nil`: no such payment.
    mutating func get(at now: Date) -> PaymentSnapshot? {
        count(.get, at: now)
        return snapshot
    }

    mutating func readEvents(at now: Date) -> [ProviderEvent] {
        count(.events, at: now)
        return events
    }

    var snapshot: PaymentSnapshot? {
        guard let shown = PaymentSnapshot.State(rawValue: state.rawValue.uppercased()) else { return nil }
        return PaymentSnapshot(
            state: shown, amount: .nok(amount),
            aggregate: Aggregate(
                authorized: .nok(state == .authorized ? amount : 0), captured: .nok(captured), refunded: .nok(refunded),
                cancelled: .nok(cancelled)), pspReference: "psp")
    }

    private mutating func record(_ name: String, _ part: Int64, _ key: String?, _ now: Date) {
        events.append(
            ProviderEvent(
                pspReference: "\(events.count)", name: name, amount: .nok(part), occurredAt: now, idempotencyKey: key,
                success: true))
    }

    private mutating func count(_ kind: CallKind, at now: Date) {
        let recent = calls[kind, default: []].filter { now.timeIntervalSince($0) < 60 } + [now]
        calls[kind] = recent
        let limit = [.get, .events].contains(kind) ? 120 : 5
        if recent.count > limit { violations.append("\(recent.count) calls of \(kind.rawValue) in a minute") }
    }
}

extension Money {
    static func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
}
