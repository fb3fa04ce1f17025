import CrashPoints
import Finance
import Foundation
import GRDB
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel

package struct SQLitePaymentOptionStore: PaymentOptionStore {
    private let database: SQLiteDatabase
    private let messages: SQLiteMessageStore

    package init(database: SQLiteDatabase, messages: SQLiteMessageStore) {
        self.database = database
        self.messages = messages
    }

    package func catalogue(of tenant: TenantID) async throws -> PaymentOptionCatalogue {
        try await database.read { try Self.catalogue(of: tenant, in: $0) }
    }

    package func change(
        _ command: PaymentOptionCommand, of tenant: TenantID, cause: Cause, now: Date
    ) async throws -> Result<PaymentOption, PaymentOptionRefusal> {
        let outcome = try await database.write { db -> Result<PaymentOption, PaymentOptionRefusal> in
            let before = try Self.catalogue(of: tenant, in: db)
            let events: [PaymentOptionEvent]
            do throws(PaymentOptionRefusal) {
                events = try before.decide(command, now: now)
            } catch {
                return .failure(error)
            }
            let after = events.reduce(before) { $0.evolved(by: $1) }
            guard let option = after.option(command.id) else { preconditionFailure("a decision lost its option") }
            if !events.isEmpty { try Self.save(option, of: tenant, in: db) }
            for message in FinanceNews.messages(for: events) {
                try messages.append(message, tenantID: tenant, cause: cause, at: now, in: db)
            }
            CrashPoint.pass("finance.payment-option.before-commit")
            return .success(option)
        }
        CrashPoint.pass("finance.payment-option.after-commit")
        return outcome
    }

    private static func save(_ option: PaymentOption, of tenant: TenantID, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO payment_option (tenant_id, id, name, name_key, kind, quick_access, enabled, saved_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
                    kind = excluded.kind, quick_access = excluded.quick_access, enabled = excluded.enabled,
                    saved_at = excluded.saved_at
                """,
            arguments: [
                tenant.text, option.id.text, option.name.text, option.name.key, option.kind.word, option.quickAccess,
                option.enabled, InstantText.write(option.savedAt),
            ])
    }

    private static func catalogue(of tenant: TenantID, in db: Database) throws -> PaymentOptionCatalogue {
        let rows = try Row.fetchAll(
            db, sql: "SELECT * FROM payment_option WHERE tenant_id = ? ORDER BY name_key", arguments: [tenant.text])
        return PaymentOptionCatalogue(
            options: try rows.map { row in
                let table = "payment_option"
                return PaymentOption(
                    id: try row.identifier("id", of: table),
                    name: try row.word("name", of: table) { try? PaymentOptionName($0) },
                    kind: try row.word("kind", of: table, PaymentOptionKind.init(word:)),
                    quickAccess: row["quick_access"], enabled: row["enabled"],
                    savedAt: try row.instant("saved_at", of: table))
            })
    }
}
