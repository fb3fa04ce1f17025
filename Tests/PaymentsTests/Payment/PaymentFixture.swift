import Foundation
import Payments
import SharedKernel

extension Date {
    static let start = Date(timeIntervalSince1970: 1_795_000_000)
}

extension Moment {
    static func at(_ now: Date, restoredAt: Date? = nil) -> Moment {
        Moment(now: now, cause: .test, spareRefundID: RefundID(UUID()), restoredAt: restoredAt)
    }
}

extension Cause {
    static let test = Cause(
        correlationID: "correlation", causationID: nil,
        trace: TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")!)
}

extension PaymentTerms {
    static func test(amount: Money = .nok(12_900), id: PaymentID = PaymentID(UUID())) -> PaymentTerms {
        do {
            return try PaymentTerms(
                paymentID: id, saleID: SaleID(UUID()), saleIdentifier: "OSL-1000123",
                address: PaymentAddress(
                    tenantID: TenantID(UUID()), agreementID: AgreementID(UUID()), msn: "123456",
                    reference: "till3-sale-000123-1"),
                amount: amount, description: "Fjord Bakery: payment for sale OSL-1000123", receipt: [],
                requestedAt: .start, cause: .test)
        } catch {
            preconditionFailure("the fixture is valid: \(error)")
        }
    }
}

/// A payment, a hand-turned clock, and what has happened so far.
struct Story {
    private(set) var payment: Payment
    private(set) var events: [PaymentEvent] = []
    var now = Date.start
    /// Answers every reading of the event log with an empty one.
    var readsLogItself = true
    /// When the gateway's records were put back, if they were.
    var restoredAt: Date?

    init(
        amount: Money = .nok(12_900), customer: CustomerReference = .phoneNumber(Sealed(envelope: Data("sealed".utf8))),
        restoredAt: Date? = nil
    ) {
        self.restoredAt = restoredAt
        payment = Payment(.test(amount: amount), customer: customer)
        take(.begin)
    }

    /// Lets `input` meet the payment and returns what followed.
    @discardableResult
    mutating func take(_ input: PaymentInput) -> [PaymentEvent] {
        let following = payment.decide(input, at: .at(now, restoredAt: restoredAt))
        payment = following.reduce(payment) { $0.evolved(by: $1) }
        events += following
        return following
    }

    mutating func pass(_ seconds: TimeInterval) { now += seconds }

    // MARK: Vipps answers

    static func record(_ status: Int? = 200) -> CallRecord {
        CallRecord(startedAt: .start, duration: .milliseconds(40), httpStatus: status, traceID: nil)
    }

    /// Starts the operation that is due and returns its ordinal.
    mutating func attempt() -> Int {
        guard case .perform(let operation) = payment.nextCall(at: now) else { return -1 }
        take(.attempt(ordinal: operation.ordinal))
        return operation.ordinal
    }

    @discardableResult
    mutating func createReplies(_ outcome: ProviderOutcome<CreateAnswer>) -> [PaymentEvent] {
        defer { readEmptyLog() }
        return take(.createReplied(ordinal: attempt(), ProviderReply(outcome, record: Self.record())))
    }

    @discardableResult
    mutating func changeReplies(_ outcome: ProviderOutcome<PaymentSnapshot>) -> [PaymentEvent] {
        defer { readEmptyLog() }
        return take(.changeReplied(ordinal: attempt(), ProviderReply(outcome, record: Self.record())))
    }

    @discardableResult
    mutating func looks(_ outcome: ProviderOutcome<PaymentSnapshot>) -> [PaymentEvent] {
        defer { readEmptyLog() }
        return take(.looked(ProviderReply(outcome, record: Self.record())))
    }

    /// So that the log's being due does not stand in the way of what a story is about.
    private mutating func readEmptyLog() {
        guard readsLogItself, let due = payment.logReading.at, due <= now else { return }
        take(.logRead(ProviderReply(.answered([]), record: Self.record())))
    }

    func snapshot(
        _ state: PaymentSnapshot.State, captured: Int64 = 0, refunded: Int64 = 0, cancelled: Int64 = 0
    ) -> PaymentSnapshot {
        let amount = payment.terms.amount
        return PaymentSnapshot(
            state: state, amount: amount,
            aggregate: Aggregate(
                authorized: state == .authorized ? amount : .nok(0), captured: .nok(captured), refunded: .nok(refunded),
                cancelled: .nok(cancelled)), pspReference: "psp")
    }

    // MARK: As far as

    static func created(givenUp: GiveUpReason? = nil) -> Story {
        var story = Story()
        story.createReplies(.answered(CreateAnswer(redirectURL: nil)))
        if let givenUp { story.take(.giveUp(givenUp)) }
        return story
    }

    static func authorized() -> Story {
        var story = created()
        story.pass(5)
        story.looks(.answered(story.snapshot(.authorized)))
        return story
    }

    static func captured() -> Story {
        var story = authorized()
        story.changeReplies(.answered(story.snapshot(.authorized, captured: 12_900)))
        return story
    }

    var openActs: [PaymentOperation.Act] { payment.operations.filter(\.isOpen).map(\.act) }
}

extension [PaymentEvent] {
    /// The words of what other services hear, without the event log.
    var told: [String] {
        compactMap {
            switch $0 {
            case .created: "requested-at-vipps"
            case .authorized: "authorized"
            case .captured(let amount, _): "captured \(amount.minorUnits)"
            case .aborted: "aborted"
            case .expired: "expired"
            case .terminated: "terminated"
            case .released(_, let outside, _): outside ? "released outside" : "released"
            case .failed(let refusal, _): "failed \(refusal.code)"
            case .refunded(_, let amount, _, _, let outside, _):
                "refunded \(amount.minorUnits)\(outside ? " outside" : "")"
            case .refundFailed(_, _, _, let refusal, _): "refund-failed \(refusal.code)"
            default: nil
            }
        }
    }
}
