import Foundation
import SharedKernel

// Customers, the portal, webhooks and scans: everything Vipps does without being asked.

/// How far the webhooks of each payment have come. They are sent in order, one event at a time.
struct Deliveries {
    struct Progress {
        var next = 0
        var attempts = 0
        var isPlanned = false
    }

    var byPayment: [Int: Progress] = [:]
    var scans: [Scan] = []
    /// Payments at which somebody has acted in the portal.
    var touchedInPortal: Set<Int> = []
}

/// A customer has scanned the printed code of a till.
struct Scan {
    let token: String
    let msn: String
    let merchantQRID: String
    let at: Int
    var attempts = 0
}

extension World {
    /// Between two attempts, in milliseconds: after the first, the second, and so on.
    private static let retryPauses = [2_000, 2_000, 2_000, 60_000, 120_000]

    func tenant(ofSalesUnit msn: String) -> TenantID? { till.shop.tenant(ofSalesUnit: msn) }

    // MARK: Customers

    func customerIsAsked(_ index: Int) {
        happens(.customer(index, .expire), in: VippsAPI.approvalTime)
        let isQuick = chance.happens(0.8)
        let thinking = isQuick ? chance.skewed(500...60_000) : chance.whole(60_000...599_000)
        if chance.happens(0.3) {
            let begun = max(0, thinking - chance.skewed(500...30_000))
            happens(.customer(index, .beginApproving), in: begun)
            if chance.happens(0.3) { happens(.customer(index, .stopApproving), in: begun + chance.whole(200...8_000)) }
        }
        switch chance.weighted([(65, CustomerAct.approve), (15, .decline), (20, .expire)]) {
        case .approve: happens(.customer(index, .approve), in: thinking)
        case .decline: happens(.customer(index, .decline), in: thinking)
        case .expire, .beginApproving, .stopApproving: break
        }
    }

    func customerActs(_ index: Int, _ act: CustomerAct) {
        let payment = vipps.payments[index]
        if act != .expire, !payment.isPush, payment.state == .created, !till.showsCode(of: payment.reference) {
            // Nobody has seen the code yet.
            return happens(.customer(index, act), in: 5_000)
        }
        let before = payment.events.count
        let now = now
        vipps.change(index) { payment in
            switch act {
            case .beginApproving: payment.beginApproving()
            case .stopApproving: payment.stopApproving()
            case .approve: _ = payment.approve(at: now)
            case .decline: _ = payment.decline(at: now)
            case .expire: _ = payment.expire(at: now)
            }
        }
        if vipps.payments[index].events.count > before {
            if act == .approve { approvals[payment.reference] = now }
            trace.note(now, "customer: \(act) \(Trace.name(payment.reference))")
            vippsTells(index, from: before)
        }
    }

    // MARK: The portal

    func portalActs(_ index: Int) {
        let payment = vipps.payments[index]
        let before = payment.events.count
        let now = now
        let part = payment.captured - payment.refunded
        let amount = part > 1 && chance.happens(0.6) ? chance.whole(1...part) : part
        vipps.change(index) { payment in
            if payment.captured == 0 {
                _ = payment.cancel(transactionOnly: false, key: nil, portal: true, at: now)
            } else if amount > 0 {
                _ = payment.refund(amount, key: nil, portal: true, at: now)
            }
        }
        guard vipps.payments[index].events.count > before else { return }
        figures.portalActs += 1
        deliveries.touchedInPortal.insert(index)
        trace.note(now, "portal: \(vipps.payments[index].events.last?.name ?? "") \(Trace.name(payment.reference))")
        vippsTells(index, from: before)
    }

    // MARK: Webhooks

    /// New events of a payment: webhooks go out, and somebody may act in the portal.
    func vippsTells(_ index: Int, from before: Int) {
        for event in vipps.payments[index].events.dropFirst(before) {
            if event.name == "AUTHORIZED", chance.happens(weather.portalActs * 0.2) {
                happens(.portal(index), in: chance.whole(0...3_000))
            }
            if event.name == "CAPTURED", event.success, chance.happens(weather.portalActs) {
                happens(.portal(index), in: chance.skewed(0...600_000))
            }
        }
        planWebhook(index, in: chance.whole(20...800))
    }

    private func planWebhook(_ index: Int, in delay: Int) {
        let progress = deliveries.byPayment[index, default: .init()]
        guard !progress.isPlanned, progress.next < vipps.payments[index].events.count else { return }
        deliveries.byPayment[index, default: .init()].isPlanned = true
        let isLate = !isCalm && chance.happens(weather.webhooksLate)
        happens(.webhook(index), in: isLate ? chance.skewed(1_000...300_000) : delay)
    }

    func deliverWebhook(_ index: Int) {
        var progress = deliveries.byPayment[index, default: .init()]
        progress.isPlanned = false
        let payment = vipps.payments[index]
        let event = payment.events[progress.next]
        let isLost = !isCalm && chance.happens(weather.webhooksLost)
        let isTaken =
            !isLost && isOn[Place.gateway.rawValue]
            && gatewayNotices(event, payment.view, msn: payment.msn, reference: payment.reference)
        let isKnownTaken = isTaken && !(!isCalm && chance.happens(weather.webhooksRepeated))
        if isLost { figures.faults += 1 }
        trace.note(
            now,
            "webhook: \(event.name) \(Trace.name(payment.reference)) \(isLost ? "is lost" : isTaken ? "is taken" : "waits")"
        )
        if isLost || isKnownTaken {
            progress.next += 1
            progress.attempts = 0
        } else {
            progress.attempts += 1
        }
        deliveries.byPayment[index] = progress
        let pause =
            progress.attempts == 0
            ? chance.whole(20...500)
            : progress.attempts <= Self.retryPauses.count ? Self.retryPauses[progress.attempts - 1] : 3_600_000
        planWebhook(index, in: pause)
    }

    // MARK: Scans

    func scan(_ counter: Int) {
        let counter = till.shop.counters[counter]
        trace.note(now, "customer: scans the code of \(counter.merchantQRID)")
        deliveries.scans.append(
            Scan(
                token: vipps.issueToken(at: now), msn: counter.msn, merchantQRID: counter.merchantQRID, at: now))
        happens(.checkIn(deliveries.scans.count - 1), in: chance.whole(50...1_000))
    }

    func deliverCheckIn(_ index: Int) {
        deliveries.scans[index].attempts += 1
        let isLost = !isCalm && chance.happens(weather.webhooksLost)
        let isTaken = !isLost && isOn[Place.gateway.rawValue] && gatewayNotices(deliveries.scans[index])
        let isRepeated = isTaken && chance.happens(weather.webhooksRepeated)
        if !isTaken || isRepeated, deliveries.scans[index].attempts < 4 { happens(.checkIn(index), in: 2_000) }
    }
}
