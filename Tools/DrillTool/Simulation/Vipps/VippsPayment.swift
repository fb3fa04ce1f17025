/// One payment at Vipps.
struct VippsPayment {
    let msn: String
    let reference: String
    let amount: Int
    let createdAt: Int
    /// Whether a push was sent, or a code waits to be scanned.
    let isPush: Bool
    private(set) var state = VippsAPI.State.created
    private(set) var authorized = 0
    private(set) var captured = 0
    private(set) var refunded = 0
    private(set) var cancelled = 0
    private(set) var events: [VippsAPI.Event] = []
    /// The customer is in the middle of approving: cancelling is refused with 6250.
    private(set) var isProcessing = false
    private(set) var authorizedAt: Int?

    init(msn: String, reference: String, amount: Int, isPush: Bool, key: String?, at now: Int) {
        self.msn = msn
        self.reference = reference
        self.amount = amount
        self.isPush = isPush
        createdAt = now
        note("CREATED", amount, key: key, at: now)
    }

    var view: VippsAPI.View {
        VippsAPI.View(
            state: state, amount: amount, authorized: authorized, captured: captured, refunded: refunded,
            cancelled: cancelled, pspReference: events[0].pspReference)
    }

    /// Reserved and neither taken nor let go.
    var held: Int { state == .authorized ? authorized - captured - cancelled : 0 }

    private mutating func note(
        _ name: String, _ amount: Int, key: String?, at now: Int, success: Bool = true, portal: Bool = false
    ) {
        events.append(
            VippsAPI.Event(
                pspReference: "\(reference)/\(events.count + 1)", name: name, amount: amount, at: now,
                idempotencyKey: key, success: success, isFromPortal: portal))
    }

    // MARK: The customer and the clock

    mutating func beginApproving() { isProcessing = state == .created }
    mutating func stopApproving() { isProcessing = false }

    mutating func approve(at now: Int) -> Bool {
        guard state == .created else { return false }
        state = .authorized
        authorized = amount
        authorizedAt = now
        isProcessing = false
        note("AUTHORIZED", amount, key: nil, at: now)
        return true
    }

    mutating func decline(at now: Int) -> Bool { end(.aborted, "ABORTED", at: now) }
    mutating func expire(at now: Int) -> Bool { end(.expired, "EXPIRED", at: now) }

    private mutating func end(_ state: VippsAPI.State, _ name: String, at now: Int) -> Bool {
        guard self.state == .created else { return false }
        self.state = state
        isProcessing = false
        note(name, amount, key: nil, at: now)
        return true
    }

    // MARK: The merchant; a number is the code of a refusal

    mutating func capture(_ value: Int, key: String?, trouble: Int?, at now: Int) -> Int? {
        switch state {
        case .created: return 6080
        case .terminated: return 6070
        case .aborted, .expired: return 6200
        case .authorized: break
        }
        if value < 1 { return 4040 }
        if captured == authorized { return 6170 }
        if cancelled > 0 { return 6070 }
        if value > held { return 6090 }
        if let trouble {
            note("CAPTURED", value, key: key, at: now, success: false)
            return trouble
        }
        captured += value
        note("CAPTURED", value, key: key, at: now)
        return nil
    }

    mutating func cancel(transactionOnly: Bool, key: String?, portal: Bool = false, at now: Int) -> Int? {
        if isProcessing { return 6250 }
        switch state {
        case .created:
            state = .terminated
            cancelled = amount
            note("TERMINATED", amount, key: key, at: now, portal: portal)
            return nil
        case .aborted, .expired: return 6050
        case .terminated: return 6190
        case .authorized: break
        }
        if transactionOnly { return 6060 }
        if captured == authorized { return 6040 }
        if held == 0 { return 6190 }
        let left = held
        cancelled += left
        note("CANCELLED", left, key: key, at: now, portal: portal)
        return nil
    }

    mutating func refund(_ value: Int, key: String?, portal: Bool = false, at now: Int) -> Int? {
        guard state == .authorized else { return 6020 }
        if value < 1 { return 4040 }
        if captured == 0 { return 6210 }
        if refunded == captured { return 6180 }
        if value > captured - refunded { return 6150 }
        refunded += value
        note("REFUNDED", value, key: key, at: now, portal: portal)
        return nil
    }
}
