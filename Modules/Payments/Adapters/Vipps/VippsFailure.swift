import Payments

/// Why a call to Vipps has no answer to show.
package enum VippsFailure: Error, Sendable, Hashable {
    /// 4xx: nothing was done.
    case refused(VippsProblem)
    /// The keys are not accepted, also after a new token. Nothing was done.
    case keysRefused(VippsProblem)
    /// 429. Nothing was done.
    case rateLimited(VippsProblem, retryAfter: Duration?)
    /// No connection, so the request never left (or the access token for it could not be had). Nothing was done.
    case neverSent(UnknownReason)
    /// The request may have arrived: nobody knows what was done.
    case unknown(UnknownReason)
}

/// An HTTP answer of the 2xx kind.
package struct VippsAnswer: Sendable {
    package let status: Int
    package let contentType: String?
    package let body: HTTPBody

    package typealias HTTPBody = [UInt8]
}

/// One call: what came of it, with the facts for the event log.
package struct VippsExchange: Sendable {
    package let result: Result<VippsAnswer, VippsFailure>
    /// `nil` when no answer came.
    package let status: Int?
    /// Vipps' trace id of a problem, otherwise ours.
    package let traceID: String?
}
