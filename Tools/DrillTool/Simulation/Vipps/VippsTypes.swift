/// What goes over the wire to Vipps and back, as the published API describes it. This folder reads the API for itself and
/// knows nothing of the product, so that one misreading is not made twice. Amounts in minor units, times in milliseconds.
enum VippsAPI {
    enum Kind: String, CaseIterable, Sendable { case create, get, events, capture, cancel, refund }

    enum Customer: Sendable, Equatable {
        case phoneNumber(String)
        case token(String)
        /// User flow QR.
        case nobody
    }

    struct Call: Sendable {
        let kind: Kind
        let msn: String
        let reference: String
        var amount = 0
        var transactionOnly = false
        var customer = Customer.nobody
        var idempotencyKey: String?
    }

    struct Answer: Sendable {
        let status: Int
        var code: Int?
        var payment: View?
        var events: [Event]?
        var redirectURL: String?
        var retryAfterSeconds: Int?
        /// The short body of the gateway in front, which has no code.
        var isFromTheFront = false
        var traceID: String?
    }

    enum State: String, Sendable { case created, authorized, aborted, expired, terminated }

    /// GET, and the answers to capture, cancel and refund.
    struct View: Sendable, Equatable {
        var state: State
        var amount: Int
        var authorized: Int
        var captured: Int
        var refunded: Int
        var cancelled: Int
        var pspReference: String
    }

    struct Event: Sendable {
        let pspReference: String
        /// `CREATED`, `AUTHORIZED`, `CAPTURED`, ...
        let name: String
        let amount: Int
        let at: Int
        let idempotencyKey: String?
        let success: Bool
        /// Done in the portal; the API does not show it, the simulation's judge needs it.
        let isFromPortal: Bool
    }

    static let approvalTime = 600_000
    static let tokenLife = 900_000
}
