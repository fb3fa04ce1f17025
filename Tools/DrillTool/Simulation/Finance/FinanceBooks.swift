import Finance
import Foundation
import MessageContracts
import SharedKernel

/// What financial-service keeps.
struct FinanceContent: Sendable {
    var ledgers: [TenantID: [LedgerEntry]] = [:]
    var lines: Set<PaymentEventID> = []
    /// Lines of event logs heard, repeats too.
    var linesHeard = 0
}

extension FinanceContent {
    private static let day: BookDay = {
        guard let day = BookDay("2026-09-21") else { preconditionFailure("a day that exists") }
        return day
    }()

    /// Stands in for SHA-256, which is tried elsewhere: FNV-1a, 64 bits.
    private static let digest: LedgerChain.Digest = { data in
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in data { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return withUnsafeBytes(of: hash) { Data($0) }
    }

    mutating func register(_ fact: MoneyFact, of tenant: TenantID, id: LedgerEntryID, at now: Date) throws {
        let kept = ledgers[tenant] ?? []
        let books = kept.filter { $0.posting.paymentID == fact.paymentID }
            .reduce(PaymentBooks(paymentID: fact.paymentID)) { $0.evolved(by: $1.posting) }
        let postings = try books.decide(fact)
        guard !postings.isEmpty else { return }
        var chain =
            kept.last.map { LedgerChain(of: tenant, after: $0, digest: Self.digest) }
            ?? LedgerChain(of: tenant, digest: Self.digest)
        ledgers[tenant] = kept + postings.map { chain.append($0, id: id, day: Self.day, at: now) }
    }

    /// The first break of any tenant's chain.
    var broken: LedgerChain.Break? {
        for (tenant, entries) in ledgers {
            var chain = LedgerChain(of: tenant, digest: Self.digest)
            for entry in entries {
                if let found = chain.verify(entry) { return found }
            }
        }
        return nil
    }
}

extension World {
    func financeHears(_ arrivals: [Arrival]) throws -> [(Arrival, any Error)] {
        let now = clock(.finance)
        return try finance.apply(arrivals, { self.nextPower(at: .finance) }, at: now) { arrival, draft in
            if case .eventRecorded(let line) = arrival.letter.told {
                draft.content.lines.insert(line.eventID)
                draft.content.linesHeard += 1
            } else if let fact = arrival.letter.told.moneyFact {
                try draft.content.register(
                    fact, of: arrival.letter.tenant, id: self.chance.identifier(at: now), at: now)
            }
        }
    }

    var financePages: [PaymentPage] {
        var pages: [PaymentID: PaymentPage] = [:]
        for entry in finance.content.ledgers.values.joined() {
            let id = entry.posting.paymentID
            let amount = entry.posting.amount.minorUnits
            var page = pages[id] ?? PaymentPage(id: id)
            switch entry.posting.movement {
            case .payment: page.captured += amount
            case .refund(_, let isOutside):
                page.refunded += amount
                if isOutside { page.refundedOutside += amount }
            }
            pages[id] = page
        }
        return Array(pages.values)
    }
}

extension Told {
    fileprivate var moneyFact: MoneyFact? {
        switch self {
        case .captured(let message):
            .captured(
                message.paymentID, sale: message.saleID, reference: message.reference, inAll: message.amount,
                at: message.capturedAt)
        case .refunded(let message):
            .refunded(
                message.refundID, message.paymentID, sale: message.saleID, amount: message.amount,
                inAll: message.refundedInAll, outside: message.outside, at: message.refundedAt)
        case .cashReceived(let message):
            .cashReceived(message.paymentID, sale: message.saleID, amount: message.amount, at: message.receivedAt)
        case .cashPaidOut(let message):
            .cashPaidOut(
                message.refundID, message.paymentID, sale: message.saleID, amount: message.amount, at: message.paidAt)
        default: nil
        }
    }
}
