import Foundation
import Messaging
import SharedKernel
import Testing

@Suite("The receiver of a stream")
struct StreamReceiverTests {
    private let start = ContinuousClock.now
    private let timeout = Duration.seconds(1)

    private func receiver(at number: Int64 = 0, epoch: String = "E") -> StreamReceiver {
        let cursor = number == 0 ? nil : InboxCursor(epoch: epoch, sequence: number, messageID: id(number))
        return StreamReceiver(cursor: cursor, replayTimeout: timeout, newQuestionID: { UUID() })
    }

    /// The same identifier for the same number and branch of history.
    private func id(_ number: Int64, branch: UInt8 = 0) -> MessageID {
        let low = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        return MessageID(
            UUID(uuid: (branch, 0, 0, 0, 0, 0, 0x70, 0, low[0], low[1], low[2], low[3], low[4], low[5], low[6], low[7]))
        )
    }

    private func message(_ number: Int64, epoch: String = "E", branch: UInt8 = 0) -> IncomingMessage {
        IncomingMessage(
            publisher: "teller", stream: Numbered.stream, epoch: epoch, sequence: number,
            id: id(number, branch: branch),
            previousID: number > 1 ? id(number - 1, branch: branch) : nil, bytes: Data())
    }

    private func notice(
        _ action: StreamReceiver.Action, head: ClosedRange<Int64>, epoch: String = "E", at id: MessageID? = nil
    ) throws -> ReplayNotice {
        guard case .ask(let request, _, _) = action else { throw NoQuestion() }
        return ReplayNotice(
            request: request, publisher: "teller", stream: Numbered.stream, epoch: epoch,
            head: StreamHead(first: head.lowerBound, last: head.upperBound), messageIDAtAfter: id)
    }
    private struct NoQuestion: Error {}

    private func after(_ action: StreamReceiver.Action) -> Int64? {
        if case .ask(_, let after, _) = action { after } else { nil }
    }

    @Test("readies the next number")
    func next() {
        var receiver = receiver(at: 4)
        #expect(receiver.receive(message(5), now: start) == .none)
        #expect(receiver.ready.map(\.sequence) == [5])
    }

    @Test("ignores a repeat of what is applied and of what waits", arguments: [3, 4, 5] as [Int64])
    func repeated(number: Int64) {
        var receiver = receiver(at: 4)
        _ = receiver.receive(message(5), now: start)
        #expect(receiver.receive(message(number), now: start) == .none)
        #expect(receiver.ready.map(\.sequence) == [5])
    }

    @Test("asks behind the cursor for a gap, and keeps what came early")
    func gap() {
        var receiver = receiver(at: 4)
        #expect(after(receiver.receive(message(7), now: start)) == 4)
        #expect(receiver.ready.isEmpty)
        _ = receiver.receive(message(5), now: start)
        _ = receiver.receive(message(6), now: start)
        #expect(receiver.ready.map(\.sequence) == [5, 6, 7])
    }

    @Test("asks once, and again only after the timeout")
    func asksOnce() {
        var receiver = receiver(at: 4)
        #expect(after(receiver.receive(message(7), now: start)) == 4)
        #expect(receiver.receive(message(8), now: start) == .none)
        #expect(receiver.tick(now: start + timeout / 2) == .none)
        #expect(after(receiver.tick(now: start + timeout)) == 4)
    }

    @Test("asks from the beginning when it has never heard anything")
    func lateJoiner() {
        var receiver = receiver()
        #expect(after(receiver.hear(head: StreamHead(first: 1, last: 9), epoch: "E", now: start)) == 0)
    }

    @Test("is content with a head it has reached")
    func content() {
        var receiver = receiver(at: 9)
        #expect(receiver.hear(head: StreamHead(first: 1, last: 9), epoch: "E", now: start) == .none)
        #expect(receiver.lag == 0)
    }

    @Test("asks for the next part when one part of a replay is complete")
    func continues() throws {
        var receiver = receiver()
        let ask = receiver.hear(head: StreamHead(first: 1, last: 1_200), epoch: "E", now: start)
        #expect(receiver.hear(try notice(ask, head: 1...1_200), now: start) == .none)
        for number in 1...499 as ClosedRange<Int64> { #expect(receiver.receive(message(number), now: start) == .none) }
        #expect(after(receiver.receive(message(500), now: start)) == 500)
    }

    @Test("asks nothing while too much waits, and goes on when there is room")
    func full() {
        var receiver = receiver()
        for number in 1...1_000 as ClosedRange<Int64> { _ = receiver.receive(message(number), now: start) }
        #expect(receiver.receive(message(1_001), now: start) == .none)
        #expect(receiver.ready.count == BusLimits.readyMax)
        #expect(receiver.tick(now: start) == .none)
        #expect(after(receiver.applied(through: message(800), now: start)) == 1_000)
    }

    @Test("does not refuse a head that is only late: the notice clears it")
    func lateHeartbeat() throws {
        var receiver = receiver(at: 9)
        let ask = receiver.hear(head: StreamHead(first: 1, last: 7), epoch: "E", now: start)
        #expect(after(ask) == 9)
        #expect(receiver.hear(try notice(ask, head: 1...9, at: id(9)), now: start) == .none)
        #expect(receiver.refusal == nil)
    }

    @Test("refuses a head that went backward")
    func backward() throws {
        var receiver = receiver(at: 9)
        let ask = receiver.hear(head: StreamHead(first: 1, last: 7), epoch: "E", now: start)
        guard case .refuse(let refusal) = receiver.hear(try notice(ask, head: 1...7), now: start) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.kind == .wentBackward)
        #expect(receiver.receive(message(10), now: start) == .none)
        #expect(receiver.ready.isEmpty)
    }

    @Test("refuses another epoch")
    func epoch() throws {
        var receiver = receiver(at: 9)
        let ask = receiver.receive(message(10, epoch: "F"), now: start)
        let action = receiver.hear(try notice(ask, head: 1...10, epoch: "F"), now: start)
        guard case .refuse(let refusal) = action else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.kind == .epochChanged)
        #expect(refusal.offeredEpoch == "F")
    }

    @Test("refuses a history that has gone on differently, also when only the next message shows it")
    func forked() throws {
        var receiver = receiver(at: 9)
        let ask = receiver.receive(message(10, branch: 1), now: start)
        #expect(receiver.ready.isEmpty)
        let action = receiver.hear(try notice(ask, head: 1...10, at: id(9, branch: 1)), now: start)
        guard case .refuse(let refusal) = action else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.kind == .forked)
    }

    @Test("refuses a gap that the publisher can no longer fill")
    func removed() throws {
        var receiver = receiver(at: 9)
        let ask = receiver.hear(head: StreamHead(first: 15, last: 30), epoch: "E", now: start)
        guard case .refuse(let refusal) = receiver.hear(try notice(ask, head: 15...30), now: start) else {
            Issue.record("not refused")
            return
        }
        #expect(refusal.kind == .removed)
    }

    @Test("does not miss what it has applied itself while the answer was on its way")
    func removedMeanwhile() throws {
        var receiver = receiver(at: 6)
        let asked = receiver.receive(message(8), now: start)
        _ = receiver.receive(message(7), now: start)
        let last = try #require(receiver.ready.last)
        _ = receiver.applied(through: last, now: start)
        #expect(receiver.cursor.sequence == 8)
        #expect(receiver.hear(try notice(asked, head: 8...8), now: start) == .none)
        #expect(receiver.refusal == nil)
    }

    @Test("resumes when the history has proved to be ours again")
    func resumes() throws {
        var receiver = receiver(at: 9)
        var ask = receiver.hear(head: StreamHead(first: 1, last: 0), epoch: "E", now: start)
        _ = receiver.hear(try notice(ask, head: 1...1, epoch: "F"), now: start)
        #expect(receiver.refusal != nil)
        ask = receiver.hear(head: StreamHead(first: 1, last: 12), epoch: "E", now: start)
        #expect(receiver.hear(try notice(ask, head: 1...12, at: id(9)), now: start) == .resume)
        #expect(after(receiver.hear(head: StreamHead(first: 1, last: 12), epoch: "E", now: start + timeout)) == 9)
    }

    @Test("takes no notice that answers another question")
    func strangeNotice() throws {
        var receiver = receiver(at: 9)
        let old = receiver.hear(head: StreamHead(first: 1, last: 12), epoch: "E", now: start)
        _ = receiver.tick(now: start + timeout)
        #expect(receiver.hear(try notice(old, head: 1...2), now: start) == .none)
        #expect(receiver.refusal == nil)
    }
}

@Suite("A refused message")
struct RetryDelayTests {
    @Test("is tried five times, with growing pauses")
    func fiveTimes() {
        let delays = BusTiming().retryDelays
        #expect(delays.count == 4)
        #expect(delays == delays.sorted())
    }
}
