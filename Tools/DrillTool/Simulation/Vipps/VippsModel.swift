/// A small Vipps: references, states, aggregates, idempotency keys, and what it notices about its caller.
struct VippsModel {
    /// Whether a passing refusal (6250, 6160) sticks to its key; no source says so, none says the contrary.
    let keepsPassingRefusals: Bool
    let isPushAllowed: Bool
    private(set) var payments: [VippsPayment] = []
    private var indexes: [String: Int] = [:]
    private var keys: [String: Remembered] = [:]
    private var tokens: [String: Int] = [:]
    /// What was wrong about the calls: a key used for two things.
    private(set) var complaints: [String] = []

    private struct Remembered {
        let body: String
        let answer: VippsAPI.Answer
    }

    private static let passingCodes: Set<Int> = [6160, 6260, 6280, 3010]
    static let unknownNumber = "4799999999"

    init(keepsPassingRefusals: Bool, isPushAllowed: Bool) {
        self.keepsPassingRefusals = keepsPassingRefusals
        self.isPushAllowed = isPushAllowed
    }

    func index(_ msn: String, _ reference: String) -> Int? { indexes["\(msn)/\(reference)"] }

    mutating func change<Value>(_ index: Int, _ body: (inout VippsPayment) -> Value) -> Value { body(&payments[index]) }

    mutating func issueToken(at now: Int) -> String {
        let token = "token-\(tokens.count + 1)"
        tokens[token] = now
        return token
    }

    // MARK: Answering

    /// Does the work and answers. `captureTrouble` is the bank's refusal, if the bank is in a mood.
    mutating func answer(_ call: VippsAPI.Call, captureTrouble: Int? = nil, at now: Int) -> VippsAPI.Answer {
        switch call.kind {
        case .get: return read(call) { VippsAPI.Answer(status: 200, payment: $0.view) }
        case .events: return read(call) { VippsAPI.Answer(status: 200, events: $0.events) }
        case .create, .capture, .cancel, .refund: break
        }
        guard let key = call.idempotencyKey else { return perform(call, captureTrouble, at: now) }
        let body = [
            call.kind.rawValue, call.msn, call.reference, "\(call.amount)", "\(call.transactionOnly)",
            "\(call.customer)",
        ].joined(separator: "|")
        if let remembered = keys[key] {
            if remembered.body == body { return remembered.answer }
            complaints.append("key \(key) came with two bodies: \(remembered.body) and \(body)")
            return problem(409, call.kind == .capture ? 4010 : call.kind == .refund ? 4150 : 4020)
        }
        let answer = perform(call, captureTrouble, at: now)
        if isKept(answer) { keys[key] = Remembered(body: body, answer: answer) }
        return answer
    }

    private func isKept(_ answer: VippsAPI.Answer) -> Bool {
        guard let code = answer.code else { return true }
        return code == 6250 ? keepsPassingRefusals : !Self.passingCodes.contains(code)
    }

    private func read(_ call: VippsAPI.Call, _ body: (VippsPayment) -> VippsAPI.Answer) -> VippsAPI.Answer {
        guard let index = index(call.msn, call.reference) else { return problem(404, 5090) }
        return body(payments[index])
    }

    private mutating func perform(_ call: VippsAPI.Call, _ trouble: Int?, at now: Int) -> VippsAPI.Answer {
        if call.kind == .create { return create(call, at: now) }
        guard let index = index(call.msn, call.reference) else { return problem(404, 5090) }
        let code =
            switch call.kind {
            case .capture: payments[index].capture(call.amount, key: call.idempotencyKey, trouble: trouble, at: now)
            case .cancel:
                payments[index].cancel(transactionOnly: call.transactionOnly, key: call.idempotencyKey, at: now)
            case .refund: payments[index].refund(call.amount, key: call.idempotencyKey, at: now)
            case .create, .get, .events: preconditionFailure("answered above")
            }
        if let code { return problem(code == 3010 ? 500 : 400, code) }
        return VippsAPI.Answer(status: 200, payment: payments[index].view)
    }

    private mutating func create(_ call: VippsAPI.Call, at now: Int) -> VippsAPI.Answer {
        guard index(call.msn, call.reference) == nil else { return problem(409, 4150) }
        guard call.amount >= 100 else { return problem(400, 6010) }
        switch call.customer {
        case .phoneNumber(Self.unknownNumber): return problem(400, 7010)
        case .token(let token):
            guard let issued = tokens[token], now - issued < VippsAPI.tokenLife else { return problem(400, 4050) }
        case .phoneNumber, .nobody: break
        }
        let isPush = call.customer != .nobody
        if isPush, !isPushAllowed { return problem(400, 5080) }
        indexes["\(call.msn)/\(call.reference)"] = payments.count
        payments.append(
            VippsPayment(
                msn: call.msn, reference: call.reference, amount: call.amount, isPush: isPush,
                key: call.idempotencyKey, at: now))
        return VippsAPI.Answer(
            status: 201, redirectURL: isPush ? nil : "https://qr.example/\(call.reference)")
    }

    private func problem(_ status: Int, _ code: Int) -> VippsAPI.Answer { VippsAPI.Answer(status: status, code: code) }
}
