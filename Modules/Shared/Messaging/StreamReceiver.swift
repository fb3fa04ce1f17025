import Foundation
import SharedKernel

/// Puts one stream back in order: decides what is applied next, what is a repeat, when to ask for replay and when a
/// history is not ours. No clock, no socket, no store.
///
/// A heartbeat or message that looks wrong may only be late. So suspicion never refuses by itself: it asks, and the
/// notice, which is younger than the question, decides.
package struct StreamReceiver: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Action: Sendable, Hashable {
        case none
        /// Ask the publisher for what it has behind this number. Limit 0: only for the notice.
        case ask(id: UUID, after: Int64, limit: Int)
        /// Stand still and say so.
        case refuse(StreamRefusal)
        /// The history has proved to be ours again.
        case resume
    }

    private struct Question: Sendable {
        let id: UUID
        let after: Int64
        let afterID: MessageID?
        var askedAt: Instant
        /// The last number the answer will bring; known from the notice.
        var through: Int64?
    }

    /// What is applied and committed.
    package private(set) var cursor: InboxCursor
    /// Messages in order behind the cursor, waiting for the next transaction.
    package private(set) var ready: [IncomingMessage] = []
    package private(set) var refusal: StreamRefusal?
    /// The newest number known to exist; `nil` before the publisher was heard.
    package private(set) var knownHead: Int64?
    private var early: [Int64: IncomingMessage] = [:]
    private var question: Question?
    private var isForkSuspected = false
    private let replayTimeout: Duration
    private let newQuestionID: @Sendable () -> UUID

    /// - Parameters:
    ///   - cursor: as stored; `nil` when nothing of the stream was ever applied.
    ///   - newQuestionID: never gives the same twice, also not after a restart.
    package init(cursor: InboxCursor?, replayTimeout: Duration, newQuestionID: @escaping @Sendable () -> UUID) {
        self.cursor = cursor ?? InboxCursor(epoch: "", sequence: 0, messageID: nil)
        self.replayTimeout = replayTimeout
        self.newQuestionID = newQuestionID
    }

    /// Messages known to exist and not applied.
    package var lag: Int64 { max(0, (knownHead ?? 0) - cursor.sequence) }

    private var lastInOrder: Int64 { ready.last?.sequence ?? cursor.sequence }
    private var lastIDInOrder: MessageID? { ready.last?.id ?? cursor.messageID }
    private var hasRoom: Bool { ready.count < BusLimits.readyMax }
    private var hasRoomForReplay: Bool { ready.count + BusLimits.replayMax <= BusLimits.readyMax }

    // MARK: What is heard

    package mutating func receive(_ message: IncomingMessage, now: Instant) -> Action {
        guard refusal == nil else { return .none }
        guard isOurEpoch(message.epoch) else { return ask(now) }
        knownHead = max(knownHead ?? 0, message.sequence)
        if message.sequence <= cursor.sequence {
            let isSame =
                message.sequence != cursor.sequence || cursor.messageID == nil || message.id == cursor.messageID
            return isSame ? .none : suspectFork(now)
        }
        if message.sequence <= lastInOrder { return .none }
        guard message.sequence == lastInOrder + 1 else {
            keepEarly(message)
            return ask(now)
        }
        guard hasRoom else { return .none }
        guard accept(message) else { return suspectFork(now) }
        while hasRoom, let next = early.removeValue(forKey: lastInOrder + 1) {
            guard accept(next) else { return suspectFork(now) }
        }
        return progressed(now)
    }

    package mutating func hear(head: StreamHead, epoch: String, now: Instant) -> Action {
        guard refusal == nil else { return ask(now) }
        guard isOurEpoch(epoch), head.last >= cursor.sequence else { return ask(now) }
        knownHead = max(knownHead ?? 0, head.last)
        return head.last > lastInOrder ? ask(now) : .none
    }

    package mutating func hear(_ notice: ReplayNotice, now: Instant) -> Action {
        guard let answered = question, answered.id == notice.request else { return .none }
        question = nil
        if let kind = whatIsWrong(with: notice, for: answered) {
            let found = StreamRefusal(
                kind: kind, cursor: cursor, offeredEpoch: notice.epoch, offered: notice.head)
            ready = []
            early = [:]
            defer { refusal = found }
            return found == refusal ? .none : .refuse(found)
        }
        if cursor.epoch.isEmpty { cursor.epoch = notice.epoch }
        isForkSuspected = false
        knownHead = max(knownHead ?? 0, notice.head.last)
        let wasRefused = refusal != nil
        refusal = nil
        let through = min(answered.after + Int64(BusLimits.replayMax), notice.head.last)
        if through > lastInOrder {
            question = answered
            question?.askedAt = now
            question?.through = through
        }
        return wasRefused ? .resume : .none
    }

    /// Asks again when an answer has not come. Called with every heartbeat of our own.
    package mutating func tick(now: Instant) -> Action {
        if question != nil || (refusal == nil && (knownHead ?? 0) > lastInOrder) { return ask(now) }
        return .none
    }

    // MARK: What became of it

    /// The messages of `ready` up to this one are committed, or buried.
    package mutating func applied(through message: IncomingMessage, now: Instant) -> Action {
        cursor = InboxCursor(epoch: message.epoch, sequence: message.sequence, messageID: message.id)
        ready.removeAll { $0.sequence <= message.sequence }
        while hasRoom, let next = early.removeValue(forKey: lastInOrder + 1), accept(next) {}
        early = early.filter { $0.key > lastInOrder }
        return refusal == nil && (knownHead ?? 0) > lastInOrder ? ask(now) : .none
    }

    /// Begins again from a stored cursor, after an operator's decision or a failed transaction.
    package mutating func reset(to cursor: InboxCursor?) {
        self = StreamReceiver(cursor: cursor, replayTimeout: replayTimeout, newQuestionID: newQuestionID)
    }

    // MARK: Decisions

    private func isOurEpoch(_ epoch: String) -> Bool { cursor.epoch.isEmpty || cursor.epoch == epoch }

    /// Appends to `ready`; `false` when the message does not continue the one before it.
    private mutating func accept(_ message: IncomingMessage) -> Bool {
        if let previous = message.previousID, let last = lastIDInOrder, previous != last { return false }
        if cursor.epoch.isEmpty { cursor.epoch = message.epoch }
        ready.append(message)
        return true
    }

    private mutating func keepEarly(_ message: IncomingMessage) {
        guard early.count < BusLimits.outOfOrderMax,
            message.sequence <= lastInOrder + Int64(BusLimits.outOfOrderMax + BusLimits.readyMax)
        else { return }
        early[message.sequence] = message
    }

    private mutating func suspectFork(_ now: Instant) -> Action {
        isForkSuspected = true
        return ask(now)
    }

    private mutating func progressed(_ now: Instant) -> Action {
        if let through = question?.through {
            if lastInOrder < through {
                question?.askedAt = now
                return .none
            }
            question = nil
        }
        return (knownHead ?? 0) > lastInOrder ? ask(now) : .none
    }

    /// One question at a time; the same again only after the timeout. None while there is no room for the answer.
    private mutating func ask(_ now: Instant) -> Action {
        if let question, now - question.askedAt < replayTimeout { return .none }
        guard hasRoomForReplay else { return .none }
        let id = newQuestionID()
        question = Question(id: id, after: lastInOrder, afterID: lastIDInOrder, askedAt: now)
        return .ask(id: id, after: lastInOrder, limit: refusal == nil ? BusLimits.replayMax : 0)
    }

    private func whatIsWrong(with notice: ReplayNotice, for question: Question) -> StreamRefusal.Kind? {
        guard isOurEpoch(notice.epoch) else { return .epochChanged }
        if notice.head.last < question.after { return .wentBackward }
        if let theirs = notice.messageIDAtAfter {
            if let ours = question.afterID, ours != theirs { return .forked }
        } else if question.after > 0, isForkSuspected || refusal != nil {
            return refusal?.kind ?? .forked
        }
        // What has been applied since the question may be removed: only what is still needed counts.
        return notice.head.first > lastInOrder + 1 ? .removed : nil
    }
}
