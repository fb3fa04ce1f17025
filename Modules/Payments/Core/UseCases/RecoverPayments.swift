import Foundation
import SharedKernel

/// Finds what was left behind: by a process that died, an answer that could not be kept, or a mistake of ours.
package struct RecoverPayments: Sendable {
    private let store: any PaymentStore
    private let now: Now

    package init(store: any PaymentStore, now: @escaping Now) {
        self.store = store
        self.now = now
    }

    /// One payment that cannot be read never keeps the others from being found.
    ///
    /// - Parameters:
    ///   - all: every open payment, as at a start; otherwise only those that nothing would wake.
    ///   - busy: payments being worked on just now, which are left alone.
    /// - Returns: the payments that could not be recovered.
    package func callAsFunction(all: Bool, except busy: Set<PaymentName> = []) async throws -> [PaymentName] {
        var unreadable: [PaymentName] = []
        for name in try await store.leftBehind(all: all) where !busy.contains(name) {
            do {
                try await one(name)
            } catch {
                unreadable.append(name)
            }
        }
        return unreadable
    }

    /// One payment that nobody works on.
    package func one(_ name: PaymentName) async throws {
        let now = now()
        let moment = Moment(
            now: now, cause: .beginning(at: now), spareRefundID: .new(at: now), restoredAt: store.restoredAt)
        try await store.transaction { books in
            guard let payment = try books.payment(name) else { return }
            _ = try books.take(.recovered, for: payment, at: moment)
        }
    }
}
