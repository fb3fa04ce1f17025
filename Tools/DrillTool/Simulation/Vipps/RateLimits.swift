/// Vipps' limits per reference, counted by when the requests left us: what the network delays is not our doing.
struct RateLimits {
    private var sent: [String: [Int]] = [:]
    static let minute = 60_000

    static func callsMax(_ kind: VippsAPI.Kind) -> Int {
        switch kind {
        case .create, .capture, .cancel, .refund: 5
        case .get, .events: 120
        }
    }

    /// - Returns: whether this call is one too many.
    mutating func exceeds(_ call: VippsAPI.Call, at now: Int) -> Bool {
        let name = "\(call.kind.rawValue) \(call.msn) \(call.reference)"
        var recent = sent[name, default: []]
        recent.append(now)
        if let first = recent.firstIndex(where: { $0 > now - Self.minute }), first > 0 { recent.removeFirst(first) }
        sent[name] = recent
        return recent.count > Self.callsMax(call.kind)
    }
}
