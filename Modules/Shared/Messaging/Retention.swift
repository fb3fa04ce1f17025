/// What a publisher may remove.
package enum Retention {
    /// The highest number of `stream` that nobody needs any more; the minimum age is a rule apart.
    ///
    /// A peer that was never heard may listen to anything, so it holds everything. A known subscriber that is away
    /// holds what it has not applied, for as long as nobody retires it. Who does not listen to the stream holds
    /// nothing.
    package static func removableThrough(
        _ stream: MessageStream, head: StreamHead, peers: [String], subscribers: [String: SubscriberRecord]
    ) -> Int64 {
        let needed = Set(peers).union(subscribers.keys).compactMap { service -> Int64? in
            guard let record = subscribers[service] else { return 0 }
            return record.isRetired ? nil : record.acknowledged[stream]
        }
        return min(head.last, needed.min() ?? head.last)
    }
}
