import Foundation
import SharedKernel

/// How much of each tenant's feed is kept.
package struct FeedRetention: Sendable, Hashable {
    package let eventsMax: Int
    package let age: Duration

    package init(eventsMax: Int, age: Duration) {
        precondition(eventsMax > 0 && age > .zero)
        self.eventsMax = eventsMax
        self.age = age
    }

    package static let standard = FeedRetention(eventsMax: 10_000, age: .seconds(3600))
}

/// Keeps the feed of every tenant for pages that come back.
package protocol FeedStore: Sendable {
    func state(of tenant: TenantID) async throws -> FeedState

    /// The events after `number`, oldest first, at most `limit`.
    func events(of tenant: TenantID, after number: Int64, limit: Int) async throws -> [FeedEvent]

    /// Gives the next number to an event and keeps it.
    @discardableResult
    func append(views: [String], of tenant: TenantID, now: Date) async throws -> FeedEvent

    /// Drops what is older or more than the retention allows. The newest number is never forgotten.
    func prune(now: Date, keeping retention: FeedRetention) async throws
}
