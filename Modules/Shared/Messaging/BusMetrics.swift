import Metrics

/// The figures of one bus, by stream. Handlers are made once; a stream is a name of ours, so there are few.
struct BusMetrics {
    private var counters: [String: Counter] = [:]
    private var gauges: [String: Gauge] = [:]

    mutating func published(_ stream: MessageStream) { count("bus_messages_published_total", stream) }
    mutating func applied(_ stream: MessageStream, _ number: Int) {
        count("bus_messages_applied_total", stream, by: number)
    }
    mutating func refusedByHandler(_ stream: MessageStream) { count("bus_messages_refused_total", stream) }
    mutating func buried(_ stream: MessageStream) { count("bus_dead_letters_total", stream) }
    mutating func replayRequested(_ stream: MessageStream) { count("bus_replays_requested_total", stream) }
    mutating func replayAnswered(_ stream: MessageStream, _ number: Int) {
        count("bus_messages_replayed_total", stream, by: number)
    }
    mutating func unreadable(from peer: String) {
        counter("bus_unreadable_total", [("peer", peer)]).increment()
    }

    mutating func lag(_ stream: MessageStream, _ messages: Int64) { gauge("bus_lag", stream).record(messages) }
    mutating func refused(_ stream: MessageStream, _ isRefused: Bool) {
        gauge("bus_stream_refused", stream).record(isRefused ? 1 : 0)
    }
    mutating func setAside(_ number: Int) { gauge("bus_set_aside", nil).record(number) }
    mutating func deadLetters(_ number: Int) { gauge("bus_dead_letters", nil).record(number) }

    private mutating func count(_ name: String, _ stream: MessageStream, by number: Int = 1) {
        if number > 0 { counter(name, [("stream", stream.rawValue)]).increment(by: number) }
    }

    private mutating func counter(_ name: String, _ dimensions: [(String, String)]) -> Counter {
        let key = name + (dimensions.first?.1 ?? "")
        if let known = counters[key] { return known }
        let made = Counter(label: name, dimensions: dimensions)
        counters[key] = made
        return made
    }

    private mutating func gauge(_ name: String, _ stream: MessageStream?) -> Gauge {
        let key = name + (stream?.rawValue ?? "")
        if let known = gauges[key] { return known }
        let made = Gauge(label: name, dimensions: stream.map { [("stream", $0.rawValue)] } ?? [])
        gauges[key] = made
        return made
    }
}
