import Foundation
import Logging
import SharedKernel

/// What an operator may see and do. The service owns its file, so all of it goes through the service.
extension DurableBus {
    package var health: BusHealth {
        let streams = subscriptions.map { subscription in
            let receiver = receivers[subscription]
            return BusHealth.HeardStream(
                publisher: subscription.publisher, stream: subscription.stream, cursor: receiver?.cursor.sequence ?? 0,
                head: receiver?.knownHead, lag: receiver?.lag ?? 0, lastHeardAt: lastHeardAt[subscription.publisher],
                refusal: receiver?.refusal)
        }
        let troubles =
            (storeTrouble.map { ["store: \($0)"] } ?? [])
            + streams.compactMap { stream in
                stream.refusal.map { "stream \(stream.stream.rawValue) of \(stream.publisher): \($0)" }
            }
        let heads = published.streams.map { BusHealth.PublishedStream(stream: $0, first: $1.first, last: $1.last) }
        return BusHealth(
            service: service, isReady: troubles.isEmpty && !published.epoch.isEmpty, troubles: troubles,
            epoch: published.epoch, heads: heads.sorted { $0.stream.rawValue < $1.stream.rawValue }, streams: streams,
            subscribers: knownSubscribers, setAside: setAside, deadLetters: deadLetterCount)
    }

    private var knownSubscribers: [BusHealth.KnownSubscriber] {
        Set(transport.peers).union(subscribers.keys).sorted().map { service in
            let record = subscribers[service]
            return BusHealth.KnownSubscriber(
                service: service, lastHeardAt: record?.lastHeardAt, isRetired: record?.isRetired ?? false,
                acknowledged: Dictionary(
                    uniqueKeysWithValues: (record?.acknowledged ?? [:]).map { ($0.rawValue, $1) }))
        }
    }

    /// The oldest ones, up to `BusLimits.deadLettersListedMax`.
    package func deadLetters() async throws -> [DeadLetter] {
        try await store.deadLetters(limit: BusLimits.deadLettersListedMax)
    }

    /// Applies a dead letter now.
    ///
    /// - Throws: `BusOperationRefused` when there is none or its handler refuses it again (it stays),
    ///   `StoreUnavailable`.
    package func retry(_ id: Int64) async throws {
        let wasThere: Bool
        do {
            wasThere = try await store.retryDeadLetter(id, with: handler)
        } catch let error as StoreUnavailable {
            throw error
        } catch {
            throw BusOperationRefused(
                field: "id", slug: "refused-again", reason: "refused again: \(RefusalReason.text(error)); it stays")
        }
        try await finish(id, wasThere, "retried")
    }

    /// Removes a dead letter for good.
    ///
    /// - Throws: `BusOperationRefused` when there is none, `StoreUnavailable`.
    package func drop(_ id: Int64) async throws {
        try await finish(id, try await store.dropDeadLetter(id), "dropped")
    }

    private func finish(_ id: Int64, _ wasThere: Bool, _ what: String) async throws {
        guard wasThere else {
            throw BusOperationRefused(field: "id", slug: "no-such-dead-letter", reason: "no dead letter \(id)")
        }
        deadLetterCount = try await store.deadLetterCount()
        logger.notice("a dead letter was \(what) by an operator", metadata: ["id": "\(id)"])
    }

    /// Goes on with a refused stream in the history its publisher offers now, behind number `after`.
    ///
    /// Whatever that history holds up to `after` is taken as applied; whatever follows is applied. That is an
    /// operator's decision, made after comparing the books: after a restored backup nothing else can tell.
    /// - Throws: `BusOperationRefused`, `StoreUnavailable`.
    package func acceptEpoch(_ epoch: String, of publisher: String, stream: MessageStream, after: Int64) async throws {
        let subscription = Subscription(publisher: publisher, stream: stream)
        guard let receiver = receivers[subscription] else {
            throw BusOperationRefused(
                field: "stream", slug: "not-subscribed",
                reason: "\(service) does not listen to \(stream.rawValue) of \(publisher)")
        }
        guard let refusal = receiver.refusal else {
            throw BusOperationRefused(field: "stream", slug: "not-refused", reason: "the stream is not refused")
        }
        guard refusal.offeredEpoch == epoch else {
            throw BusOperationRefused(
                field: "epoch", slug: "another-epoch", reason: "the publisher offers epoch \(refusal.offeredEpoch)")
        }
        let allowed = (refusal.offered.first - 1)...max(refusal.offered.first - 1, refusal.offered.last)
        guard allowed.contains(after) else {
            throw BusOperationRefused(
                field: "after", slug: "not-offered",
                reason: "the publisher can go on behind \(allowed.lowerBound) up to \(allowed.upperBound)")
        }
        try await store.setCursor(InboxCursor(epoch: epoch, sequence: after, messageID: nil), of: subscription)
        receivers[subscription]?.reset(to: InboxCursor(epoch: epoch, sequence: after, messageID: nil))
        logger.warning(
            "a stream goes on in another history by an operator's decision",
            metadata: [
                "publisher": "\(publisher)", "stream": "\(stream.rawValue)", "epoch": "\(epoch)", "after": "\(after)",
            ])
    }

    /// Applies no message until `release`, or for `seconds` at most. When it returns, nothing is being applied.
    ///
    /// - Throws: `BusOperationRefused` when the time is not within the limits.
    package func hold(seconds: Int) async throws {
        guard (1...BusLimits.holdSecondsMax).contains(seconds) else {
            throw BusOperationRefused(
                field: "seconds", slug: "out-of-range", reason: "must be from 1 to \(BusLimits.holdSecondsMax)")
        }
        heldUntil = clock.now + .seconds(seconds)
        if isApplying { await withCheckedContinuation { waitingForRest.append($0) } }
        logger.notice("messages wait by an operator's wish", metadata: ["seconds": "\(seconds)"])
    }

    /// Applies messages again.
    package func release() {
        heldUntil = nil
        applySignal.wake()
    }

    /// Keeps nothing more for a subscriber that will not come back. If it is heard again, it counts again.
    ///
    /// - Throws: `BusOperationRefused` when nobody has that name, `StoreUnavailable`.
    package func retireSubscriber(_ service: String) async throws {
        guard transport.peers.contains(service) || subscribers[service] != nil else {
            throw BusOperationRefused(field: "service", slug: "unknown-subscriber", reason: "no subscriber \(service)")
        }
        var record =
            subscribers[service]
            ?? SubscriberRecord(service: service, acknowledged: [:], lastHeardAt: now(), isRetired: true)
        record.isRetired = true
        try await store.saveSubscribers([record])
        subscribers[service] = record
        retentionSignal.wake()
        logger.warning("a subscriber was retired by an operator", metadata: ["subscriber": "\(service)"])
    }
}

/// An operator asked for something that cannot be done; nothing was changed.
package struct BusOperationRefused: Error, Sendable, Hashable, CustomStringConvertible {
    package let field: String
    package let slug: String
    package let reason: String
    package var description: String { "\(field): \(reason)" }

    package init(field: String, slug: String, reason: String) {
        self.field = field
        self.slug = slug
        self.reason = reason
    }
}
