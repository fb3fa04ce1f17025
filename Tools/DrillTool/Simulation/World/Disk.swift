import Foundation
import Messaging
import SharedKernel

/// The power goes: whatever was not committed is gone.
struct PowerCut: Error {}

/// Whether the power holds through one transaction.
enum Power: Sendable {
    case holds
    case goesBeforeCommit
    /// Committed, but nobody is told so.
    case goesAfterCommit
}

/// What one service keeps: its content, its outbox, its inbox cursors, all under one transaction.
struct Disk<Content: Sendable>: Sendable {
    private struct Kept: Sendable {
        var content: Content
        var journals: [Journal] = Channel.allCases.map { _ in Journal() }
        var cursors: [InboxCursor?] = Channel.allCases.map { _ in nil }
        var effects: [Int64] = Channel.allCases.map { _ in 0 }
    }

    private var kept: Kept
    /// For the sabotage that loses the last commit.
    private var before: Kept?
    private let sabotage: Sabotage?
    let epoch: String

    init(_ content: Content, epoch: String, sabotage: Sabotage?) {
        kept = Kept(content: content)
        self.epoch = epoch
        self.sabotage = sabotage
    }

    var content: Content { kept.content }
    var cursors: [InboxCursor?] { kept.cursors }
    /// Messages whose effect is kept, counted beside the effect itself.
    var effects: [Int64] { kept.effects }
    func journal(_ channel: Channel) -> Journal { kept.journals[channel.rawValue] }

    /// Keeps what `body` did, all of it or nothing.
    ///
    /// - Throws: `PowerCut`, or what `body` throws.
    mutating func transaction<Value>(
        _ power: Power, at now: Date, _ body: (inout Draft<Content>) throws -> Value
    ) throws -> Value {
        var draft = Draft(content: kept.content, cursors: kept.cursors, effects: kept.effects)
        let value = try body(&draft)
        if power == .goesBeforeCommit { throw PowerCut() }
        if sabotage == .loseLastCommit { before = kept }
        kept.content = draft.content
        kept.cursors = draft.cursors
        kept.effects = draft.effects
        if sabotage == .tellAfterCommit, power == .goesAfterCommit { throw PowerCut() }
        for letter in draft.outgoing { kept.journals[letter.told.channel.rawValue].append(letter, at: now) }
        if power == .goesAfterCommit { throw PowerCut() }
        return value
    }

    mutating func remove(_ channel: Channel, through sequence: Int64, before instant: Date) {
        kept.journals[channel.rawValue].remove(through: sequence, before: instant)
    }

    mutating func powerWent() {
        if let before { kept = before }
        before = nil
    }
}

/// An open transaction: a working copy.
struct Draft<Content: Sendable>: Sendable {
    var content: Content
    var cursors: [InboxCursor?]
    var effects: [Int64]
    var outgoing: [Letter] = []

    mutating func tell(_ told: Told, of tenant: TenantID) { outgoing.append(Letter(told: told, tenant: tenant)) }
}

/// A message at the head of its stream, with what it says.
struct Arrival: Sendable {
    let channel: Channel
    let message: IncomingMessage
    let letter: Letter
}

extension Disk {
    /// Applies messages in order in one transaction, each with its own savepoint, and moves the cursors with it.
    ///
    /// - Returns: what a handler refused; later messages of its stream are left alone.
    mutating func apply(
        _ batch: [Arrival], _ power: () -> Power, at now: Date,
        _ handle: (Arrival, inout Draft<Content>) throws -> Void
    ) throws -> [(Arrival, any Error)] {
        guard sabotage != .applyBeforeCursor else {
            let refused = try transaction(power(), at: now) { try Self.take(batch, &$0, movesCursors: false, handle) }
            try transaction(power(), at: now) { draft in
                for arrival in batch { draft.moveCursor(over: arrival) }
            }
            return refused
        }
        return try transaction(power(), at: now) { try Self.take(batch, &$0, movesCursors: true, handle) }
    }

    private static func take(
        _ batch: [Arrival], _ draft: inout Draft<Content>, movesCursors: Bool,
        _ handle: (Arrival, inout Draft<Content>) throws -> Void
    ) throws -> [(Arrival, any Error)] {
        var refused: [(Arrival, any Error)] = []
        var stopped: Set<Channel> = []
        for arrival in batch where !stopped.contains(arrival.channel) {
            let savepoint = draft
            do {
                try handle(arrival, &draft)
                draft.effects[arrival.channel.rawValue] += 1
                if movesCursors { draft.moveCursor(over: arrival) }
            } catch {
                draft = savepoint
                stopped.insert(arrival.channel)
                refused.append((arrival, error))
            }
        }
        return refused
    }
}

extension Draft {
    fileprivate mutating func moveCursor(over arrival: Arrival) {
        let message = arrival.message
        cursors[arrival.channel.rawValue] = InboxCursor(
            epoch: message.epoch, sequence: message.sequence, messageID: message.id)
    }
}

/// The outbox of one stream.
struct Journal: Sendable {
    struct Row: Sendable {
        let sequence: Int64
        let id: MessageID
        let previousID: MessageID?
        let letter: Letter
        let at: Date
    }

    private(set) var rows: [Row] = []
    private(set) var last: Int64 = 0
    private(set) var lastID: MessageID?

    var head: StreamHead { StreamHead(first: rows.first?.sequence ?? last + 1, last: last) }

    mutating func append(_ letter: Letter, at now: Date) {
        last += 1
        let id = Self.identifier(letter.told.channel, last, at: now)
        rows.append(Row(sequence: last, id: id, previousID: lastID, letter: letter, at: now))
        lastID = id
    }

    /// Another message at the same place of another history has another identifier, because it is of another time.
    private static func identifier(_ channel: Channel, _ sequence: Int64, at now: Date) -> MessageID {
        var generator = SplitMix64(state: UInt64(channel.rawValue) << 56 | UInt64(sequence))
        return MessageID(.version7(at: now, using: &generator))
    }

    func rows(behind sequence: Int64, limit: Int) -> ArraySlice<Row> {
        guard let first = rows.first?.sequence else { return [] }
        let start = max(0, Int(sequence + 1 - first))
        return start < rows.count ? rows[start...].prefix(limit) : []
    }

    func id(at sequence: Int64) -> MessageID? {
        if sequence == last { return lastID }
        guard let first = rows.first?.sequence, sequence >= first, sequence <= last else { return nil }
        return rows[Int(sequence - first)].id
    }

    mutating func remove(through sequence: Int64, before instant: Date) {
        let count = rows.prefix { $0.sequence <= sequence && $0.at < instant }.count
        rows.removeFirst(count)
    }
}
