/// The bounds of the bus, in one place.
package enum BusLimits {
    /// Bytes of one message with its envelope. A QR image as base64 has some ten thousand.
    package static let messageBytesMax = 1 << 20
    /// Messages published from one read of the outbox.
    package static let publishBatchMax = 500
    /// Messages sent again for one request; whoever needs more asks again, so that one subscriber cannot flood the
    /// others.
    package static let replayMax = 500
    /// Messages applied in one transaction: one fsync for many, yet the write lock is held only for milliseconds.
    package static let applyBatchMax = 500
    /// Messages of one stream that wait in order for the next transaction.
    package static let readyMax = 1_000
    /// Messages of one stream that wait for an earlier number.
    package static let outOfOrderMax = 500
    /// Rows removed by retention in one transaction.
    package static let removeBatchMax = 1_000
    /// Dead letters in one list.
    package static let deadLettersListedMax = 500
    /// For how long an operator may have a service apply nothing.
    package static let holdSecondsMax = 300
    /// Characters of a dead letter's reason.
    package static let reasonMax = 500
}

/// When the bus repairs. Nothing waits for these times while all goes well.
package struct BusTiming: Sendable {
    /// Between two heartbeats.
    package var heartbeat: Duration = .milliseconds(500)
    /// Until a request for replay that brought nothing is made again.
    package var replayTimeout: Duration = .seconds(1)
    /// Before the second, third, ... attempt at a refused message, which is set aside meanwhile. One attempt more than
    /// delays, then it is buried.
    package var retryDelays: [Duration] = [
        .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500),
    ]
    /// Before trying again while the store is unavailable, growing to the last.
    package var storeDelays: [Duration] = [.milliseconds(100), .milliseconds(500), .seconds(2), .seconds(5)]
    /// Between two rounds of retention.
    package var retentionInterval: Duration = .seconds(60)
    /// Age below which no message is removed, whoever has applied it: so much may a restored subscriber have forgotten.
    package var retentionAgeMin: Duration = .seconds(72 * 60 * 60)

    package init() {}
}
