import Foundation
import Logging
import PointOfSale
import ServiceLifecycle

/// Lets pos-service's file forget what it need not know any more: customers of sales that ended long ago, old commands,
/// sessions and check-ins. At the start and once an hour, in small parts, so that no till waits for long.
package struct Tidier: Service {
    /// Rows of a kind in one part, which is one transaction.
    package static let part = 50

    private let store: SQLitePointOfSaleStore
    private let forgetCustomers: ForgetCustomers
    private let interval: Duration
    private let logger: Logger

    package init(store: SQLitePointOfSaleStore, interval: Duration = .seconds(3600), logger: Logger) {
        self.store = store
        forgetCustomers = ForgetCustomers(store: store, limit: Self.part)
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            // Between two parts the file belongs to the tills.
            let rest = await tidyPart() ? .milliseconds(100) : interval
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: rest) }
        }
    }

    /// - Returns: whether there may be more.
    package func tidyPart() async -> Bool {
        let hasCustomers = await attempt("customers could not be forgotten") { try await forgetCustomers() }
        let hasOutlived = await attempt("old data could not be removed") {
            try await store.removeOutlived(limit: Self.part)
        }
        return hasCustomers || hasOutlived
    }

    /// What goes wrong with one kind is told, and keeps no other kind from its turn.
    private func attempt(_ trouble: Logger.Message, _ act: () async throws -> Bool) async -> Bool {
        do { return try await act() } catch {
            logger.error(trouble, metadata: ["error": "\(error)"])
            return false
        }
    }
}
