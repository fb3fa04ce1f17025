import SharedKernel

/// Something to be arranged at Vipps for one agreement. Kept on disk until it is done or given up.
package enum SetupJob: Sendable, Hashable {
    case checkKeys
    /// Make sure that both webhooks of a sales unit stand. `asked`: a person waits for the answer, so tell it even when
    /// nothing changed; otherwise only changes are told.
    case ensureWebhooks(SalesUnitID, asked: Bool)
    case syncMerchantQRs(SalesUnitID)
    case putMerchantQR(SalesUnitID, merchantQRID: String, locationDescription: String)
    case deleteMerchantQR(SalesUnitID, merchantQRID: String)
    case convertMobilePayQR(SalesUnitID, beaconID: String, locationDescription: String)
    case showMerchantQR(SalesUnitID, merchantQRID: String)

    /// The sales unit the job is about; `nil` for the agreement as a whole.
    package var salesUnitID: SalesUnitID? {
        switch self {
        case .checkKeys: nil
        case .ensureWebhooks(let unit, _), .syncMerchantQRs(let unit), .putMerchantQR(let unit, _, _),
            .deleteMerchantQR(let unit, _), .convertMobilePayQR(let unit, _, _), .showMerchantQR(let unit, _):
            unit
        }
    }
}

/// How long set-up work is tried. No clock, no socket.
package enum SetupPatience {
    /// Tries of one job; with the pauses below about ten minutes.
    package static let attemptsMax = 14
    package static let pauseMax: Duration = .seconds(60)
    /// Beyond this we come back earlier than Vipps asked, and are told again.
    package static let retryAfterMax: Duration = .seconds(600)
    /// No job is put off for longer.
    package static let postponedMax = max(pauseMax, retryAfterMax)

    package enum Step: Sendable, Hashable {
        case tryAgain(after: Duration)
        case giveUp(Refusal)
    }

    /// What follows when a job met `trouble` in its `attempt`-th try, counted from 1.
    package static func step(after trouble: SetupTrouble, attempt: Int) -> Step {
        switch trouble {
        case .refused(let refusal), .keysRefused(let refusal):
            return .giveUp(refusal)
        case .passing(let refusal, let retryAfter):
            if attempt >= attemptsMax { return .giveUp(refusal) }
            let doubled = Duration.seconds(1 << min(max(attempt, 1) - 1, 10))
            let pause = max(min(doubled, pauseMax), min(retryAfter ?? .zero, retryAfterMax))
            return .tryAgain(after: pause)
        }
    }
}
