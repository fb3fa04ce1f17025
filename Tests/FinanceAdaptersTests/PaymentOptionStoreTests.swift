import Finance
import FinanceAdapters
import Foundation
import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel
import Testing

/// Both answers to the same need.
private enum Made: CaseIterable {
    case sqlite, inMemory

    func store() throws -> (any PaymentOptionStore, told: @Sendable () async throws -> [String]) {
        switch self {
        case .sqlite:
            let house = try FinanceHouse()
            return (house.options, { try await house.told().map(\.type) })
        case .inMemory:
            let store = InMemoryPaymentOptionStore()
            return (store, { await store.published.map { type(of: $0.message).type } })
        }
    }
}

@Suite("Every store of payment options") struct PaymentOptionStoreTests {
    private let now = FinanceHouse.now

    private func create(_ id: PaymentOptionID, _ name: String) throws -> PaymentOptionCommand {
        .create(id: id, name: try PaymentOptionName(name), kind: .vippsEPayment, quickAccess: true, enabled: true)
    }

    @Test("begins empty for every tenant", arguments: Made.allCases)
    private func empty(_ made: Made) async throws {
        let (store, _) = try made.store()
        #expect(try await store.catalogue(of: .first).options.isEmpty)
    }

    @Test("keeps what is made and tells it with the view that changes", arguments: Made.allCases)
    private func creates(_ made: Made) async throws {
        let (store, told) = try made.store()
        let id = PaymentOptionID.new(at: now)
        let option = try await store.change(create(id, "Vipps"), of: .first, cause: .test, now: now).get()
        #expect(try await store.catalogue(of: .first).options == [option])
        #expect(try await told() == [PaymentOptionSaved.type, FinanceViewChanged.type])
    }

    @Test("tells every change once, and nothing when nothing changes", arguments: Made.allCases)
    private func changes(_ made: Made) async throws {
        let (store, told) = try made.store()
        let id = PaymentOptionID.new(at: now)
        let edit = PaymentOptionCommand.edit(
            id: id, name: try PaymentOptionName("Kontant"), kind: .cash, quickAccess: false)
        for command in [try create(id, "Vipps"), .disable(id), .disable(id), .enable(id), edit, edit] {
            _ = try await store.change(command, of: .first, cause: .test, now: now).get()
        }
        let facts = try await told().filter { $0 != FinanceViewChanged.type }
        #expect(
            facts == [
                PaymentOptionSaved.type, PaymentOptionDisabled.type, PaymentOptionEnabled.type, PaymentOptionSaved.type,
            ])
        #expect(try await store.catalogue(of: .first).option(id)?.name.text == "Kontant")
    }

    @Test("keeps and tells nothing of what is refused", arguments: Made.allCases)
    private func refuses(_ made: Made) async throws {
        let (store, told) = try made.store()
        _ = try await store.change(create(.new(at: now), "Vipps"), of: .first, cause: .test, now: now)
        let outcome = try await store.change(create(.new(at: now), "VIPPS"), of: .first, cause: .test, now: now)
        #expect(outcome == .failure(.nameTaken(try PaymentOptionName("VIPPS"))))
        #expect(
            try await store.change(.enable(.new(at: now)), of: .first, cause: .test, now: now) == .failure(.notFound))
        #expect(try await store.catalogue(of: .first).options.count == 1)
        #expect(try await told().count == 2)
    }

    @Test("keeps tenants apart: names, identifiers and changes", arguments: Made.allCases)
    private func tenants(_ made: Made) async throws {
        let (store, _) = try made.store()
        let id = PaymentOptionID.new(at: now)
        _ = try await store.change(create(id, "Vipps"), of: .first, cause: .test, now: now).get()
        #expect(try await store.change(.disable(id), of: .second, cause: .test, now: now) == .failure(.notFound))
        _ = try await store.change(create(id, "Vipps"), of: .second, cause: .test, now: now).get()
        _ = try await store.change(.disable(id), of: .second, cause: .test, now: now).get()
        #expect(try await store.catalogue(of: .first).option(id)?.enabled == true)
        #expect(try await store.catalogue(of: .second).option(id)?.enabled == false)
    }

    @Test("lists by name", arguments: Made.allCases)
    private func ordered(_ made: Made) async throws {
        let (store, _) = try made.store()
        for name in ["vipps", "Bank", "cash"] {
            _ = try await store.change(create(.new(at: now), name), of: .first, cause: .test, now: now)
        }
        #expect(try await store.catalogue(of: .first).options.map(\.name.text) == ["Bank", "cash", "vipps"])
    }

    @Test("lets two who choose the same name at once not both have it", arguments: Made.allCases)
    private func concurrent(_ made: Made) async throws {
        let (store, _) = try made.store()
        let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let outcome = try await store.change(
                        create(.new(at: now), "Vipps"), of: .first, cause: .test, now: now)
                    return (try? outcome.get()) != nil
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(successes == 1)
        #expect(try await store.catalogue(of: .first).options.count == 1)
    }
}
