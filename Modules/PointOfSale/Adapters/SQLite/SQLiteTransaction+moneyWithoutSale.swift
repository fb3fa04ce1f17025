import GRDB
import PointOfSale
import SQLiteStorage
import SharedKernel

extension SQLitePointOfSaleTransaction: MoneyWithoutSale {
    func isKnown(_ payment: PaymentID) throws -> Bool {
        try one("SELECT 1 FROM sale_payment WHERE id = ?", [payment.text]) != nil
    }

    func paymentWithoutSale(_ id: PaymentID, in tenant: TenantID) throws -> PaymentWithoutSale? {
        try one("SELECT * FROM payment_without_sale WHERE id = ? AND tenant_id = ?", [id.text, tenant.text])
            .map(Self.paymentWithoutSale)
    }

    func keep(_ payment: PaymentWithoutSale, in tenant: TenantID) throws {
        try run(
            """
            INSERT INTO payment_without_sale (id, tenant_id, reference, captured, refunded, currency, noticed_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET refunded = excluded.refunded WHERE tenant_id = excluded.tenant_id
            """,
            [
                payment.id.text, tenant.text, payment.reference, payment.captured.minorUnits,
                payment.refunded.minorUnits, payment.captured.currency.rawValue, payment.noticedAt.milliseconds,
            ])
        changed(.sales, in: tenant)
    }

    static func paymentWithoutSale(_ row: Row) throws -> PaymentWithoutSale {
        PaymentWithoutSale(
            id: try row.identifier("id"), reference: row["reference"], captured: try row.money("captured"),
            refunded: try row.money("refunded"), noticedAt: row.instant("noticed_at"))
    }
}

extension SQLitePointOfSaleStore: PaymentsWithoutSale {
    package func paymentsWithoutSale(in tenant: TenantID) async throws -> [PaymentWithoutSale] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM payment_without_sale WHERE tenant_id = ? AND refunded < captured
                    ORDER BY noticed_at DESC, id LIMIT 100
                    """, arguments: [tenant.text]
            ).map(SQLitePointOfSaleTransaction.paymentWithoutSale)
        }
    }
}
