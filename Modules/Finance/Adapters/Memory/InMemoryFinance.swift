import Cryptography
import Finance
import Foundation
import Messaging
import SharedKernel

/// What a twin in memory has published, in order.
package struct PublishedMessage: Sendable {
    package let message: any MessageContract
    package let tenantID: TenantID
}

package actor InMemoryPaymentOptionStore: PaymentOptionStore {
    private var catalogues: [TenantID: PaymentOptionCatalogue] = [:]
    package private(set) var published: [PublishedMessage] = []

    package init() {}

    package func catalogue(of tenant: TenantID) -> PaymentOptionCatalogue {
        PaymentOptionCatalogue(
            options: (catalogues[tenant]?.options ?? []).sorted { $0.name.key < $1.name.key })
    }

    package func change(
        _ command: PaymentOptionCommand, of tenant: TenantID, cause: Cause, now: Date
    ) -> Result<PaymentOption, PaymentOptionRefusal> {
        let before = catalogues[tenant] ?? PaymentOptionCatalogue()
        let events: [PaymentOptionEvent]
        do throws(PaymentOptionRefusal) {
            events = try before.decide(command, now: now)
        } catch {
            return .failure(error)
        }
        let after = events.reduce(before) { $0.evolved(by: $1) }
        guard let option = after.option(command.id) else { preconditionFailure("a decision lost its option") }
        catalogues[tenant] = after
        published += FinanceNews.messages(for: events).map { PublishedMessage(message: $0, tenantID: tenant) }
        return .success(option)
    }
}

package actor InMemoryLedger: Ledger {
    private struct Totals { var captured: Money, refunded: Money }

    private var ledgers: [TenantID: [LedgerEntry]] = [:]
    private var totals: [TenantID: [PaymentID: Totals]] = [:]
    private let timeZone: TimeZone
    package private(set) var published: [PublishedMessage] = []

    package init(timeZone: TimeZone) { self.timeZone = timeZone }

    @discardableResult
    package func register(_ fact: MoneyFact, of tenant: TenantID, cause: Cause, now: Date) throws -> [LedgerEntry] {
        let kept = ledgers[tenant] ?? []
        let books = kept.filter { $0.posting.paymentID == fact.paymentID }
            .reduce(PaymentBooks(paymentID: fact.paymentID)) { $0.evolved(by: $1.posting) }
        let postings = try books.decide(fact)
        keepTotal(fact, of: tenant)
        var chain =
            kept.last.map { LedgerChain(of: tenant, after: $0, digest: SHA256Digest.of) }
            ?? LedgerChain(of: tenant, digest: SHA256Digest.of)
        let entries = postings.map { posting in
            chain.append(posting, id: .new(at: now), day: BookDay(of: posting.occurredAt, in: timeZone), at: now)
        }
        ledgers[tenant] = kept + entries
        published += FinanceNews.messages(for: entries).map { PublishedMessage(message: $0, tenantID: tenant) }
        return entries
    }

    private func keepTotal(_ fact: MoneyFact, of tenant: TenantID) {
        func keep(captured: Money, refunded: Money) {
            let old = totals[tenant]?[fact.paymentID] ?? Totals(captured: captured, refunded: refunded)
            totals[tenant, default: [:]][fact.paymentID] = Totals(
                captured: max(old.captured, captured), refunded: max(old.refunded, refunded))
        }
        switch fact {
        case .captured(_, _, _, let inAll, _): keep(captured: inAll, refunded: .zero(inAll.currency))
        case .refunded(_, _, _, _, let inAll, _, _): keep(captured: .zero(inAll.currency), refunded: inAll)
        case .cashReceived, .cashPaidOut: break
        }
    }

    package func entries(of tenant: TenantID, _ filter: LedgerFilter, limit: Int) -> [LedgerEntry] {
        Array((ledgers[tenant] ?? []).filter { $0.matches(filter) }.reversed().prefix(limit))
    }

    package func entries(of tenant: TenantID, aroundSale sale: SaleID) -> [LedgerEntry] {
        let all = ledgers[tenant] ?? []
        let payments = Set(
            all.filter { $0.posting.saleID == sale && $0.posting.movement == .payment }.map(\.posting.paymentID))
        return all.filter { $0.posting.saleID == sale || payments.contains($0.posting.paymentID) }
    }

    package func sums(
        of tenant: TenantID, by grouping: LedgerGrouping, _ filter: LedgerFilter, limit: Int
    ) -> [LedgerSum] {
        Array((ledgers[tenant] ?? []).filter { $0.matches(filter) }.sums(by: grouping).prefix(limit))
    }

    package func verification(of tenant: TenantID) -> LedgerVerification {
        var chain = LedgerChain(of: tenant, digest: SHA256Digest.of)
        var broken: LedgerChain.Break?
        let entries = ledgers[tenant] ?? []
        for entry in entries where broken == nil { broken = chain.verify(entry) }
        let differences = (totals[tenant] ?? [:]).compactMap { payment, total -> LedgerDifference? in
            let own = entries.filter { $0.posting.paymentID == payment && $0.posting.kind == .vippsEPayment }
            let sum = own.sums(by: .kind).first
            let (registered, refunds) = (
                sum?.payments ?? .zero(total.captured.currency), sum?.refunds ?? .zero(total.captured.currency)
            )
            guard registered != total.captured || refunds != total.refunded else { return nil }
            return LedgerDifference(
                paymentID: payment, captured: total.captured, registered: registered,
                refundedAtVipps: total.refunded, refundsRegistered: refunds)
        }
        return LedgerVerification(
            entries: chain.sequence, head: chain.sequence == 0 ? nil : chain.head, broken: broken,
            differences: differences.sorted { $0.paymentID.text < $1.paymentID.text })
    }
}

extension LedgerEntry {
    fileprivate func matches(_ filter: LedgerFilter) -> Bool {
        (filter.from.map { day >= $0 } ?? true) && (filter.to.map { day <= $0 } ?? true)
            && (filter.kind.map { posting.kind == $0 } ?? true)
            && (filter.movement.map { posting.movement.word == $0.word } ?? true)
            && (filter.saleID.map { posting.saleID == $0 } ?? true)
            && (filter.paymentID.map { posting.paymentID == $0 } ?? true)
            && (filter.before.map { sequence < $0 } ?? true)
    }
}

package actor InMemoryEventLog: EventLog {
    private var summaries: [TenantID: [PaymentID: PaymentSummary]] = [:]
    private var events: [TenantID: [PaymentEvent]] = [:]
    package private(set) var published: [PublishedMessage] = []

    package init() {}

    package func record(_ event: PaymentEvent, of tenant: TenantID, cause: Cause, now: Date) {
        guard events[tenant]?.contains(where: { $0.id == event.id }) != true else { return }
        events[tenant, default: []].append(event)
        note(
            .logged(reference: event.reference), about: event.paymentID, sale: event.saleID, at: event.occurredAt,
            of: tenant, cause: cause, now: now)
    }

    package func note(
        _ fact: PaymentFact, about payment: PaymentID, sale: SaleID, at: Date, of tenant: TenantID, cause: Cause,
        now: Date
    ) {
        let before =
            summaries[tenant]?[payment] ?? PaymentSummary(paymentID: payment, saleID: sale, changedAt: at)
        summaries[tenant, default: [:]][payment] = before.evolved(by: fact, at: at)
        published.append(PublishedMessage(message: FinanceNews.eventLogChanged(payment), tenantID: tenant))
    }

    package func history(
        of payment: PaymentID, of tenant: TenantID, limit: Int
    ) -> (summary: PaymentSummary, events: [PaymentEvent])? {
        guard let summary = summaries[tenant]?[payment] else { return nil }
        let own = (events[tenant] ?? []).filter { $0.paymentID == payment }
        let ordered = own.enumerated().sorted {
            ($0.element.occurredAt, $0.offset) < ($1.element.occurredAt, $1.offset)
        }
        return (summary, ordered.prefix(limit).map(\.element))
    }
}
