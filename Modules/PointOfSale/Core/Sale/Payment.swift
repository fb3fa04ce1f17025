import Foundation
import SharedKernel

/// The type of an incoming payment option.
package enum PaymentMethod: String, Sendable, Hashable, CaseIterable {
    case vippsEPayment = "vipps-epayment"
    case cash
}

/// An incoming payment option as a payment remembers it.
package struct ChosenOption: Sendable, Hashable {
    package let id: PaymentOptionID
    package let name: String
    package let method: PaymentMethod

    package init(id: PaymentOptionID, name: String, method: PaymentMethod) {
        self.id = id
        self.name = name
        self.method = method
    }
}

/// How the customer is known. What names a person is already sealed to the gateway's certificate; only a mask can be read.
package enum Identification: Sendable, Hashable {
    /// The mask is absent once the sale has forgotten its customer.
    case phoneNumber(envelope: Data, mask: String?)
    case personalQR(envelope: Data)
    case checkIn(CheckInID)
    case oneTimeQR

    /// What the sale remembers: the envelope leaves with the request, and only the mask stays.
    var readable: Identification {
        switch self {
        case .phoneNumber(_, let mask): .phoneNumber(envelope: Data(), mask: mask)
        case .personalQR: .personalQR(envelope: Data())
        case .checkIn, .oneTimeQR: self
        }
    }

    /// Whether a part of it that can be read belongs to one person.
    var namesCustomer: Bool {
        switch self {
        case .phoneNumber(_, let mask): mask != nil
        case .personalQR, .checkIn, .oneTimeQR: false
        }
    }

    /// The way without the person.
    var withoutCustomer: Identification {
        switch self {
        case .phoneNumber(let envelope, _): .phoneNumber(envelope: envelope, mask: nil)
        case .personalQR, .checkIn, .oneTimeQR: self
        }
    }

    /// Whether Vipps must push to the customer's phone, which a sales unit may not be allowed to (5080).
    var needsPush: Bool {
        switch self {
        case .phoneNumber, .personalQR, .checkIn: true
        case .oneTimeQR: false
        }
    }
}

package enum GivingUpReason: String, Sendable, Hashable, CaseIterable {
    case cashier
    case saleAbandoned = "sale-abandoned"
    /// Another payment takes its place.
    case otherIdentification = "other-identification"
}

/// Why a payment or refund was refused. `code` is stable, `detail` is for support.
package struct Refusal: Sendable, Hashable {
    package let code: String
    package let detail: String

    package init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// Vipps allows this sales unit no push messages.
    static let pushNotAllowed = "5080"
}

package enum PaymentState: Sendable, Hashable {
    /// The customer is not known yet; nothing has been sent.
    case awaitingIdentification
    /// Asked of the gateway.
    case requested
    case atVipps(expiresAt: Date, qrContent: String?)
    /// Approved; the money will be captured at once.
    case authorized
    /// The money is here (cash too). The amount is what Vipps says was captured in all.
    case captured(Money)
    /// Given up; what became of it is not known yet.
    case aborting(GivingUpReason)
    /// The customer declined.
    case aborted
    case expired
    /// Given up in time.
    case terminated
    case failed(Refusal)
    /// The reservation was let go.
    case released(outside: Bool)
    /// Given up before anything was sent.
    case withdrawn

    /// Whether this is the end, unless money turns up after all.
    package var isEnded: Bool {
        switch self {
        case .awaitingIdentification, .requested, .atVipps, .authorized, .aborting: false
        case .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn: true
        }
    }
}

/// Whom a payment waits for.
package enum WaitingFor: String, Sendable, Hashable, CaseIterable {
    case cashier, us, vipps, customer
}

/// What Vipps needs to know of the shop for one payment.
package struct VippsTerms: Sendable, Hashable {
    package let agreementID: AgreementID
    package let msn: String
    /// The till where the customer is.
    package let agentInstanceID: AgentInstanceID

    package init(agreementID: AgreementID, msn: String, agentInstanceID: AgentInstanceID) {
        self.agreementID = agreementID
        self.msn = msn
        self.agentInstanceID = agentInstanceID
    }
}

/// One attempt to take one amount for a sale.
package struct Payment: Sendable, Hashable {
    package enum Means: Sendable, Hashable {
        case vipps(VippsTerms, reference: String, Identification?)
        /// `received - change` is the payment's amount.
        case cash(received: Money, change: Money)
    }

    package let id: PaymentID
    /// Counts the attempts of the sale from 1.
    package let number: Int
    package let option: ChosenOption
    package let amount: Money
    package internal(set) var means: Means
    package internal(set) var state: PaymentState
    /// When the state began.
    package internal(set) var since: Date
    package let startedAt: Date
    package let startedBy: UserID?
    /// The payment that Vipps refused to push, and that this one replaced by itself.
    package let fallbackFor: PaymentID?

    package init(
        id: PaymentID, number: Int, option: ChosenOption, amount: Money, means: Means, state: PaymentState, since: Date,
        startedAt: Date, startedBy: UserID?, fallbackFor: PaymentID?
    ) {
        self.id = id
        self.number = number
        self.option = option
        self.amount = amount
        self.means = means
        self.state = state
        self.since = since
        self.startedAt = startedAt
        self.startedBy = startedBy
        self.fallbackFor = fallbackFor
    }

    /// What has come in along this payment, before refunds.
    package var captured: Money {
        if case .captured(let amount) = state { amount } else { .zero(amount.currency) }
    }

    /// Still counts against what is due. A payment that is being replaced does not: the new one takes its place, and if both
    /// are approved the one too much goes back.
    package var isPending: Bool {
        switch state {
        case .awaitingIdentification, .requested, .atVipps, .authorized: true
        case .aborting(.cashier): true
        case .aborting(.otherIdentification), .aborting(.saleAbandoned): false
        case .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn: false
        }
    }

    mutating func forgetCustomer() {
        if case .vipps(let terms, let reference, let identification) = means {
            means = .vipps(terms, reference: reference, identification?.withoutCustomer)
        }
    }

    package var identification: Identification? {
        if case .vipps(_, _, let identification) = means { identification } else { nil }
    }

    package var terms: VippsTerms? {
        if case .vipps(let terms, _, _) = means { terms } else { nil }
    }

    package var reference: String? {
        if case .vipps(_, let reference, _) = means { reference } else { nil }
    }

    /// Whom we wait for; `nil` when it is over.
    package var waitingFor: WaitingFor? {
        switch state {
        case .awaitingIdentification: .cashier
        case .requested: .us
        case .atVipps: .customer
        case .authorized, .aborting: .vipps
        case .captured, .aborted, .expired, .terminated, .failed, .released, .withdrawn: nil
        }
    }
}
