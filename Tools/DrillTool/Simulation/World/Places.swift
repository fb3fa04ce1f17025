import MessageContracts
import Messaging

/// The four services.
enum Place: Int, CaseIterable {
    case till, gateway, finance, relay

    var service: String {
        switch self {
        case .till: ServiceName.pos
        case .gateway: ServiceName.gateway
        case .finance: ServiceName.finance
        case .relay: ServiceName.relay
        }
    }

    var publishes: [Channel] { Channel.allCases.filter { $0.publisher == self } }
    var hears: [Channel] { Channel.allCases.filter { $0.subscribers.contains(self) } }
}

/// The streams that carry money's news, and who hears them.
enum Channel: Int, CaseIterable {
    case commands, sales, payments, checkIns, mail

    var stream: MessageStream {
        switch self {
        case .commands: .posPaymentCommands
        case .sales: .posSales
        case .payments: .payments
        case .checkIns: .paymentsCheckIns
        case .mail: .notificationsMail
        }
    }

    var publisher: Place {
        switch self {
        case .commands, .sales: .till
        case .payments, .checkIns: .gateway
        case .mail: .relay
        }
    }

    var subscribers: [Place] {
        switch self {
        case .commands: [.gateway]
        case .sales: [.finance, .relay]
        case .payments: [.till, .finance]
        case .checkIns, .mail: [.till]
        }
    }

    init?(_ stream: MessageStream) {
        guard let found = Channel.allCases.first(where: { $0.stream == stream }) else { return nil }
        self = found
    }
}
