import Foundation
import MessageContracts
import Payments
import SharedKernel

// vipps-gateway's worker: the real decisions, one call at a time for each payment, power cuts at every commit.

/// What the worker knows only in memory.
struct WorkerMemory {
    /// Payments that are being worked on.
    var busy: Set<PaymentID> = []
    var worksAt: Int?
    /// Calls whose answer is waited for.
    var waiting: Set<Int> = []
}

extension World {
    private static let sweepEvery = 60_000

    private func moment() -> Moment {
        let now = clock(.gateway)
        return Moment(
            now: now, cause: Cause(correlationID: "drill", causationID: nil, trace: Self.traceContext),
            spareRefundID: chance.identifier(at: now))
    }

    private static let traceContext = TraceContext.new()

    /// One transaction of the gateway; whatever follows from it is published and planned.
    ///
    /// - Returns: `nil` when the power went.
    private func keep<Value>(_ body: (GatewayBooks, Moment) throws -> Value) -> Value? {
        let moment = moment()
        do {
            let value = try gateway.transaction(nextPower(at: .gateway), at: moment.now) { draft in
                let books = GatewayBooks(draft)
                let value = try body(books, moment)
                draft = books.draft
                return value
            }
            publish(.gateway)
            return value
        } catch is PowerCut {
            powerGoes(.gateway, "at a commit")
        } catch {
            judge.object("a store fails only for want of power", "gateway: \(error)")
        }
        return nil
    }

    func gatewayHears(_ arrivals: [Arrival]) throws -> [(Arrival, any Error)] {
        let moment = moment()
        let sabotage = sabotage
        return try gateway.apply(arrivals, { self.nextPower(at: .gateway) }, at: moment.now) { arrival, draft in
            let books = GatewayBooks(draft)
            try arrival.letter.told.take(in: arrival.letter.tenant, books, at: moment)
            if sabotage == .forgetAfterAbort, case .abortPayment(let abort) = arrival.letter.told {
                books.draft.content.forgotten.insert(abort.paymentID)
            }
            draft = books.draft
        }
    }

    // MARK: Starting and sweeping

    func startWorker() {
        if sabotage == .forgetAtRestart {
            planWork()
        } else {
            sweep(all: true)
        }
    }

    /// Whatever was left behind is looked at; `all` as at a start.
    func sweep(all: Bool) {
        let life = lives[Place.gateway.rawValue]
        for payment in gateway.content.payments where isLeftBehind(payment, all: all) {
            let id = payment.terms.paymentID
            guard !worker.busy.contains(id) else { continue }
            let kept: Void? = keep { books, moment in
                guard let payment = books.payment(payment.name) else { return }
                _ = try books.take(.recovered, for: payment, at: moment)
            }
            guard kept != nil else { return }
        }
        planWork()
        if gateway.content.payments.contains(where: isUnderWay) {
            happens(.sweep(life: life), in: Self.sweepEvery)
        }
    }

    private func isUnderWay(_ payment: Payment) -> Bool {
        !payment.phase.isEnd || payment.currentOperation != nil
    }

    private func isLeftBehind(_ payment: Payment, all: Bool) -> Bool {
        isUnderWay(payment) && (all || payment.isCalling || payment.dueAt == nil)
    }

    // MARK: Working

    func planWork() {
        guard isOn[Place.gateway.rawValue] else { return }
        let due = gateway.content.payments.lazy.filter { !self.isLeftAlone($0) }.compactMap(\.dueAt).min()
        guard let due else { return }
        let at = max(now, now + delay(until: due, by: .gateway))
        if let planned = worker.worksAt, planned <= at { return }
        worker.worksAt = at
        happens(.work(life: lives[Place.gateway.rawValue]), in: at - now)
    }

    private func isLeftAlone(_ payment: Payment) -> Bool {
        worker.busy.contains(payment.terms.paymentID) || gateway.content.forgotten.contains(payment.terms.paymentID)
    }

    func workIsDue() {
        guard worker.worksAt == now else { return }
        worker.worksAt = nil
        for payment in gateway.content.payments where !isLeftAlone(payment) {
            guard let call = unfenced(payment).nextCall(at: clock(.gateway)) else { continue }
            begin(call, of: payment)
            if !isOn[Place.gateway.rawValue] { return }
        }
        // A call due this very millisecond by a fraction is made in the next one.
        if worker.worksAt == nil { planWork() }
    }

    private func unfenced(_ payment: Payment) -> Payment {
        guard sabotage == .ignoreRateLimits else { return payment }
        return Payment(
            terms: payment.terms, customer: payment.customer, phase: payment.phase, givenUp: payment.givenUp,
            aggregate: payment.aggregate, refundedTold: payment.refundedTold, operations: payment.operations,
            look: payment.look.at.map { Payment.Look(at: $0.addingTimeInterval(-2), failures: 0) } ?? .none,
            logReading: payment.logReading, attentionSince: payment.attentionSince, webhookAt: payment.webhookAt,
            callWindows: CallWindows())
    }

    /// The intent is on disk before the request leaves.
    private func begin(_ call: Payment.Call, of payment: Payment) {
        var operation: PaymentOperation?
        if case .perform(let wanted) = call {
            let kept: PaymentOperation?? = keep { books, moment in
                guard let payment = books.payment(payment.name) else { return nil }
                let next = try books.take(.attempt(ordinal: wanted.ordinal), for: payment, at: moment)
                let begun = next.operations[wanted.ordinal - 1]
                return begun.isCalling ? begun : nil
            }
            guard let begun = kept ?? nil else { return }
            operation = begun
        }
        worker.busy.insert(payment.terms.paymentID)
        switch request(call, operation, of: payment) {
        case .success(let request): leave(request, payment, call, operation)
        case .failure(let refusal): notSent(refusal, payment.name, ordinal: operation?.ordinal ?? 0)
        }
    }

    private func request(
        _ call: Payment.Call, _ operation: PaymentOperation?, of payment: Payment
    ) -> Result<VippsAPI.Call, Refusal> {
        let (msn, reference) = (payment.terms.address.msn, payment.terms.address.reference)
        guard let operation else {
            let kind: VippsAPI.Kind = call == .look ? .get : .events
            return .success(VippsAPI.Call(kind: kind, msn: msn, reference: reference))
        }
        var request = VippsAPI.Call(kind: operation.act.wireKind, msn: msn, reference: reference)
        request.idempotencyKey = key(of: operation)
        request.amount = Int((operation.amount ?? payment.terms.amount).minorUnits)
        switch operation.act {
        case .create:
            switch customer(of: payment, isRepeat: operation.mayHaveActed) {
            case .success(let customer): request.customer = customer
            case .failure(let refusal): return .failure(refusal)
            }
        case .cancel(let transactionOnly):
            request.amount = 0
            request.transactionOnly = transactionOnly
        case .capture, .refund: break
        }
        return .success(request)
    }

    private func key(of operation: PaymentOperation) -> String? {
        switch sabotage {
        case .newKeyPerRetry: "\(operation.key.text)-\(operation.attempts)"
        case .dropKeyOnRetry: operation.attempts > 1 ? nil : operation.key.text
        default: operation.key.text
        }
    }

    private func customer(of payment: Payment, isRepeat: Bool) -> Result<VippsAPI.Customer, Refusal> {
        switch payment.customer {
        case .phoneNumber(let sealed), .personalQR(let sealed):
            return .success(.phoneNumber(String(decoding: sealed.envelope, as: UTF8.self)))
        case .oneTimeQR: return .success(.nobody)
        case .checkIn(let id):
            guard let found = gateway.content.checkIns.first(where: { $0.id == id }) else {
                return .failure(Refusal(code: Refusal.OwnCode.checkInUnknown, detail: "not known"))
            }
            guard isRepeat || clock(.gateway) < found.validUntil else {
                return .failure(Refusal(code: Refusal.OwnCode.checkInExpired, detail: "too old"))
            }
            return .success(.token(found.token))
        case nil:
            judge.object("a customer is kept until he has been asked", payment.name.paymentID.text)
            return .failure(Refusal(code: Refusal.OwnCode.customerDataUnreadable, detail: "gone"))
        }
    }

    private func notSent(_ refusal: Refusal, _ name: PaymentName, ordinal: Int) {
        worker.busy.remove(name.paymentID)
        let record = CallRecord(startedAt: clock(.gateway), duration: .zero, httpStatus: nil, traceID: nil)
        take(.createReplied(ordinal: ordinal, ProviderReply(.refused(refusal), record: record)), name)
    }

    // MARK: Answers

    func take(_ input: PaymentInput, _ name: PaymentName) {
        let kept: Void? = keep { books, moment in
            guard let payment = books.payment(name) else { return }
            _ = try books.take(input, for: payment, at: moment)
        }
        if kept != nil { planWork() }
    }

    /// What the call has brought, or that it has brought nothing.
    func answered(_ call: CallUnderWay, _ outcome: WireOutcome) {
        worker.busy.remove(call.name.paymentID)
        let record = CallRecord(
            startedAt: call.startedAt, duration: .milliseconds(now - call.sentAt), httpStatus: nil, traceID: nil)
        let reading = Reading(
            outcome: outcome, record: record, currency: Shop.currency, sabotage: sabotage,
            startedAt: call.startedAt, toDate: date)
        switch call.call {
        case .look: take(.looked(reading.snapshot, planned: call.look), call.name)
        case .readLog: take(.logRead(reading.events), call.name)
        case .perform(let operation) where operation.act == .create:
            take(.createReplied(ordinal: operation.ordinal, reading.created), call.name)
        case .perform(let operation):
            take(.changeReplied(ordinal: operation.ordinal, reading.snapshot), call.name)
        }
    }

    /// A webhook has come in; answered with 200 when this is kept.
    func gatewayNotices(_ event: VippsAPI.Event, _ view: VippsAPI.View, msn: String, reference: String) -> Bool {
        let amount = Money(minorUnits: Int64(event.amount), currency: Shop.currency)
        let signal = WebhookSignal(
            name: event.name, pspReference: event.pspReference, amount: amount, occurredAt: date(event.at),
            idempotencyKey: event.idempotencyKey, success: event.success)
        guard let tenant = tenant(ofSalesUnit: msn) else { return true }
        let isFact = sabotage == .webhookAsFact
        let kept: Void? = keep { books, moment in
            try NoticeWebhook()(signal, tenant: tenant, msn: msn, reference: reference, in: books, at: moment)
            guard isFact, let payment = books.payment(of: tenant, msn: msn, reference: reference) else { return }
            let snapshot = Reading.snapshot(event.claimed(view), Shop.currency, nil)
            let record = CallRecord(startedAt: moment.now, duration: .zero, httpStatus: 200, traceID: nil)
            _ = try books.take(.looked(ProviderReply(.answered(snapshot), record: record)), for: payment, at: moment)
        }
        if kept != nil { planWork() }
        return kept != nil
    }

    /// A customer has scanned a till's code; answered with 200 when this is kept.
    func gatewayNotices(_ scan: Scan) -> Bool {
        guard let tenant = tenant(ofSalesUnit: scan.msn) else { return true }
        let kept: Void? = keep { books, moment in
            guard !books.draft.content.checkIns.contains(where: { $0.token == scan.token }) else { return }
            let validUntil = CheckIn.validUntil(
                initiatedAt: self.date(scan.at), sentAt: self.date(self.now), receivedAt: moment.now)
            let id: CheckInID = self.chance.identifier(at: moment.now)
            books.draft.content.checkIns.append(
                GatewayContent.KeptCheckIn(id: id, tenant: tenant, token: scan.token, validUntil: validUntil))
            books.draft.tell(
                .checkedIn(id, msn: scan.msn, code: scan.merchantQRID, at: self.date(scan.at), until: validUntil),
                of: tenant)
        }
        return kept != nil
    }

    // MARK: For the judge

    /// Nothing is under way, and no look is near that something has asked for; the daily look is not waited for.
    var gatewayIsQuiet: Bool {
        let soon = clock(.gateway).addingTimeInterval(3_600)
        return worker.busy.isEmpty
            && !gateway.content.payments.contains { payment in
                isUnderWay(payment) || (payment.look.at.map { $0 < soon } ?? false)
            }
    }

    var gatewayUnsettled: String {
        gateway.content.payments.filter(isUnderWay).map {
            "\(Trace.name($0.terms.address.reference)) \($0.phase.word) "
                + ($0.currentOperation.map { "\($0.act.kind) \($0.progress)" } ?? "")
                + " due \($0.dueAt.map { "in \($0.timeIntervalSince(self.clock(.gateway))) s" } ?? "never")"
        }.joined(separator: "; ")
    }

    var gatewayPages: [PaymentPage] {
        gateway.content.payments.map { payment in
            var page = PaymentPage(id: payment.terms.paymentID)
            page.reference = payment.terms.address.reference
            page.msn = payment.terms.address.msn
            if case .captured(_, let amount) = payment.phase { page.captured = amount.minorUnits }
            page.refunded = payment.refundedTold.minorUnits
            page.isOver = payment.phase.isEnd
            page.holdsCustomer = payment.customer != nil
            return page
        }
    }
}

extension PaymentOperation.Act {
    fileprivate var wireKind: VippsAPI.Kind {
        switch self {
        case .create: .create
        case .capture: .capture
        case .cancel: .cancel
        case .refund: .refund
        }
    }
}

extension VippsAPI.Event {
    /// What somebody who believes webhooks would take for the payment's state.
    fileprivate func claimed(_ view: VippsAPI.View) -> VippsAPI.View {
        var claimed = view
        switch name {
        case "AUTHORIZED", "CAPTURED":
            claimed.state = .authorized
            claimed.authorized = view.amount
            claimed.captured = name == "CAPTURED" ? amount : 0
        case "REFUNDED": claimed.refunded = amount
        default: break
        }
        return claimed
    }
}
