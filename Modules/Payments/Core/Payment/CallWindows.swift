import Foundation

/// When each endpoint was called for one payment, kept so that Vipps' limits per reference are never reached, also not
/// after a restart: 5 a minute for create, capture, cancel and refund each, 120 a minute for get and events each.
package struct CallWindows: Sendable, Hashable {
    private var calls: [CallKind: [Date]] = [:]

    /// One second longer than Vipps' minute, because its clock and ours differ a little.
    package static let length: TimeInterval = 61

    package init() {}

    /// As a store has kept them.
    package init(_ calls: [CallKind: [Date]]) { self.calls = calls.mapValues { $0.sorted() } }

    /// Calls allowed in one window. Reading stays well below Vipps' 120, so that a person with another tool has room too.
    package static func callsMax(_ kind: CallKind) -> Int {
        switch kind {
        case .create, .capture, .cancel, .refund: 5
        case .get, .events: 90
        }
    }

    /// The first moment at or after `wanted` when one more call is allowed.
    package func earliest(_ kind: CallKind, from wanted: Date) -> Date {
        let limit = Self.callsMax(kind)
        let recent = calls[kind, default: []]
        guard recent.count >= limit else { return wanted }
        return max(wanted, recent[recent.count - limit] + Self.length)
    }

    /// These windows after one more call. A clock set back forgets calls that lie in the future, not the limit.
    package func adding(_ kind: CallKind, at now: Date) -> CallWindows {
        var next = self
        let recent = calls[kind, default: []].map { min($0, now) }.filter { $0 > now - Self.length }
        next.calls[kind] = (recent + [now]).suffix(Self.callsMax(kind))
        return next
    }

    /// Whether a call lies in the future: the clock was set back.
    package func reachBeyond(_ now: Date) -> Bool { calls.values.contains { $0.contains { $0 > now } } }

    /// These windows after the clock was set back: calls that lie in the future count as made now.
    package func drawnIn(to now: Date) -> CallWindows { CallWindows(calls.mapValues { $0.map { min($0, now) } }) }

    /// For the store.
    package var all: [CallKind: [Date]] { calls }
}

/// How long to wait after something has not worked.
package enum Backoff {
    /// Half a second after the first time, doubled each time, at most `longest`.
    package static func delay(after failures: Int, longest: TimeInterval = 60) -> TimeInterval {
        precondition(failures > 0, "there is nothing to wait for")
        return min(longest, 0.5 * pow(2, Double(min(failures, 20) - 1)))
    }
}
