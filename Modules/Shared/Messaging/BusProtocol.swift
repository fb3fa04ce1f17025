import Foundation
import SharedKernel

/// What the buses of two services tell each other, beside the messages themselves. JSON; fields are added, never
/// changed.
package enum BusTopic {
    package static let heartbeat = "bus.heartbeat"
    /// Asked of `publisher`.
    package static func replayRequest(to publisher: String) -> String { "bus.replay-request.\(publisher)" }
    /// Comes before the messages of an answer: what the publisher can offer.
    package static func replayNotice(to subscriber: String) -> String { "bus.replay-notice.\(subscriber)" }
    /// Messages sent again, each as it was sent first.
    package static func replay(to subscriber: String) -> String { "bus.replay.\(subscriber)" }
}

/// Sent by every service about twice a second: what there is to hear from it, and how far it has heard others.
package struct Heartbeat: Sendable, Hashable, Codable {
    package var service: String
    package var epoch: String
    package var sentAt: Date
    /// By stream name.
    package var heads: [String: StreamHead]
    /// Every stream this service listens to, also those of which it has applied nothing.
    package var cursors: [HeardCursor]

    package init(service: String, epoch: String, sentAt: Date, heads: [String: StreamHead], cursors: [HeardCursor]) {
        self.service = service
        self.epoch = epoch
        self.sentAt = sentAt
        self.heads = heads
        self.cursors = cursors
    }

    package struct HeardCursor: Sendable, Hashable, Codable {
        package var publisher: String
        package var stream: MessageStream
        /// Empty before anything was heard.
        package var epoch: String
        package var sequence: Int64
        /// Why the stream stands still; `nil` when it does not.
        package var refusal: StreamRefusal.Kind?

        package init(
            publisher: String, stream: MessageStream, epoch: String, sequence: Int64, refusal: StreamRefusal.Kind?
        ) {
            self.publisher = publisher
            self.stream = stream
            self.epoch = epoch
            self.sequence = sequence
            self.refusal = refusal
        }
    }
}

/// A subscriber's question: what do you have behind this number?
package struct ReplayRequest: Sendable, Hashable, Codable {
    /// Comes back in the notice, which so is known to be younger than the question.
    package var id: UUID
    package var subscriber: String
    package var stream: MessageStream
    package var after: Int64
    package var limit: Int

    package init(id: UUID, subscriber: String, stream: MessageStream, after: Int64, limit: Int) {
        self.id = id
        self.subscriber = subscriber
        self.stream = stream
        self.after = after
        self.limit = limit
    }
}

/// The publisher's answer; the messages follow it.
package struct ReplayNotice: Sendable, Hashable, Codable {
    package var request: UUID
    package var publisher: String
    package var stream: MessageStream
    package var epoch: String
    package var head: StreamHead
    /// The message that bears the number `after` here; `nil` when it is not kept any more.
    package var messageIDAtAfter: MessageID?

    package init(
        request: UUID, publisher: String, stream: MessageStream, epoch: String, head: StreamHead,
        messageIDAtAfter: MessageID?
    ) {
        self.request = request
        self.publisher = publisher
        self.stream = stream
        self.epoch = epoch
        self.head = head
        self.messageIDAtAfter = messageIDAtAfter
    }
}
