import Foundation
import Payments
import SharedKernel

// The way to Vipps and back.

/// A request on its way, and who waits for it.
struct CallUnderWay {
    let life: Int
    let name: PaymentName
    let call: Payment.Call
    /// The look that was due then.
    let look: Payment.Look
    let request: VippsAPI.Call
    let startedAt: Date
    let sentAt: Int
}

struct Wire {
    var calls: [Int: CallUnderWay] = [:]
    var count = 0
    var limits = RateLimits()
    /// By payment and operation: the keys that were seen.
    var keys: [String: String?] = [:]
}

extension World {
    private static let patience = 30_000

    /// Sends a request; from here on nobody knows what becomes of it until it is answered.
    func leave(_ request: VippsAPI.Call, _ payment: Payment, _ call: Payment.Call, _ operation: PaymentOperation?) {
        wire.count += 1
        let id = wire.count
        wire.calls[id] = CallUnderWay(
            life: lives[Place.gateway.rawValue], name: payment.name, call: call, look: payment.look,
            request: request, startedAt: clock(.gateway), sentAt: now)
        worker.waiting.insert(id)
        figures.calls += 1
        check(request, operation)
        trace.note(now, "gateway: \(request.kind.rawValue) \(Trace.name(request.reference)) leaves")
        happens(.noAnswer(id, isTimeout: true), in: Self.patience)
        if !isCalm, chance.happens(weather.requestsLost) {
            figures.faults += 1
            if chance.happens(0.5) { happens(.noAnswer(id, isTimeout: false), in: chance.whole(1...5_000)) }
            return
        }
        let isLate = !isCalm && chance.happens(weather.requestsLate)
        happens(.request(id), in: isLate ? chance.whole(1_000...45_000) : chance.whole(20...200))
    }

    private func check(_ request: VippsAPI.Call, _ operation: PaymentOperation?) {
        if wire.limits.exceeds(request, at: now), now >= limitsExcusedUntil {
            judge.object("no rate limit of Vipps is exceeded", "\(request.kind) \(Trace.name(request.reference))")
        }
        guard let operation else { return }
        let name = "\(request.reference) \(operation.ordinal)"
        if let before = wire.keys[name], before != request.idempotencyKey {
            judge.object(
                "an operation keeps its idempotency key",
                "\(Trace.name(request.reference)) operation \(operation.ordinal)")
        }
        wire.keys[name] = .some(request.idempotencyKey)
    }

    func requestArrives(_ id: Int) {
        guard let call = wire.calls[id] else { return }
        let answer = frontAnswer ?? vippsAnswers(call.request)
        trace.note(
            now,
            "vipps: \(call.request.kind.rawValue) \(Trace.name(call.request.reference)) -> \(answer.status) "
                + (answer.code.map(String.init) ?? ""))
        if !isCalm, chance.happens(weather.repliesLost) {
            figures.faults += 1
            if chance.happens(0.5) { happens(.noAnswer(id, isTimeout: false), in: chance.whole(1...200)) }
            return
        }
        let isSlow = !isCalm && chance.happens(weather.slowReplies)
        happens(.answer(id, answer), in: isSlow ? chance.whole(5_000...35_000) : chance.whole(20...300))
    }

    /// What stands before Vipps' services may answer in their place.
    private var frontAnswer: VippsAPI.Answer? {
        guard !isCalm else { return nil }
        func front(_ share: Double, _ status: Int, after: Int? = nil) -> VippsAPI.Answer? {
            guard chance.happens(share) else { return nil }
            figures.faults += 1
            return VippsAPI.Answer(status: status, retryAfterSeconds: after, isFromTheFront: true)
        }
        if now < vippsAwayUntil { return front(1, 503) }
        if now < keysAwayUntil { return front(1, 401) }
        return front(weather.keysRefused, 401) ?? front(weather.rateLimited, 429, after: chance.pick([nil, 3, 20]))
            ?? front(weather.busy, 423) ?? front(weather.errorsBefore, chance.pick([500, 502, 503]))
    }

    private func vippsAnswers(_ request: VippsAPI.Call) -> VippsAPI.Answer {
        let trouble = !isCalm && chance.happens(weather.captureTroubles) ? chance.pick([6260, 6280]) : nil
        let known = vipps.index(request.msn, request.reference)
        let eventsBefore = known.map { vipps.payments[$0].events.count } ?? 0
        var answer = vipps.answer(request, captureTrouble: trouble, at: now)
        if let complaint = vipps.complaints.last { judge.object("a key is used for one thing", complaint) }
        if let index = vipps.index(request.msn, request.reference) {
            if known == nil { customerIsAsked(index) }
            vippsTells(index, from: eventsBefore)
        }
        if request.kind == .events, !isCalm, chance.happens(weather.eventLogLags) {
            answer.events = answer.events.map { Array($0.dropLast()) }
        }
        if !isCalm, chance.happens(weather.errorsAfter) {
            figures.faults += 1
            return VippsAPI.Answer(status: 500, isFromTheFront: true)
        }
        return answer
    }

    func answerArrives(_ id: Int, _ outcome: WireOutcome) {
        guard let call = wire.calls[id] else { return }
        // The request itself may still be on its way, and is worked on when it arrives.
        guard isAlive(.gateway, call.life) else { return }
        guard worker.waiting.contains(id) else { return }
        worker.waiting.remove(id)
        answered(call, outcome)
    }
}
