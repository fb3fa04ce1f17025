import Foundation
import SharedKernel

/// Access tokens in memory, one for each set of keys, used for their whole life. Callers who need the same token at the
/// same time share one fetch.
package actor VippsTokenCache {
    package typealias Fetch = @Sendable (VippsKeys, _ msn: String?) async -> Result<VippsToken, VippsFailure>

    /// Sets of keys remembered at most; beyond it the oldest token is forgotten and fetched again when needed.
    static let entriesMax = 10_000

    private enum Entry {
        case fetching(Task<Result<VippsToken, VippsFailure>, Never>, number: Int)
        case ready(VippsToken)
    }

    private var entries: [Data: Entry] = [:]
    private var fetches = 0
    private let now: Now
    private let fetch: Fetch

    package init(now: @escaping Now, fetch: @escaping Fetch) {
        self.now = now
        self.fetch = fetch
    }

    /// A fresh token for `keys`. A failed fetch is not remembered: the next caller tries again.
    package func token(for keys: VippsKeys, msn: String?) async -> Result<VippsToken, VippsFailure> {
        let fingerprint = keys.fingerprint
        switch entries[fingerprint] {
        case .ready(let token) where token.isFresh(at: now()):
            return .success(token)
        case .fetching(let task, _):
            return await task.value
        case .ready, nil:
            return await fetchShared(keys, msn: msn, fingerprint: fingerprint)
        }
    }

    /// Forgets `token` after an unexpected 401. One that was replaced meanwhile stays.
    package func drop(_ token: VippsToken, of keys: VippsKeys) {
        if case .ready(let current) = entries[keys.fingerprint], current == token {
            entries[keys.fingerprint] = nil
        }
    }

    /// The task is not loose: everyone who needs the token awaits it, so one impatient caller does not fail the others.
    private func fetchShared(
        _ keys: VippsKeys, msn: String?, fingerprint: Data
    ) async -> Result<VippsToken, VippsFailure> {
        fetches += 1
        let number = fetches
        let task = Task { [fetch] in await fetch(keys, msn) }
        entries[fingerprint] = .fetching(task, number: number)
        let result = await task.value
        if case .fetching(_, number) = entries[fingerprint] {
            switch result {
            case .success(let token): keep(token, fingerprint: fingerprint)
            case .failure: entries[fingerprint] = nil
            }
        }
        return result
    }

    private func keep(_ token: VippsToken, fingerprint: Data) {
        entries[fingerprint] = .ready(token)
        guard entries.count > Self.entriesMax else { return }
        let oldest = entries.compactMap { key, entry -> (key: Data, at: Date)? in
            if case .ready(let token) = entry { (key, token.fetchedAt) } else { nil }
        }.min { $0.at < $1.at }
        if let oldest { entries[oldest.key] = nil }
    }
}
