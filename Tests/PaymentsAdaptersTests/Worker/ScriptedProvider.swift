import Foundation
import Payments
import SharedKernel
import Synchronization

/// Vipps for many payments at once, as tests want it: a customer who approves or waits, faults by the call, and a journal.
final class ScriptedProvider: PaymentProvider {
    struct Call: Sendable, Hashable {
        let kind: CallKind
        let reference: String
        let key: String?
    }

    struct Books: Sendable {
        var state = PaymentSnapshot.State.created
        var captured: Int64 = 0
        var refunded: Int64 = 0
        var cancelled: Int64 = 0
        let amount: Money
        var events: [ProviderEvent] = []
    }

    /// What becomes of a call.
    enum Fault: Sendable { case none, loseRequest, loseAnswer, refuseKeys }

    private struct State {
        var calls: [Call] = []
        var books: [String: Books] = [:]
        var answered: Set<String> = []
        var underWay: [AgreementID: Int] = [:]
        var underWayMax: [AgreementID: Int] = [:]
        var inAllMax = 0
    }

    private let state = Mutex(State())
    private let fault: @Sendable (Call, AgreementID) -> Fault
    private let pause: @Sendable (PaymentAddress) async -> Void
    /// Whether the customer approves as soon as asked.
    let approves: Bool

    init(
        approves: Bool = true, pause: @escaping @Sendable (PaymentAddress) async -> Void = { _ in },
        fault: @escaping @Sendable (Call, AgreementID) -> Fault = { _, _ in .none }
    ) {
        self.approves = approves
        self.pause = pause
        self.fault = fault
    }

    var calls: [Call] { state.withLock { $0.calls } }
    var books: [String: Books] { state.withLock { $0.books } }
    var underWayMax: [AgreementID: Int] { state.withLock { $0.underWayMax } }
    var inAllMax: Int { state.withLock { $0.inAllMax } }

    func approve(_ reference: String) {
        state.withLock { $0.books[reference]?.state = .authorized }
    }

    // MARK: PaymentProvider

    func create(_ request: CreateRequest, key: IdempotencyKey) async -> ProviderReply<CreateAnswer> {
        await reply(.create, request.address, key) { state in
            state.books[request.address.reference] = Books(
                state: self.approves ? .authorized : .created, amount: request.amount)
            return .answered(CreateAnswer(redirectURL: request.customer == .oneTimeQR ? "https://qr.example" : nil))
        }
    }

    func get(_ address: PaymentAddress) async -> ProviderReply<PaymentSnapshot> {
        await reply(.get, address, nil) { Self.shown($0, address) }
    }

    func events(of address: PaymentAddress) async -> ProviderReply<[ProviderEvent]> {
        await reply(.events, address, nil) { .answered($0.books[address.reference]?.events ?? []) }
    }

    func capture(_ amount: Money, of address: PaymentAddress, key: IdempotencyKey) async -> ProviderReply<
        PaymentSnapshot
    > {
        await reply(.capture, address, key) { state in
            state.books[address.reference]?.captured += amount.minorUnits
            return Self.shown(state, address)
        }
    }

    func cancel(
        _ address: PaymentAddress, transactionOnly: Bool, key: IdempotencyKey
    ) async -> ProviderReply<PaymentSnapshot> {
        await reply(.cancel, address, key) { state in
            guard let books = state.books[address.reference] else { return Self.shown(state, address) }
            if books.state == .created {
                state.books[address.reference]?.state = .terminated
            } else if transactionOnly {
                return .refused(Refusal(code: "6060", httpStatus: 400, detail: ""))
            }
            state.books[address.reference]?.cancelled = books.amount.minorUnits - books.captured
            return Self.shown(state, address)
        }
    }

    func refund(_ amount: Money, of address: PaymentAddress, key: IdempotencyKey) async -> ProviderReply<
        PaymentSnapshot
    > {
        await reply(.refund, address, key) { state in
            state.books[address.reference]?.refunded += amount.minorUnits
            return Self.shown(state, address)
        }
    }

    private static func shown(_ state: State, _ address: PaymentAddress) -> ProviderOutcome<PaymentSnapshot> {
        guard let books = state.books[address.reference] else {
            return .refused(Refusal(code: "5090", httpStatus: 404, detail: ""))
        }
        let money = { Money(minorUnits: $0, currency: books.amount.currency) }
        return .answered(
            PaymentSnapshot(
                state: books.state, amount: books.amount,
                aggregate: Aggregate(
                    authorized: books.state == .authorized ? books.amount : money(0), captured: money(books.captured),
                    refunded: money(books.refunded), cancelled: money(books.cancelled)),
                pspReference: "psp-of-\(address.reference)"))
    }

    /// A key that was used does its work once.
    private func reply<Value>(
        _ kind: CallKind, _ address: PaymentAddress, _ key: IdempotencyKey?,
        work: @Sendable (inout State) -> ProviderOutcome<Value>
    ) async -> ProviderReply<Value> {
        let call = Call(kind: kind, reference: address.reference, key: key?.text)
        enter(call, address)
        await pause(address)
        let fault = fault(call, address.agreementID)
        let outcome: ProviderOutcome<Value> = state.withLock { state in
            state.underWay[address.agreementID, default: 0] -= 1
            switch fault {
            case .loseRequest: return .unknown(.connection)
            case .refuseKeys: return .keysRefused(Refusal(code: "keys-refused", httpStatus: 401, detail: ""))
            case .none, .loseAnswer:
                let isNew = key.map { state.answered.insert($0.text).inserted } ?? true
                var forgotten = state
                let outcome = work(&forgotten)
                if isNew { state.books = forgotten.books }
                return fault == .loseAnswer ? .unknown(.timeout) : isNew ? outcome : Self.again(outcome, state, address)
            }
        }
        return ProviderReply(
            outcome,
            record: CallRecord(
                startedAt: .paymentStart, duration: .zero, httpStatus: 200, traceID: TraceContext.current?.traceID))
    }

    private static func again<Value>(
        _ outcome: ProviderOutcome<Value>, _ state: State, _ address: PaymentAddress
    ) -> ProviderOutcome<Value> {
        (shown(state, address) as? ProviderOutcome<Value>) ?? outcome
    }

    private func enter(_ call: Call, _ address: PaymentAddress) {
        state.withLock { state in
            state.calls.append(call)
            state.underWay[address.agreementID, default: 0] += 1
            let now = state.underWay[address.agreementID, default: 0]
            state.underWayMax[address.agreementID] = max(now, state.underWayMax[address.agreementID, default: 0])
            state.inAllMax = max(state.inAllMax, state.underWay.values.reduce(0, +))
        }
    }
}

/// A clock turned by hand.
final class HandClock: Sendable {
    private let instant = Mutex(Date.paymentStart)
    var now: Date { instant.withLock { $0 } }
    func pass(_ seconds: TimeInterval) { instant.withLock { $0 += seconds } }
}

struct ScriptedCheckIns: CheckInTokens {
    var tokens: [CheckInID: CheckInToken] = [:]
    func token(for checkIn: CheckInID, of tenant: TenantID) async throws -> CheckInToken? { tokens[checkIn] }
}
