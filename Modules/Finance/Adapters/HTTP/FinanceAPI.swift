import Finance
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import SharedKernel

/// `/financial/api`: options, ledger and event log as JSON.
package struct FinanceAPI: Sendable {
    static let sumsMax = 5000
    static let eventsMax = 2000

    private let options: any PaymentOptionStore
    private let ledger: any Ledger
    private let eventLog: any EventLog

    package init(options: any PaymentOptionStore, ledger: any Ledger, eventLog: any EventLog) {
        self.options = options
        self.ledger = ledger
        self.eventLog = eventLog
    }

    package var endpoints: [Endpoint] {
        let option = "/financial/api/payment-options/{paymentOptionID}"
        return [
            Endpoint(.get, "/financial/api/payment-options", answer: listOptions),
            Endpoint(.post, "/financial/api/payment-options", answer: createOption),
            Endpoint(.get, option, answer: showOption),
            Endpoint(.put, option, answer: changeOption),
            Endpoint(.post, "\(option)/enable") { try await set($0, $1) { .enable($0) } },
            Endpoint(.post, "\(option)/disable") { try await set($0, $1) { .disable($0) } },
            Endpoint(.get, "/financial/api/ledger", answer: listEntries),
            Endpoint(.get, "/financial/api/ledger/sums", answer: listSums),
            Endpoint(.get, "/financial/api/ledger/verification", answer: verify),
            Endpoint(.get, "/financial/api/payments/{paymentID}/events", answer: showHistory),
            Endpoint(.get, "/financial/api/sales/{saleID}/ledger", answer: showSale),
        ]
    }

    // MARK: Payment options

    private func listOptions(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .cashier, .operator)
        let wanted: Bool? =
            switch request.uri.queryParameters.get("enabled") {
            case nil: nil
            case "true": true
            case "false": false
            case .some:
                throw Problem.invalid([
                    FieldProblem(field: "enabled", slug: "not-valid", reason: "must be true or false")
                ])
            }
        let visible = try await options.catalogue(of: session.tenantID).options.filter { option in
            (wanted.map { option.enabled == $0 } ?? true) && session.maySee(option)
        }
        return try jsonResponse(PaymentOptionsBody(paymentOptions: visible.map(PaymentOptionBody.init)))
    }

    private func showOption(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .cashier, .operator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        guard let option = try await options.catalogue(of: session.tenantID).option(id), session.maySee(option) else {
            throw Problem.notFound("payment option")
        }
        return try jsonResponse(PaymentOptionBody(option))
    }

    private func createOption(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        let body = try await decodeBody(NewPaymentOptionBody.self, of: request)
        let command = PaymentOptionCommand.create(
            id: body.commandID ?? .new(at: context.now), name: try PaymentOptionName(body.name),
            kind: PaymentOptionKind(body.kind), quickAccess: body.quickAccess ?? false, enabled: body.enabled ?? true)
        let option = try await change(command, session, context)
        var response = try jsonResponse(PaymentOptionBody(option), status: .created)
        response.headers[.location] = "/financial/api/payment-options/\(option.id.text)"
        return response
    }

    private func changeOption(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        let body = try await decodeBody(ChangedPaymentOptionBody.self, of: request)
        let command = PaymentOptionCommand.edit(
            id: id, name: try PaymentOptionName(body.name), kind: PaymentOptionKind(body.kind),
            quickAccess: body.quickAccess)
        return try jsonResponse(PaymentOptionBody(try await change(command, session, context)))
    }

    private func set(
        _ request: Request, _ context: ServingContext, _ command: (PaymentOptionID) -> PaymentOptionCommand
    ) async throws -> Response {
        let session = try context.require(.administrator)
        let id: PaymentOptionID = try context.identifier("paymentOptionID", of: "payment option")
        return try jsonResponse(PaymentOptionBody(try await change(command(id), session, context)))
    }

    private func change(
        _ command: PaymentOptionCommand, _ session: Session, _ context: ServingContext
    ) async throws -> PaymentOption {
        let outcome = try await options.change(command, of: session.tenantID, cause: context.cause, now: context.now)
        switch outcome {
        case .success(let option): return option
        case .failure(let refusal): throw Problem(refusal)
        }
    }

    // MARK: Ledger

    private func listEntries(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .operator)
        let query = try LedgerQuery(request)
        let found = try await ledger.entries(of: session.tenantID, query.filter, limit: query.limit + 1)
        let shown = found.prefix(query.limit)
        return try jsonResponse(
            LedgerBody(
                entries: shown.map(LedgerEntryBody.init), next: found.count > shown.count ? shown.last?.sequence : nil))
    }

    private func listSums(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .operator)
        let query = try LedgerQuery(request, needsGrouping: true)
        let sums = try await ledger.sums(
            of: session.tenantID, by: query.grouping ?? .day, query.filter, limit: Self.sumsMax)
        return try jsonResponse(LedgerSumsBody(sums: sums.map(LedgerSumBody.init)))
    }

    private func verify(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .operator)
        return try jsonResponse(LedgerVerificationBody(try await ledger.verification(of: session.tenantID)))
    }

    private func showSale(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .cashier, .operator)
        let sale: SaleID = try context.identifier("saleID", of: "sale")
        let entries = try await ledger.entries(of: session.tenantID, aroundSale: sale)
        return try jsonResponse(
            SaleLedgerBody(
                entries: entries.map(LedgerEntryBody.init), sums: entries.sums(by: .kind).map(LedgerSumBody.init)))
    }

    // MARK: Event log

    private func showHistory(_ request: Request, _ context: ServingContext) async throws -> Response {
        let session = try context.require(.administrator, .cashier, .operator)
        let payment: PaymentID = try context.identifier("paymentID", of: "payment")
        let history = try await eventLog.history(of: payment, of: session.tenantID, limit: Self.eventsMax)
        guard let history else { throw Problem.notFound("payment") }
        return try jsonResponse(PaymentHistoryBody(history.summary, history.events))
    }
}

extension Session {
    /// A cashier sees what the till offers; the others see everything.
    func maySee(_ option: PaymentOption) -> Bool {
        option.enabled || !roles.isDisjoint(with: [.administrator, .operator])
    }
}

extension Problem {
    init(_ refusal: PaymentOptionRefusal) {
        switch refusal {
        case .notFound: self = .notFound("payment option")
        case .nameTaken(let name):
            self = .conflict(
                "name-taken", "There is a payment option called \(name.text) already. Choose another name.",
                fields: [FieldProblem(field: "name", slug: "taken", reason: "is taken; choose another name")])
        case .tooMany(let max):
            self = .conflict(
                "too-many", "A tenant can have at most \(max) payment options. Change one that is not used any more.")
        }
    }
}
