import GRDB
import SQLiteStorage

/// The gateway's file.
package enum GatewaySchema {
    package static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        SetupSchema.register(in: &migrator)
        WebhookSchema.register(in: &migrator)
        PaymentSchema.register(in: &migrator)
        migrator.registerMigration("ended sessions") { try EndedSessions.makeTable(in: $0) }
        return migrator
    }
}
