import Foundation

/// How the bus of one service is doing; for /readyz, the operator's pages and the bus tool.
package struct BusHealth: Sendable, Hashable, Codable {
    package var service: String
    /// False when the store is unavailable or a stream is refused.
    package var isReady: Bool
    /// Why not, in words for an operator; empty when ready.
    package var troubles: [String]
    package var epoch: String
    package var heads: [PublishedStream]
    package var streams: [HeardStream]
    package var subscribers: [KnownSubscriber]
    /// Messages refused by their handlers, and those that wait behind them; they are tried again.
    package var setAside: Int
    package var deadLetters: Int

    package init(
        service: String, isReady: Bool, troubles: [String], epoch: String, heads: [PublishedStream],
        streams: [HeardStream], subscribers: [KnownSubscriber], setAside: Int, deadLetters: Int
    ) {
        self.service = service
        self.isReady = isReady
        self.troubles = troubles
        self.epoch = epoch
        self.heads = heads
        self.streams = streams
        self.subscribers = subscribers
        self.setAside = setAside
        self.deadLetters = deadLetters
    }

    package struct PublishedStream: Sendable, Hashable, Codable {
        package var stream: MessageStream
        package var first: Int64
        package var last: Int64

        package init(stream: MessageStream, first: Int64, last: Int64) {
            self.stream = stream
            self.first = first
            self.last = last
        }
    }

    package struct HeardStream: Sendable, Hashable, Codable {
        package var publisher: String
        package var stream: MessageStream
        /// Last number applied.
        package var cursor: Int64
        /// Last number known to exist; `nil` before the publisher was heard.
        package var head: Int64?
        /// Messages known to exist and not applied yet.
        package var lag: Int64
        package var lastHeardAt: Date?
        /// Why the stream is refused; `nil` when it is not.
        package var refusal: StreamRefusal?

        package init(
            publisher: String, stream: MessageStream, cursor: Int64, head: Int64?, lag: Int64, lastHeardAt: Date?,
            refusal: StreamRefusal?
        ) {
            self.publisher = publisher
            self.stream = stream
            self.cursor = cursor
            self.head = head
            self.lag = lag
            self.lastHeardAt = lastHeardAt
            self.refusal = refusal
        }
    }

    package struct KnownSubscriber: Sendable, Hashable, Codable {
        package var service: String
        /// `nil` when it has never been heard: everything is kept for it.
        package var lastHeardAt: Date?
        package var isRetired: Bool
        package var acknowledged: [String: Int64]

        package init(service: String, lastHeardAt: Date?, isRetired: Bool, acknowledged: [String: Int64]) {
            self.service = service
            self.lastHeardAt = lastHeardAt
            self.isRetired = isRetired
            self.acknowledged = acknowledged
        }
    }
}

/// A stream whose history does not continue the one we applied. It stands still until an operator decides.
package struct StreamRefusal: Sendable, Hashable, Codable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable, Codable {
        /// The publisher has another outbox than before.
        case epochChanged
        /// The publisher's newest number is below what we applied: it was restored from an older copy.
        case wentBackward
        /// The publisher's number we stand at is another message: it was restored and has gone on differently.
        case forked
        /// The publisher has already removed the numbers we need.
        case removed
    }

    package let kind: Kind
    package let cursor: InboxCursor
    /// What the publisher has to offer.
    package let offeredEpoch: String
    package let offered: StreamHead

    package init(kind: Kind, cursor: InboxCursor, offeredEpoch: String, offered: StreamHead) {
        self.kind = kind
        self.cursor = cursor
        self.offeredEpoch = offeredEpoch
        self.offered = offered
    }

    package var description: String {
        let offer = "publisher offers \(offered.first)...\(offered.last) of epoch \(offeredEpoch)"
        let stand = "applied up to \(cursor.sequence) of epoch \(cursor.epoch.isEmpty ? "(none)" : cursor.epoch)"
        let what =
            switch kind {
            case .epochChanged: "the publisher has another outbox"
            case .wentBackward: "the publisher's outbox went backward (restored from an older copy?)"
            case .forked: "the publisher's outbox tells another history (restored and gone on?)"
            case .removed: "the publisher has already removed messages that are needed: this gap cannot be repaired"
            }
        return "\(what); \(stand); \(offer). Nothing is skipped: put the right file back, or accept what it tells "
            + "(Tools/backup accept after a restoration, docs/backup.md; Tools/bus accept-epoch by hand)"
    }
}
