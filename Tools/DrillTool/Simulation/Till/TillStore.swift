import Foundation
import PointOfSale
import SharedKernel
import Synchronization

/// What pos-service keeps.
struct TillContent: Sendable {
    var sales: [Sale] = []
    var indexes: [SaleID: Int] = [:]
    var homes: [PaymentID: Int] = [:]
    var numbers: [OrganizationalUnitID: Int64] = [:]
    var commands: [CommandID: ProcessedCommand] = [:]
    var checkIns: [AgentInstanceID: CheckIn] = [:]
    /// Completions told, by sale.
    var completions: [SaleID: Int] = [:]

    func sale(_ id: SaleID) -> Sale? { indexes[id].map { sales[$0] } }
}

/// The store of the real use cases, on a disk that may lose its power in the middle.
final class TillStore: SaleStore {
    private struct State {
        var disk: Disk<TillContent>
        var now: Date
        var power = Power.holds
    }

    let shop: Shop
    private let state: Mutex<State>
    private let sabotage: Sabotage?

    init(shop: Shop, epoch: String, at now: Date, sabotage: Sabotage?) {
        self.shop = shop
        self.sabotage = sabotage
        state = Mutex(State(disk: Disk(TillContent(), epoch: epoch, sabotage: sabotage), now: now))
    }

    /// Of the next `writeSales`.
    func set(_ power: Power, at now: Date) {
        state.withLock { state in
            state.now = now
            state.power = power
        }
    }

    func readDisk<Value: Sendable>(_ body: @Sendable (Disk<TillContent>) -> Value) -> Value {
        state.withLock { body($0.disk) }
    }

    func changeDisk<Value: Sendable>(
        _ body: @Sendable (inout Disk<TillContent>) throws -> Value
    ) rethrows -> Value {
        try state.withLock { try body(&$0.disk) }
    }

    func readSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        let (content, now) = state.withLock { ($0.disk.content, $0.now) }
        let draft = Draft(content: content, cursors: [], effects: [])
        return try body(TillTransaction(draft, shop: shop, now: now, remembersCommands: true))
    }

    func writeSales<Value: Sendable>(
        _ body: @escaping @Sendable (any SaleTransaction) throws -> Value
    ) async throws -> Value {
        let remembers = sabotage != .forgetCommands
        return try state.withLock { state in
            let now = state.now
            let power = state.power
            state.power = .holds
            return try state.disk.transaction(power, at: now) { draft in
                let open = TillTransaction(draft, shop: shop, now: now, remembersCommands: remembers)
                let value = try body(open)
                draft = open.draft
                return value
            }
        }
    }
}

/// Sealing is tried elsewhere; here the plain bytes travel.
struct OpenSealer: Sealer {
    func seal(_ plain: Data) throws -> Data { plain }
}
