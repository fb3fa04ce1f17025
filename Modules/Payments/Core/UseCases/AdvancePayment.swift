import Foundation
import SharedKernel

/// Makes the one call that is due for a payment: intent kept, call, answer kept.
///
/// Never two at once for one payment: the worker sees to that.
package struct AdvancePayment: Sendable {
    private let store: any PaymentStore
    private let provider: any PaymentProvider
    private let checkIns: any CheckInTokens
    private let now: Now
    /// Names the moments at which a test may cut the power.
    private let passing: @Sendable (String) -> Void

    package init(
        store: any PaymentStore, provider: any PaymentProvider, checkIns: any CheckInTokens, now: @escaping Now,
        passing: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.provider = provider
        self.checkIns = checkIns
        self.now = now
        self.passing = passing
    }

    /// What was done, for the worker's fences and metrics.
    package struct Outcome: Sendable, Hashable {
        package let kind: CallKind
        package let result: CallResult
        /// From the webhook that told of the approval to the money taken, when this call took it.
        package let webhookToCaptured: TimeInterval?
    }

    package enum CallResult: String, Sendable, Hashable, CaseIterable {
        case answered, refused, unknown
        case rateLimited = "rate-limited"
        case keysRefused = "keys-refused"
    }

    /// - Returns: `nil` when nothing is due.
    package func callAsFunction(_ name: PaymentName) async throws -> Outcome? {
        guard let (call, payment) = try await begin(name) else { return nil }
        let cause: Cause
        if case .perform(let operation) = call { cause = operation.cause } else { cause = payment.terms.cause }
        return try await TraceContext.$current.withValue(cause.trace.child()) {
            passing("gateway.\(call.kind.rawValue).before-call")
            let (input, result) = try await make(call, for: payment)
            passing("gateway.\(call.kind.rawValue).after-call")
            let waited = try await keep(input, for: name, kind: call.kind, cause: cause)
            passing("gateway.\(call.kind.rawValue).after-commit")
            return Outcome(kind: call.kind, result: result, webhookToCaptured: waited)
        }
    }

    /// The intent is on disk before the request leaves. A GET needs none: it changes nothing.
    private func begin(_ name: PaymentName) async throws -> (Payment.Call, Payment)? {
        let moment = moment(cause: nil)
        return try await store.transaction { books in
            guard let payment = try books.payment(name), let call = payment.nextCall(at: moment.now) else { return nil }
            guard case .perform(let operation) = call else { return (call, payment) }
            return (call, try books.take(.attempt(ordinal: operation.ordinal), for: payment, at: moment))
        }
    }

    private func keep(_ input: PaymentInput, for name: PaymentName, kind: CallKind, cause: Cause) async throws
        -> TimeInterval?
    {
        let moment = moment(cause: cause)
        let passing = passing
        return try await store.transaction { books in
            guard let payment = try books.payment(name) else { return nil }
            let next = try books.take(input, for: payment, at: moment)
            passing("gateway.\(kind.rawValue).before-commit")
            guard !payment.phase.isEnd, case .captured = next.phase, let since = next.webhookAt else { return nil }
            return moment.now.timeIntervalSince(since)
        }
    }

    private func moment(cause: Cause?) -> Moment {
        let now = now()
        return Moment(
            now: now, cause: cause ?? .beginning(at: now), spareRefundID: .new(at: now), restoredAt: store.restoredAt)
    }

    // MARK: Calling

    private func make(_ call: Payment.Call, for payment: Payment) async throws -> (PaymentInput, CallResult) {
        let address = payment.terms.address
        switch call {
        case .look:
            let reply = await provider.get(address)
            return (.looked(reply, planned: payment.look), reply.outcome.result)
        case .readLog:
            let reply = await provider.events(of: address)
            return (.logRead(reply), reply.outcome.result)
        case .perform(let operation):
            switch operation.act {
            case .create:
                let reply = try await create(operation, of: payment)
                return (.createReplied(ordinal: operation.ordinal, reply), reply.outcome.result)
            case .capture(let amount):
                let reply = await provider.capture(amount, of: address, key: operation.key)
                return (.changeReplied(ordinal: operation.ordinal, reply), reply.outcome.result)
            case .cancel(let transactionOnly):
                let reply = await provider.cancel(address, transactionOnly: transactionOnly, key: operation.key)
                return (.changeReplied(ordinal: operation.ordinal, reply), reply.outcome.result)
            case .refund(_, let amount, _):
                let reply = await provider.refund(amount, of: address, key: operation.key)
                return (.changeReplied(ordinal: operation.ordinal, reply), reply.outcome.result)
            }
        }
    }

    private func create(_ operation: PaymentOperation, of payment: Payment) async throws -> ProviderReply<CreateAnswer>
    {
        let customer: CreateRequest.Customer
        switch payment.customer {
        case .phoneNumber(let sealed): customer = .phoneNumber(sealed)
        case .personalQR(let sealed): customer = .personalQR(sealed)
        case .oneTimeQR: customer = .oneTimeQR
        case .checkIn(let checkIn):
            switch try await token(checkIn, for: payment, isRepeat: operation.mayHaveActed) {
            case .success(let token): customer = .token(token)
            case .failure(let refusal): return notSent(refusal)
            }
        case nil: preconditionFailure("a payment that is still to be created knows its customer")
        }
        let terms = payment.terms
        let request = CreateRequest(
            address: terms.address, amount: terms.amount, description: terms.description, customer: customer,
            receipt: terms.receipt, saleIdentifier: terms.saleIdentifier)
        return await provider.create(request, key: operation.key)
    }

    /// A repeat is sent whatever the token's age: Vipps gives the first request's outcome again.
    private func token(
        _ checkIn: CheckInID, for payment: Payment, isRepeat: Bool
    ) async throws -> Result<CustomerToken, Refusal> {
        guard let found = try await checkIns.token(for: checkIn, of: payment.terms.address.tenantID) else {
            return .failure(
                Refusal(
                    code: Refusal.OwnCode.checkInUnknown,
                    detail: "The check-in is not known (any more). Let the customer scan the code again."))
        }
        guard isRepeat || now() < found.validUntil else {
            return .failure(
                Refusal(
                    code: Refusal.OwnCode.checkInExpired,
                    detail: "The check-in is too old. Let the customer scan the code again."))
        }
        return .success(found.token)
    }

    private func notSent(_ refusal: Refusal) -> ProviderReply<CreateAnswer> {
        ProviderReply(
            .refused(refusal), record: CallRecord(startedAt: now(), duration: .zero, httpStatus: nil, traceID: nil))
    }
}

extension ProviderOutcome {
    package var result: AdvancePayment.CallResult {
        switch self {
        case .answered: .answered
        case .refused: .refused
        case .unknown: .unknown
        case .rateLimited: .rateLimited
        case .keysRefused: .keysRefused
        }
    }
}
