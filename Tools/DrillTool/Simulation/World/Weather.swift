/// How bad one run is, drawn from its seed. Shares are 0 to 1, times milliseconds.
struct Weather {
    // The bus.
    var loss = 0.0
    var repetition = 0.0
    var lateness = 0.0
    /// Cuts between two services in the run.
    var cuts = 0

    // Power.
    /// Share of transactions at which the power goes, just before or just after the commit.
    var powerCuts = 0.0
    /// Power cuts at any moment, in the run.
    var strokes = 0

    // The way to Vipps, and Vipps.
    var requestsLost = 0.0
    var repliesLost = 0.0
    var requestsLate = 0.0
    var slowReplies = 0.0
    var busy = 0.0
    var rateLimited = 0.0
    var errorsBefore = 0.0
    var errorsAfter = 0.0
    var keysRefused = 0.0
    var captureTroubles = 0.0
    var eventLogLags = 0.0

    // Webhooks.
    var webhooksLost = 0.0
    var webhooksRepeated = 0.0
    var webhooksLate = 0.0

    // People.
    var portalActs = 0.0
    var isPushAllowed = true
    /// Whether Vipps answers a repeat of a key with the same passing refusal for ever.
    var keepsPassingRefusals = false
    var mailTroubles = 0.0

    /// Times in the run when Vipps does nothing at all, or knows no keys.
    var outages = 0
    var keyTroubles = 0

    /// How far each service's clock is off, in milliseconds.
    var clockOffsets = [0, 0, 0, 0]
    /// Times in the run when some service's clock is set, forward by hours or back by minutes.
    var clockJumps = 0

    /// Some runs are calm, most are bad in a few ways, some in every way.
    init(_ chance: Chance) {
        let severity = chance.pick([0.0, 0.3, 0.3, 0.6, 0.6, 1.0])
        func share(_ worst: Double) -> Double {
            chance.happens(severity) ? worst * Double(chance.whole(1...10)) / 10 : 0
        }
        loss = share(0.3)
        repetition = share(0.3)
        lateness = share(0.3)
        cuts = chance.happens(severity) ? chance.whole(0...4) : 0
        powerCuts = share(0.03)
        strokes = chance.happens(severity) ? chance.whole(0...5) : 0
        requestsLost = share(0.2)
        repliesLost = share(0.3)
        requestsLate = share(0.1)
        slowReplies = share(0.1)
        busy = share(0.2)
        rateLimited = share(0.1)
        errorsBefore = share(0.2)
        errorsAfter = share(0.2)
        keysRefused = share(0.1)
        captureTroubles = share(0.4)
        eventLogLags = share(0.5)
        webhooksLost = share(1)
        webhooksRepeated = share(0.5)
        webhooksLate = share(0.5)
        portalActs = share(0.4)
        isPushAllowed = !chance.happens(0.08)
        keepsPassingRefusals = chance.happens(0.3)
        mailTroubles = share(0.5)
        outages = chance.happens(severity * 0.5) ? chance.whole(1...2) : 0
        keyTroubles = chance.happens(severity * 0.3) ? 1 : 0
        clockJumps = chance.happens(0.1) ? chance.whole(1...3) : 0
        if chance.happens(0.3) { clockOffsets = (0..<4).map { _ in chance.whole(-120_000...120_000) } }
    }
}
