import Finance
import MessageContracts

// The words of the core as messages, rows and JSON bodies write them.

extension PaymentOptionKind {
    package init(_ kind: PaymentKind) {
        switch kind {
        case .vippsEPayment: self = .vippsEPayment
        case .cash: self = .cash
        }
    }

    package var contract: PaymentKind {
        switch self {
        case .vippsEPayment: .vippsEPayment
        case .cash: .cash
        }
    }

    var word: String { contract.rawValue }

    init?(word: String) {
        guard let kind = PaymentKind(rawValue: word) else { return nil }
        self.init(kind)
    }
}

extension PaymentEvent.Origin {
    init(_ origin: PaymentEventOrigin) {
        switch origin {
        case .vipps: self = .vipps
        case .gateway: self = .gateway
        case .webhook: self = .webhook
        }
    }

    var word: String {
        switch self {
        case .vipps: "vipps"
        case .gateway: "gateway"
        case .webhook: "webhook"
        }
    }

    init?(word: String) {
        guard let origin = PaymentEventOrigin(rawValue: word) else { return nil }
        self.init(origin)
    }
}

extension PaymentSummary.State {
    var word: String {
        switch self {
        case .unknown: "unknown"
        case .requested: "requested"
        case .authorized: "authorized"
        case .captured: "captured"
        case .aborted: "aborted"
        case .expired: "expired"
        case .terminated: "terminated"
        case .released: "released"
        case .failed: "failed"
        }
    }

    init?(word: String) {
        guard let state = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = state
    }
}

extension LedgerPosting.Movement {
    var word: String {
        switch self {
        case .payment: "payment"
        case .refund: "refund"
        }
    }
}

extension LedgerFilter.Movement {
    var word: String {
        switch self {
        case .payment: "payment"
        case .refund: "refund"
        }
    }
}
