import Foundation
import GRDB
import MessageContracts
import Messaging
import Payments
import PaymentsAdapters
import SQLiteStorage
import SharedKernel

extension Date {
    static let paymentStart = Date(timeIntervalSince1970: 1_795_000_000)
}

extension Money {
    static func nok(_ units: Int64) -> Money { Money(minorUnits: units, currency: .nok) }
}

extension Moment {
    static func at(_ now: Date = .paymentStart) -> Moment {
        Moment(now: now, cause: .beginning(at: now), spareRefundID: .new(at: now))
    }
}

/// A gateway's file in a temporary folder.
struct PaymentFile {
    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let store: SQLitePaymentStore

    init() throws {
        database = try SQLiteDatabase.temporary(migrator: GatewaySchema.migrator)
        messages = SQLiteMessageStore(database: database, service: ServiceName.gateway)
        store = try SQLitePaymentStore(database: database, messages: messages)
    }

    /// Everything published, without the event log.
    func told() async throws -> [Envelope] {
        try await database.writer.read { db in
            try messages.appendedEnvelopes(in: db).filter { $0.type != PaymentEventRecorded.type }
        }
    }

    func lines() async throws -> [PaymentEventRecorded] {
        try await database.writer.read { db in
            try messages.appendedEnvelopes(in: db).filter { $0.type == PaymentEventRecorded.type }
                .map { try $0.decode(PaymentEventRecorded.self) }
        }
    }
}

/// The adapters of the port, for the contract suite.
enum MadePaymentStore: String, CaseIterable {
    case inMemory, sqlite

    func make() throws -> any PaymentStore {
        switch self {
        case .inMemory: InMemoryPaymentStore()
        case .sqlite: try PaymentFile().store
        }
    }
}

extension PaymentTerms {
    static func made(
        tenant: TenantID = TenantID(UUID()), agreement: AgreementID = AgreementID(UUID()),
        reference: String = "till3-\(UUID().uuidString.prefix(8))", amount: Money = .nok(12_900),
        at now: Date = .paymentStart
    ) -> PaymentTerms {
        do {
            return try PaymentTerms(
                paymentID: PaymentID(UUID()), saleID: SaleID(UUID()), saleIdentifier: "OSL-1",
                address: PaymentAddress(tenantID: tenant, agreementID: agreement, msn: "123456", reference: reference),
                amount: amount, description: "Shop: payment for sale OSL-1",
                receipt: [
                    ReceiptItem(
                        id: "1", name: "Bread", quantity: 1, unitPrice: amount, discount: .nok(0), total: amount,
                        totalExcludingTax: amount, taxRate: 1_500)
                ], requestedAt: now,
                cause: .beginning(at: now))
        } catch {
            preconditionFailure("the fixture is valid: \(error)")
        }
    }
}

extension PaymentStore {
    @discardableResult
    func take(_ input: PaymentInput, for name: PaymentName, at now: Date = .paymentStart) async throws -> Payment? {
        try await transaction { books in
            guard let payment = try books.payment(name) else { return nil }
            return try books.take(input, for: payment, at: .at(now))
        }
    }

    func begin(
        _ terms: PaymentTerms, customer: CustomerReference = .phoneNumber(Sealed(envelope: Data("envelope".utf8))),
        at now: Date = .paymentStart
    ) async throws -> PaymentName {
        try await transaction { books in try BeginPayment()(terms, customer: customer, in: books, at: .at(now)) }
        return PaymentName(tenantID: terms.address.tenantID, paymentID: terms.paymentID)
    }

    func payment(_ name: PaymentName) async throws -> Payment? {
        try await transaction { books in try books.payment(name) }
    }
}

func replied<Value>(_ outcome: ProviderOutcome<Value>, status: Int? = 200) -> ProviderReply<Value> {
    ProviderReply(
        outcome,
        record: CallRecord(startedAt: .paymentStart, duration: .milliseconds(3), httpStatus: status, traceID: "trace"))
}
