import Foundation
import SharedKernel

/// Lets sales that ended long ago forget their customers, those of all tenants, some at a time.
package struct ForgetCustomers: Sendable {
    private let store: any SaleStore
    private let limit: Int

    /// - Parameter limit: sales in one transaction, which is how long a till may have to wait.
    package init(store: any SaleStore, limit: Int) {
        self.store = store
        self.limit = limit
    }

    /// One transaction, beginning with the oldest sales.
    ///
    /// - Returns: whether there may be more to forget.
    package func callAsFunction() async throws -> Bool {
        try await store.writeSales { [limit] tx in
            let instant = tx.now.addingTimeInterval(-Sale.customerKept)
            let sales = try tx.salesToForget(endedBy: instant, limit: limit)
            for sale in sales {
                let events = try sale.decide(.forgetCustomer, Moment(now: tx.now, user: nil))
                try tx.keep(sale.evolved(by: events), after: events)
            }
            return sales.count == limit
        }
    }
}
