import Foundation
import Notifications
import SharedKernel

package actor InMemoryFeedStore: FeedStore {
    private struct Kept {
        let event: FeedEvent
        let at: Date
    }

    private let epoch: String
    private var newest: [TenantID: Int64] = [:]
    private var kept: [TenantID: [Kept]] = [:]

    package init(epoch: String) { self.epoch = epoch }

    package func state(of tenant: TenantID) -> FeedState {
        let last = newest[tenant] ?? 0
        return FeedState(epoch: epoch, newest: last, oldest: kept[tenant]?.first?.event.number ?? last + 1)
    }

    package func events(of tenant: TenantID, after number: Int64, limit: Int) -> [FeedEvent] {
        Array((kept[tenant] ?? []).map(\.event).filter { $0.number > number }.prefix(limit))
    }

    @discardableResult
    package func append(views: [String], of tenant: TenantID, now: Date) -> FeedEvent {
        let event = FeedEvent(number: (newest[tenant] ?? 0) + 1, views: views)
        newest[tenant] = event.number
        kept[tenant, default: []].append(Kept(event: event, at: now))
        return event
    }

    package func prune(now: Date, keeping retention: FeedRetention) {
        let oldest = now.addingTimeInterval(-(retention.age / .seconds(1)))
        for (tenant, entries) in kept {
            let lastOld = entries.last { $0.at < oldest }?.event.number ?? 0
            let bound = max((newest[tenant] ?? 0) - Int64(retention.eventsMax), lastOld)
            kept[tenant] = entries.filter { $0.event.number > bound }
        }
    }
}
