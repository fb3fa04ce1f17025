import Foundation
import PointOfSale
import SharedKernel

/// A payment inside a `SaleDocument`. Of the customer's identification only what may be read is kept.
struct PaymentDocument: Codable {
    var id: PaymentID
    var number: Int
    var optionID: PaymentOptionID
    var optionName: String
    var method: String
    var amount: Int64
    var state: String
    var since: Date
    var startedAt: Date
    var startedBy: UserID?
    var fallbackFor: PaymentID?
    // Vipps
    var agreementID: AgreementID?
    var msn: String?
    var agentInstanceID: AgentInstanceID?
    var reference: String?
    var identification: String?
    var mask: String?
    var checkInID: CheckInID?
    // Cash
    var received: Int64?
    var change: Int64?
    // State
    var expiresAt: Date?
    var qrContent: String?
    var captured: Int64?
    var abortReason: String?
    var failureCode: String?
    var failureDetail: String?
    var releasedOutside: Bool?
}

extension PaymentDocument {
    init(_ payment: Payment) {
        id = payment.id
        number = payment.number
        optionID = payment.option.id
        optionName = payment.option.name
        method = payment.option.method.rawValue
        amount = payment.amount.minorUnits
        state = PaymentStateName(payment.state).rawValue
        since = payment.since
        startedAt = payment.startedAt
        startedBy = payment.startedBy
        fallbackFor = payment.fallbackFor
        switch payment.means {
        case .cash(let received, let change):
            self.received = received.minorUnits
            self.change = change.minorUnits
        case .vipps(let terms, let reference, let identification):
            agreementID = terms.agreementID
            msn = terms.msn
            agentInstanceID = terms.agentInstanceID
            self.reference = reference
            keep(identification)
        }
        keep(payment.state)
    }

    private mutating func keep(_ identification: Identification?) {
        switch identification {
        case nil: break
        case .phoneNumber(_, let mask):
            self.identification = "phone"
            self.mask = mask
        case .personalQR: self.identification = "personal-qr"
        case .oneTimeQR: self.identification = "one-time-qr"
        case .checkIn(let id):
            self.identification = "check-in"
            checkInID = id
        }
    }

    private mutating func keep(_ state: PaymentState) {
        switch state {
        case .awaitingIdentification, .requested, .authorized, .aborted, .expired, .terminated, .withdrawn: break
        case .atVipps(let expiresAt, let content):
            self.expiresAt = expiresAt
            qrContent = content
        case .captured(let amount): captured = amount.minorUnits
        case .aborting(let reason): abortReason = reason.rawValue
        case .failed(let refusal):
            failureCode = refusal.code
            failureDetail = refusal.detail
        case .released(let outside): releasedOutside = outside
        }
    }

    func payment(_ money: (Int64) -> Money) throws -> Payment {
        guard let method = PaymentMethod(rawValue: method) else { throw UnreadableRow(column: "payments.method") }
        return Payment(
            id: id, number: number, option: ChosenOption(id: optionID, name: optionName, method: method),
            amount: money(amount), means: try means(money), state: try paymentState(money), since: since,
            startedAt: startedAt, startedBy: startedBy, fallbackFor: fallbackFor)
    }

    private func means(_ money: (Int64) -> Money) throws -> Payment.Means {
        if let received, let change { return .cash(received: money(received), change: money(change)) }
        guard let agreementID, let msn, let agentInstanceID, let reference else {
            throw UnreadableRow(column: "payments.means")
        }
        let terms = VippsTerms(agreementID: agreementID, msn: msn, agentInstanceID: agentInstanceID)
        let known: Identification? =
            switch identification {
            case "phone": .phoneNumber(envelope: Data(), mask: mask)
            case "personal-qr": .personalQR(envelope: Data())
            case "one-time-qr": .oneTimeQR
            case "check-in": checkInID.map(Identification.checkIn)
            default: nil
            }
        return .vipps(terms, reference: reference, known)
    }

    private func paymentState(_ money: (Int64) -> Money) throws -> PaymentState {
        switch PaymentStateName(rawValue: state) {
        case .awaitingIdentification: return .awaitingIdentification
        case .requested: return .requested
        case .atVipps: return .atVipps(expiresAt: expiresAt ?? since, qrContent: qrContent)
        case .authorized: return .authorized
        case .captured: return .captured(money(captured ?? amount))
        case .aborting: return .aborting(abortReason.flatMap(GivingUpReason.init(rawValue:)) ?? .cashier)
        case .aborted: return .aborted
        case .expired: return .expired
        case .terminated: return .terminated
        case .failed: return .failed(Refusal(code: failureCode ?? "", detail: failureDetail ?? ""))
        case .released: return .released(outside: releasedOutside ?? false)
        case .withdrawn: return .withdrawn
        case nil: throw UnreadableRow(column: "payments.state")
        }
    }
}

/// A payment's state in one word, in documents and in the interface.
enum PaymentStateName: String {
    case awaitingIdentification = "awaiting-identification"
    case requested
    case atVipps = "at-vipps"
    case authorized, captured, aborting, aborted, expired, terminated, failed, released, withdrawn

    init(_ state: PaymentState) {
        switch state {
        case .awaitingIdentification: self = .awaitingIdentification
        case .requested: self = .requested
        case .atVipps: self = .atVipps
        case .authorized: self = .authorized
        case .captured: self = .captured
        case .aborting: self = .aborting
        case .aborted: self = .aborted
        case .expired: self = .expired
        case .terminated: self = .terminated
        case .failed: self = .failed
        case .released: self = .released
        case .withdrawn: self = .withdrawn
        }
    }
}

/// A refund inside a `SaleDocument`.
struct RefundDocument: Codable {
    var id: RefundID
    var paymentID: PaymentID
    var method: String
    var amount: Int64
    var cause: String
    var returnID: SaleID?
    var reason: String?
    var state: String
    var failureCode: String?
    var failureDetail: String?
    var requestedAt: Date
    var requestedBy: UserID?
    var endedAt: Date?

    init(_ refund: Refund) {
        id = refund.id
        paymentID = refund.paymentID
        method = refund.method.rawValue
        amount = refund.amount.minorUnits
        cause = RefundCauseName(refund.cause).rawValue
        switch refund.cause {
        case .returned(let sale): returnID = sale
        case .reason(let words): reason = words
        case .tooLate, .tooMuch, .outside: break
        }
        switch refund.state {
        case .requested: state = "requested"
        case .refunded: state = "refunded"
        case .failed(let refusal):
            state = "failed"
            failureCode = refusal.code
            failureDetail = refusal.detail
        }
        requestedAt = refund.requestedAt
        requestedBy = refund.requestedBy
        endedAt = refund.endedAt
    }

    func refund(_ money: (Int64) -> Money) throws -> Refund {
        guard let method = PaymentMethod(rawValue: method) else { throw UnreadableRow(column: "refunds.method") }
        let known: RefundCause? =
            switch RefundCauseName(rawValue: cause) {
            case .returned: returnID.map(RefundCause.returned(in:))
            case .reason: .reason(reason ?? "")
            case .tooLate: .tooLate
            case .tooMuch: .tooMuch
            case .outside: .outside
            case nil: nil
            }
        guard let known else { throw UnreadableRow(column: "refunds.cause") }
        let state: RefundState
        switch self.state {
        case "requested": state = .requested
        case "refunded": state = .refunded
        case "failed": state = .failed(Refusal(code: failureCode ?? "", detail: failureDetail ?? ""))
        default: throw UnreadableRow(column: "refunds.state")
        }
        return Refund(
            id: id, paymentID: paymentID, method: method, amount: money(amount), cause: known, state: state,
            requestedAt: requestedAt, requestedBy: requestedBy, endedAt: endedAt)
    }
}

/// The cause of a refund in one word, in documents and in the interface.
enum RefundCauseName: String {
    case returned = "return"
    case reason
    case tooLate = "too-late"
    case tooMuch = "too-much"
    case outside

    init(_ cause: RefundCause) {
        switch cause {
        case .returned: self = .returned
        case .reason: self = .reason
        case .tooLate: self = .tooLate
        case .tooMuch: self = .tooMuch
        case .outside: self = .outside
        }
    }
}
