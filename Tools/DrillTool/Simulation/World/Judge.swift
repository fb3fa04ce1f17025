import Finance
import Foundation
import Messaging
import SharedKernel

/// A promise that was broken.
package struct Violation: Sendable, Hashable {
    package let invariant: String
    package let detail: String
    /// Virtual milliseconds.
    package let at: Int
}

/// One payment as one of the four books shows it. Minor units.
struct PaymentPage: Sendable {
    let id: PaymentID
    var reference = ""
    var msn = ""
    var isCash = false
    var isFallback = false
    var captured: Int64 = 0
    /// All of it, from outside too.
    var refunded: Int64 = 0
    var refundedOutside: Int64 = 0
    var isOver = true
    var holdsCustomer = false
    var state = ""

    init(id: PaymentID) { self.id = id }
}

/// One sale as the till shows it.
struct SalePage: Sendable {
    enum State: Sendable { case open, completed, abandoned }

    let id: SaleID
    let name: String
    var isReturn = false
    var state = State.open
    var total: Int64 = 0
    var payments: [PaymentPage] = []
    /// Along all payments.
    var goneBack: Int64 = 0
    /// Of that, for goods returned or by favour.
    var returned: Int64 = 0
    var refundsUnderWay = 0
    var needsAttention = false
    var completions = 0
    var wantsMail = false
    var isMailed = false

    init(id: SaleID, name: String) {
        self.id = id
        self.name = name
    }
}

/// Holds the run against its promises.
struct Judge {
    private(set) var violations: [Violation] = []
    /// Virtual milliseconds, kept up by the world.
    var now = 0
    private var ledgerSeen: [TenantID: (count: Int, hash: Data)] = [:]

    var isContent: Bool { violations.isEmpty }

    mutating func object(_ invariant: String, _ detail: String) {
        guard violations.count < 20 else { return }
        violations.append(Violation(invariant: invariant, detail: detail, at: now))
    }

    mutating func expect(_ holds: Bool, _ invariant: String, _ detail: @autoclosure () -> String) {
        if !holds { object(invariant, detail()) }
    }

    /// What has once been entered in a ledger stays.
    mutating func ledgerGrew(_ world: World) {
        for (tenant, entries) in world.finance.content.ledgers {
            if let seen = ledgerSeen[tenant], seen.count > entries.count || entries[seen.count - 1].hash != seen.hash {
                object("the ledger only grows", "of \(seen.count) entries, \(entries.count) are left or others")
            }
            if let last = entries.last { ledgerSeen[tenant] = (entries.count, last.hash) }
        }
    }

    // MARK: When all is settled

    /// - Parameter portalIsSeen: acts in the portal are known by now, even if their webhooks were lost.
    mutating func settled(_ world: World, portalIsSeen: Bool) {
        compareBooks(world, portalIsSeen: portalIsSeen)
        for page in world.till.pages { check(page, world) }
        checkMessages(world)
        checkCommands(world)
        checkMail(world)
        ledgerGrew(world)
        expect(world.finance.content.broken == nil, "the ledger's chain is whole", "broken")
    }

    /// Four books, to the øre.
    private mutating func compareBooks(_ world: World, portalIsSeen: Bool) {
        let gateway = Dictionary(uniqueKeysWithValues: world.gatewayPages.map { ($0.reference, $0) })
        let ledger = Dictionary(uniqueKeysWithValues: world.financePages.map { ($0.id, $0) })
        let sales = world.till.pages.flatMap(\.payments)
        let till = Dictionary(uniqueKeysWithValues: sales.map { ($0.id, $0) })
        for (index, truth) in world.vipps.payments.enumerated() {
            let name = Trace.name(truth.reference)
            expect(truth.state != .created, "no payment is left open at Vipps", name)
            expect(truth.held == 0, "no customer's money is left reserved", "\(name): \(truth.held)")
            guard let own = gateway[truth.reference] else {
                object("Vipps has no payment that the gateway does not know", name)
                continue
            }
            let isTouched = world.deliveries.touchedInPortal.contains(index)
            let outside = truth.events.filter { $0.isFromPortal && $0.name == "REFUNDED" }.map(\.amount).reduce(0, +)
            let captured = Int64(truth.captured)
            expect(
                own.captured == captured, "gateway and Vipps agree", "\(name): captured \(own.captured), \(captured)")
            expect(
                ledger[own.id]?.captured ?? 0 == captured, "ledger and Vipps agree",
                "\(name): captured \(ledger[own.id]?.captured ?? 0), \(captured)")
            expect(
                till[own.id]?.captured ?? -1 == captured, "sales and Vipps agree",
                "\(name): captured \(till[own.id]?.captured ?? -1), \(captured)")
            guard portalIsSeen || !isTouched else { continue }
            let refunded = Int64(truth.refunded)
            for (book, page) in [("gateway", own), ("ledger", ledger[own.id]), ("sales", till[own.id])] {
                expect(
                    page?.refunded ?? 0 == refunded, "\(book) and Vipps agree",
                    "\(name): refunded \(page?.refunded ?? 0), \(refunded)")
                guard book != "gateway" else { continue }
                expect(
                    page?.refundedOutside ?? 0 == Int64(outside), "whose refund it was is known",
                    "\(name) in \(book): from outside \(page?.refundedOutside ?? 0), \(outside)")
            }
        }
        let real = Set(world.vipps.payments.map(\.reference))
        for page in gateway.values where !real.contains(page.reference) {
            expect(page.captured == 0, "no money is booked that Vipps does not have", Trace.name(page.reference))
        }
        for page in gateway.values where page.isOver {
            expect(
                !page.holdsCustomer, "the customer is forgotten when the payment has ended", Trace.name(page.reference))
        }
        compareCash(sales, ledger)
    }

    private mutating func compareCash(_ sales: [PaymentPage], _ ledger: [PaymentID: PaymentPage]) {
        for page in sales where page.isCash {
            expect(
                ledger[page.id]?.captured == page.captured && ledger[page.id]?.refunded == page.refunded,
                "ledger and sales agree about cash",
                "\(page.captured) - \(page.refunded), \(ledger[page.id]?.captured ?? 0)")
        }
        let known = Set(sales.map(\.id))
        for page in ledger.values {
            expect(known.contains(page.id), "the ledger has no payment without a sale", "\(page.captured)")
        }
    }

    private mutating func check(_ page: SalePage, _ world: World) {
        let name = page.name
        for payment in page.payments {
            expect(payment.isOver, "every payment of a sale has its outcome", "\(name): \(payment.state)")
            expect(
                payment.refunded <= payment.captured, "no more is refunded than was captured",
                "\(name): \(payment.refunded) of \(payment.captured)")
        }
        expect(page.refundsUnderWay == 0, "every refund has its outcome", name)
        expect(
            page.completions == (page.state == .completed ? 1 : 0), "a sale completes once",
            "\(name): \(page.completions)")
        if page.isReturn {
            let isWhole = page.goneBack == -page.total
            expect(page.state != .completed || isWhole, "a completed return has paid back its total", name)
            expect(page.state != .abandoned || page.goneBack == 0, "an abandoned return has paid back nothing", name)
            return
        }
        let captured = page.payments.map(\.captured).reduce(0, +)
        let outside = page.payments.map(\.refundedOutside).reduce(0, +)
        let isExcused = outside > 0 && page.needsAttention
        switch page.state {
        case .open:
            expect(captured - page.goneBack <= page.total || isExcused, "an open sale holds at most its total", name)
        case .abandoned:
            expect(
                captured == page.goneBack || isExcused, "an abandoned sale holds no money",
                "\(name): \(captured) came, \(page.goneBack) went")
        case .completed:
            let kept = captured - (page.goneBack - page.returned)
            let isRight = outside == 0 ? kept == page.total : kept <= page.total && kept + outside >= page.total
            expect(
                isRight || isExcused, "a completed sale holds its total",
                "\(name): \(kept) of \(page.total), from outside \(outside)")
        }
    }

    private mutating func checkMessages(_ world: World) {
        for place in Place.allCases {
            for channel in place.hears {
                let applied = world.cursor(channel, of: place)?.sequence ?? 0
                let effects = world.effects(of: place)[channel.rawValue]
                expect(
                    effects == applied, "no message acts twice or never",
                    "\(place) on \(channel): \(effects) effects of \(applied) messages")
                expect(
                    applied == world.journal(channel).last, "everybody hears everything",
                    "\(place) on \(channel): \(applied) of \(world.journal(channel).last)")
            }
        }
        let finance = world.finance.content
        expect(
            finance.lines.count == finance.linesHeard, "no line of an event log comes twice", "\(finance.linesHeard)")
    }

    /// Whatever a cashier was told to have happened has happened, once.
    private mutating func checkCommands(_ world: World) {
        let pages = world.till.pages
        let ids = Set(pages.map(\.id))
        let told = world.cashiers.flatMap(\.sales)
        expect(told.allSatisfy(ids.contains), "an acknowledged sale is there", "\(told.count)")
        expect(
            Set(told).count == pages.count, "a sale is started once", "\(Set(told).count) asked, \(pages.count) there")
        let payments = pages.flatMap(\.payments)
        let cash = payments.count(where: \.isCash)
        let asked = world.cashiers.map(\.cashTaken).reduce(0, +)
        expect(cash == asked, "cash is taken once for each time it was handed over", "\(asked) times, \(cash) booked")
        let vipps = payments.count { !$0.isCash && !$0.isFallback }
        let started = world.cashiers.map(\.paymentsStarted).reduce(0, +)
        expect(vipps == started, "a payment is started once for each time it was asked for", "\(started), \(vipps)")
    }

    private mutating func checkMail(_ world: World) {
        for (_, count) in world.mailServer.taken {
            expect(count == 1, "nobody gets an invoice twice", "\(count) times")
        }
        let marked = world.mailsMarkedMailed
        expect(
            marked.allSatisfy { world.mailServer.taken[$0] == 1 }, "a mail marked as mailed is mailed",
            "\(marked.count)")
        for page in world.till.pages where page.wantsMail {
            expect(page.isMailed == marked.contains(page.id), "the till knows what became of a mail", page.name)
        }
    }
}
