/// What a webhook registration is for. Two registrations a sales unit, because one that lists check-ins with other events
/// fails as a whole when another system holds the only check-in place.
package enum WebhookTopic: String, Sendable, Hashable, CaseIterable {
    case payments
    case checkIns = "check-ins"

    /// The events as Vipps names them (mind the plural *epayments*).
    package var events: [String] {
        switch self {
        case .payments:
            ["created", "authorized", "aborted", "expired", "terminated", "captured", "cancelled", "refunded"]
                .map { "epayments.payment.\($0).v1" }
        case .checkIns: [Self.checkInEvent]
        }
    }

    private static let checkInEvent = "user.checked-in.v1"

    /// Whether Vipps allows only one registration of this topic per sales unit.
    package var isExclusive: Bool {
        switch self {
        case .payments: false
        case .checkIns: true
        }
    }
}

/// A registration as Vipps lists it, ours or another system's.
package struct ListedWebhook: Sendable, Hashable {
    package let webhookID: String
    package let url: String
    package let events: Set<String>

    package init(webhookID: String, url: String, events: Set<String>) {
        self.webhookID = webhookID
        self.url = url
        self.events = events
    }
}

/// A registration just made. Its description says nothing of the secret.
package struct NewWebhook: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package let webhookID: String
    package let secret: String

    package init(webhookID: String, secret: String) {
        self.webhookID = webhookID
        self.secret = secret
    }

    package var description: String { "webhook \(webhookID)" }
    package var customMirror: Mirror { Mirror(self, children: ["webhookID": webhookID]) }
}

/// Why a webhook that should stand does not.
package enum WebhookAbsence: String, Sendable, Hashable, CaseIterable {
    case notRegistered = "not-registered"
    case takenByAnother = "taken-by-another"
    case refused
}
