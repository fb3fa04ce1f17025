import Notifications

// Whether anything is still to be done.

extension World {
    var isQuiet: Bool {
        isOn.allSatisfy(\.self) && cashiers.allSatisfy(\.isGone) && gatewayIsQuiet && relayIsQuiet
            && Place.allCases.allSatisfy(isInStep) && vipps.payments.allSatisfy { $0.state != .created }
    }

    /// What keeps the run from being settled, in words.
    var unsettled: String {
        var words: [String] = []
        for place in Place.allCases where !isInStep(place) { words.append("\(place) is not in step") }
        if !gatewayIsQuiet { words.append("gateway: \(gatewayUnsettled)") }
        if !relayIsQuiet {
            words.append("mails wait: \(relay.content.mails.map { "\($0.state), \($0.attempts) tries" })")
        }
        if !cashiers.allSatisfy(\.isGone) { words.append("a cashier is still there") }
        for payment in vipps.payments where payment.state == .created {
            words.append("\(Trace.name(payment.reference)) is open at Vipps")
        }
        return words.joined(separator: "; ")
    }

    func effects(of place: Place) -> [Int64] {
        switch place {
        case .till: till.readDisk { $0.effects }
        case .gateway: gateway.effects
        case .finance: finance.effects
        case .relay: relay.effects
        }
    }

    func hear(_ arrivals: [Arrival], at place: Place) throws -> [(Arrival, any Error)] {
        switch place {
        case .till: try tillHears(arrivals)
        case .gateway: try gatewayHears(arrivals)
        case .finance: try financeHears(arrivals)
        case .relay: try relayHears(arrivals)
        }
    }
}
