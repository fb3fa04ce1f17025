import SharedKernel

extension Refusal {
    /// What a refusal says about the call that got it.
    package enum Meaning: Sendable, Hashable {
        /// Busy or in the middle of something: the same again, with the same key, a little later.
        case tryAgain
        /// The bank did not let the money go this time: the same again for a while, then give up.
        case tryAgainForAWhile
        /// The payment is not as we thought: GET it and see.
        case look
        /// Vipps does not know the reference.
        case notFound
        /// Our keys are in the way, not the payment.
        case keys
        /// Refused before a request left, for a reason of ours.
        case notSent
        /// No, and it will stay no.
        case final
    }

    /// By code, else by HTTP status; never by text.
    package var meaning: Meaning {
        switch code {
        case OwnCode.keysMissing, OwnCode.keysRefused: .keys
        case OwnCode.checkInExpired, OwnCode.checkInUnknown, OwnCode.customerDataUnreadable: .notSent
        case "6160", "6250", "3010": .tryAgain
        case "6260", "6280": .tryAgainForAWhile
        case "4010", "4020", "4150", "6040", "6050", "6060", "6070", "6080", "6090", "6170", "6180", "6190", "6230":
            .look
        case "5090": .notFound
        default:
            switch httpStatus {
            case 423, 425, 429: .tryAgain
            case 401: .keys
            case 404: .notFound
            case 409, 412: .look
            default: .final
            }
        }
    }
}
