import Foundation
import SharedKernel

/// Where in a tenant's live feed a page stands: the id of a server-sent event.
///
/// The epoch is the feed's own: a feed that was begun anew (its file was lost) does not mistake an old number for its
/// own.
package struct FeedPosition: Sendable, Hashable {
    package let epoch: String
    /// Counts from 1 for each tenant, without gaps.
    package let number: Int64

    package init(epoch: String, number: Int64) {
        self.epoch = epoch
        self.number = number
    }

    /// From `Last-Event-ID`. `nil` for anything that no feed ever wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, parts.count == 2, !parts[0].isEmpty, let number = Int64(parts[1]), number >= 0
        else { return nil }
        self.init(epoch: String(parts[0]), number: number)
    }

    /// `5f3a09c2.1042`
    package var text: String { "\(epoch).\(number)" }
}

/// Something that pages show has changed: which views to fetch again.
package struct FeedEvent: Sendable, Hashable {
    package let number: Int64
    /// `sale/<id>`, `sales`, `payment-options`.
    package let views: [String]

    package init(number: Int64, views: [String]) {
        self.number = number
        self.views = views
    }
}

/// The part of a tenant's feed that is still kept.
package struct FeedState: Sendable, Hashable {
    package let epoch: String
    /// Number of the newest event ever; 0 before the first.
    package let newest: Int64
    /// Number of the oldest event that is still kept; beyond `newest` when none is.
    package let oldest: Int64

    package init(epoch: String, newest: Int64, oldest: Int64) {
        self.epoch = epoch
        self.newest = newest
        self.oldest = oldest
    }
}

/// What a page that connects is told first.
package enum FeedResumption: Sendable, Hashable {
    /// It has missed nothing it could know of: go on with what comes.
    case live
    /// It has missed the events after this number, all of which are kept.
    case replay(after: Int64)
    /// Nobody knows any more what it has missed: it fetches everything again.
    case reset

    /// - Parameter last: where the page stands; `nil` for a page that has just been loaded.
    package static func decide(last: FeedPosition?, state: FeedState, replayMax: Int) -> FeedResumption {
        guard let last else { return .live }
        guard last.epoch == state.epoch, last.number <= state.newest else { return .reset }
        if last.number == state.newest { return .live }
        let missed = state.newest - last.number
        guard last.number + 1 >= state.oldest, missed <= Int64(replayMax) else { return .reset }
        return .replay(after: last.number)
    }
}
