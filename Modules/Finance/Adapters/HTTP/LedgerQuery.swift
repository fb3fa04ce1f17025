import Finance
import HTTPServing
import Hummingbird
import SharedKernel

/// Reads what a query asks for; every wrong parameter is told, not only the first.
struct LedgerQuery {
    static let limitMax = 500
    static let limitDefault = 100

    private(set) var filter = LedgerFilter()
    private(set) var limit = LedgerQuery.limitDefault
    private(set) var grouping: LedgerGrouping?

    init(_ request: Request, needsGrouping: Bool = false) throws {
        var problems: [FieldProblem] = []
        func read<Value>(_ name: String, _ expected: String, _ parse: (String) -> Value?) -> Value? {
            guard let text = request.uri.queryParameters.get(name) else { return nil }
            if let value = parse(text) { return value }
            problems.append(FieldProblem(field: name, slug: "not-valid", reason: "must be \(expected)"))
            return nil
        }
        filter.from = read("from", "a day like 2026-11-23", BookDay.init)
        filter.to = read("to", "a day like 2026-11-23", BookDay.init)
        filter.kind = read("kind", "vipps-epayment or cash", PaymentOptionKind.init(word:))
        filter.movement = read("entry", "payment or refund") { text in
            LedgerFilter.Movement.allCases.first { $0.word == text }
        }
        filter.saleID = read("saleID", "an identifier", SaleID.init)
        filter.paymentID = read("paymentID", "an identifier", PaymentID.init)
        filter.before = read("before", "a whole number above 0") { Int64($0).flatMap { $0 > 0 ? $0 : nil } }
        limit =
            read("limit", "a whole number from 1 to \(Self.limitMax)") { text in
                Int(text).flatMap { (1...Self.limitMax).contains($0) ? $0 : nil }
            } ?? Self.limitDefault
        grouping = read("by", "day, kind or sale") { text in
            LedgerGrouping.allCases.first { "\($0)" == text }
        }
        if needsGrouping, request.uri.queryParameters.get("by") == nil {
            problems.append(
                FieldProblem(field: "by", slug: "missing", reason: "is missing; it must be day, kind or sale"))
        }
        if let from = filter.from, let to = filter.to, from > to {
            problems.append(FieldProblem(field: "to", slug: "not-valid", reason: "must not be before from"))
        }
        guard problems.isEmpty else { throw Problem.invalid(problems) }
    }
}
