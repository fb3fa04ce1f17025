import Foundation
import Messaging
import SharedKernel

// The bus: the product's own receiver and rules, over a network that loses, repeats, delays and is cut.

/// What travels between two services.
enum Packet {
    case message(IncomingMessage, Channel)
    case heartbeat(from: Place, heads: [StreamHead], cursors: [Int64])
    case question(ReplayRequest, from: Place, Channel)
    case notice(ReplayNotice, Channel)
}

/// One service's end of the bus, in its memory.
struct BusEnd {
    let place: Place
    var receivers: [StreamReceiver?] = Channel.allCases.map { _ in nil }
    var published: [Int64] = Channel.allCases.map { _ in 0 }
    /// By service and channel: what the subscriber has applied.
    var acknowledged: [[Int64?]] = Place.allCases.map { _ in Channel.allCases.map { _ in nil } }
    var appliesAt: Int?
    var beatsAt: Int?
    var isRetentionPlanned = false

    init(_ place: Place) { self.place = place }
}

extension World {
    private static let heartbeat = 500
    private static let replayTimeout = Duration.seconds(1)
    private static let retentionInterval = 60_000
    /// Far below the day of the real bus, so that removing is tried in every run.
    private static let retentionAge: TimeInterval = 30

    func journal(_ channel: Channel) -> Journal {
        switch channel.publisher {
        case .till: till.readDisk { $0.journal(channel) }
        case .gateway: gateway.journal(channel)
        case .finance: finance.journal(channel)
        case .relay: relay.journal(channel)
        }
    }

    func cursor(_ channel: Channel, of place: Place) -> InboxCursor? {
        switch place {
        case .till: till.readDisk { $0.cursors[channel.rawValue] }
        case .gateway: gateway.cursors[channel.rawValue]
        case .finance: finance.cursors[channel.rawValue]
        case .relay: relay.cursors[channel.rawValue]
        }
    }

    func startBus(_ place: Place) {
        var end = BusEnd(place)
        for channel in place.hears {
            let chance = Counter()
            let life = lives[place.rawValue]
            end.receivers[channel.rawValue] = StreamReceiver(
                cursor: cursor(channel, of: place), replayTimeout: Self.replayTimeout,
                newQuestionID: { chance.next(place.rawValue, channel.rawValue, life) })
        }
        for channel in place.publishes { end.published[channel.rawValue] = journal(channel).last }
        buses[place.rawValue] = end
        planHeartbeat(place, in: 0)
    }

    // MARK: Publishing

    /// Sends what the last commit has appended.
    func publish(_ place: Place) {
        guard isOn[place.rawValue] else { return }
        var hasSent = false
        for channel in place.publishes {
            let journal = journal(channel)
            let published = buses[place.rawValue].published[channel.rawValue]
            guard journal.last > published else { continue }
            for row in journal.rows(behind: published, limit: .max) {
                library[row.id] = row.letter
                figures.messages += 1
                if trace.isKept { trace.note(now, "\(place): tells \(row.letter.told.words)") }
                for subscriber in channel.subscribers {
                    send(.message(incoming(row, channel), channel), place, subscriber)
                }
            }
            buses[place.rawValue].published[channel.rawValue] = journal.last
            hasSent = true
        }
        if hasSent { planHeartbeat(place, in: Self.heartbeat) }
    }

    private func incoming(_ row: Journal.Row, _ channel: Channel) -> IncomingMessage {
        IncomingMessage(
            publisher: channel.publisher.service, stream: channel.stream, epoch: "\(channel.publisher)",
            sequence: row.sequence, id: row.id, previousID: row.previousID, bytes: Data())
    }

    private func send(_ packet: Packet, _ from: Place, _ to: Place) {
        guard !isCalm else { return happens(.packet(packet, to: to), in: 2) }
        let until = cutUntil[from.rawValue * Place.allCases.count + to.rawValue]
        if now < until || chance.happens(weather.loss) {
            figures.faults += 1
            return
        }
        for _ in 0..<(chance.happens(weather.repetition) ? 2 : 1) {
            let isLate = chance.happens(weather.lateness)
            happens(.packet(packet, to: to), in: isLate ? chance.skewed(5...20_000) : chance.whole(1...8))
        }
    }

    // MARK: Heartbeats

    private func planHeartbeat(_ place: Place, in delay: Int) {
        if let at = buses[place.rawValue].beatsAt, at <= now + delay { return }
        buses[place.rawValue].beatsAt = now + delay
        happens(.heartbeat(place, life: lives[place.rawValue]), in: delay)
    }

    func beat(_ place: Place) {
        guard buses[place.rawValue].beatsAt == now else { return }
        buses[place.rawValue].beatsAt = nil
        let heads = Channel.allCases.map { channel in
            channel.publisher == place
                ? StreamHead(first: 1, last: buses[place.rawValue].published[channel.rawValue])
                : StreamHead(first: 1, last: 0)
        }
        let cursors = Channel.allCases.map { channel in
            buses[place.rawValue].receivers[channel.rawValue]?.cursor.sequence ?? 0
        }
        for peer in Place.allCases where peer != place {
            send(.heartbeat(from: place, heads: heads, cursors: cursors), place, peer)
        }
        for channel in place.hears { change(place, channel) { $0.tick(now: $1) } }
        if !isInStep(place) { planHeartbeat(place, in: Self.heartbeat) }
        if !buses[place.rawValue].isRetentionPlanned {
            buses[place.rawValue].isRetentionPlanned = true
            happens(.retention(place), in: Self.retentionInterval)
        }
    }

    /// Nobody has anything to hear from this service, nor it from anybody. The real bus beats on; here nothing would follow.
    func isInStep(_ place: Place) -> Bool {
        let isHeard = place.publishes.allSatisfy { channel in
            let last = journal(channel).last
            return channel.subscribers.allSatisfy { subscriber in
                buses[place.rawValue].acknowledged[subscriber.rawValue][channel.rawValue] == last
                    && (cursor(channel, of: subscriber)?.sequence ?? 0) == last
            }
        }
        return isHeard
            && place.hears.allSatisfy { channel in
                let last = journal(channel).last
                return (cursor(channel, of: place)?.sequence ?? 0) == last
                    && buses[channel.publisher.rawValue].acknowledged[place.rawValue][channel.rawValue] == last
            }
    }

    // MARK: Receiving

    func receive(_ packet: Packet, at place: Place) {
        switch packet {
        case .message(let message, let channel): receive(message, channel, at: place)
        case .heartbeat(let peer, let heads, let cursors):
            for channel in place.publishes where channel.subscribers.contains(peer) {
                buses[place.rawValue].acknowledged[peer.rawValue][channel.rawValue] = cursors[channel.rawValue]
            }
            for channel in place.hears where channel.publisher == peer {
                let head = heads[channel.rawValue]
                change(place, channel) { $0.hear(head: head, epoch: "\(peer)", now: $1) }
            }
            if !isInStep(place) { planHeartbeat(place, in: Self.heartbeat) }
        case .question(let request, let peer, let channel): answer(request, from: peer, channel, at: place)
        case .notice(let notice, let channel): change(place, channel) { $0.hear(notice, now: $1) }
        }
    }

    private func receive(_ message: IncomingMessage, _ channel: Channel, at place: Place) {
        switch sabotage {
        case .ignoreRepeats, .skipGapRepair:
            let applied = cursor(channel, of: place)?.sequence ?? 0
            if sabotage == .ignoreRepeats || message.sequence > applied { apply([(channel, message)], at: place) }
        default: change(place, channel) { $0.receive(message, now: $1) }
        }
    }

    private func change(
        _ place: Place, _ channel: Channel,
        _ decide: (inout StreamReceiver, ContinuousClock.Instant) -> StreamReceiver.Action
    ) {
        guard sabotage != .skipGapRepair, buses[place.rawValue].receivers[channel.rawValue] != nil else { return }
        let action = decide(&buses[place.rawValue].receivers[channel.rawValue]!, busInstant)
        if buses[place.rawValue].receivers[channel.rawValue]?.ready.isEmpty == false { planApply(place) }
        switch action {
        case .none, .resume: break
        case .ask(let id, let after, let limit):
            let request = ReplayRequest(
                id: id, subscriber: place.service, stream: channel.stream, after: after, limit: limit)
            figures.repairs += 1
            send(.question(request, from: place, channel), place, channel.publisher)
            planHeartbeat(place, in: Self.heartbeat)
        case .refuse(let refusal): judge.object("no history is refused", "\(place) refuses \(channel): \(refusal)")
        }
    }

    private func answer(_ request: ReplayRequest, from peer: Place, _ channel: Channel, at place: Place) {
        let journal = journal(channel)
        let notice = ReplayNotice(
            request: request.id, publisher: place.service, stream: channel.stream, epoch: "\(place)",
            head: journal.head, messageIDAtAfter: journal.id(at: request.after))
        send(.notice(notice, channel), place, peer)
        for row in journal.rows(behind: request.after, limit: max(0, min(request.limit, BusLimits.replayMax))) {
            library[row.id] = row.letter
            send(.message(incoming(row, channel), channel), place, peer)
        }
    }

    // MARK: Applying

    private func planApply(_ place: Place) {
        guard buses[place.rawValue].appliesAt == nil else { return }
        buses[place.rawValue].appliesAt = now + 3
        happens(.apply(place, life: lives[place.rawValue]), in: 3)
    }

    func applyReady(_ place: Place) {
        buses[place.rawValue].appliesAt = nil
        var batch: [(Channel, IncomingMessage)] = []
        for channel in place.hears {
            for message in buses[place.rawValue].receivers[channel.rawValue]?.ready ?? [] {
                batch.append((channel, message))
            }
        }
        apply(batch, at: place)
    }

    private func apply(_ batch: [(Channel, IncomingMessage)], at place: Place) {
        let arrivals = batch.compactMap { channel, message in
            library[message.id].map { Arrival(channel: channel, message: message, letter: $0) }
        }
        guard !arrivals.isEmpty else { return }
        do {
            let refused = try hear(arrivals, at: place)
            if let (arrival, error) = refused.first {
                judge.object("no message is poison", "\(place) refuses \(arrival.letter.told): \(error)")
                return
            }
        } catch is PowerCut {
            return powerGoes(place, "at a message's commit")
        } catch {
            return judge.object("a store fails only for want of power", "\(place): \(error)")
        }
        for arrival in arrivals {
            change(place, arrival.channel) { $0.applied(through: arrival.message, now: $1) }
        }
        if !isInStep(place) { planHeartbeat(place, in: Self.heartbeat) }
        publish(place)
        if place == .gateway { planWork() }
        if place == .relay { planMailer() }
        if place == .finance { judge.ledgerGrew(self) }
    }

    // MARK: Retention

    func retain(_ place: Place) {
        buses[place.rawValue].isRetentionPlanned = false
        let before = clock(place).addingTimeInterval(-Self.retentionAge)
        for channel in place.publishes {
            let records = Place.allCases.filter { $0 != place }.compactMap { peer -> (String, SubscriberRecord)? in
                let heard = buses[place.rawValue].acknowledged[peer.rawValue][channel.rawValue]
                guard channel.subscribers.contains(peer) else { return (peer.service, record(peer, [:])) }
                return heard.map { (peer.service, record(peer, [channel.stream: $0])) }
            }
            let head = journal(channel).head
            let rule = Retention.removableThrough(
                channel.stream, head: head, peers: Place.allCases.filter { $0 != place }.map(\.service),
                subscribers: Dictionary(uniqueKeysWithValues: records))
            let through = sabotage == .removeTooEarly ? head.last : rule
            switch place {
            case .till: till.changeDisk { $0.remove(channel, through: through, before: before) }
            case .gateway: gateway.remove(channel, through: through, before: before)
            case .finance: finance.remove(channel, through: through, before: before)
            case .relay: relay.remove(channel, through: through, before: before)
            }
        }
    }

    private func record(_ peer: Place, _ acknowledged: [MessageStream: Int64]) -> SubscriberRecord {
        SubscriberRecord(service: peer.service, acknowledged: acknowledged, lastHeardAt: date(now), isRetired: false)
    }
}
