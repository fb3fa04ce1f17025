/// What we know of the registrations of one sales unit and topic, and what Vipps lists: from it follows what to do.
package struct WebhookSituation: Sendable, Hashable {
    package let topic: WebhookTopic
    /// Every address of ours begins with this: the public base and the path up to the secret part.
    package let addressPrefix: String
    /// Registrations of this tenant, sales unit and topic that we remember, the newest last.
    package let remembered: [RememberedWebhook]
    /// Addresses of ours that are not this tenant's, sales unit's and topic's: never touched from here.
    package let addressesElsewhere: Set<String>
    /// All that Vipps lists for the sales unit.
    package let listed: [ListedWebhook]

    package init(
        topic: WebhookTopic, addressPrefix: String, remembered: [RememberedWebhook], addressesElsewhere: Set<String>,
        listed: [ListedWebhook]
    ) {
        self.topic = topic
        self.addressPrefix = addressPrefix
        self.remembered = remembered
        self.addressesElsewhere = addressesElsewhere
        self.listed = listed
    }
}

/// A registration as we remember it.
package struct RememberedWebhook: Sendable, Hashable {
    package let url: String
    /// `nil` when the process died between asking and hearing: then nobody knows its secret.
    package let webhookID: String?
    package let secretIsReadable: Bool
    /// Somebody has asked for another in its place since: its secret may be known to strangers.
    package let isOutdated: Bool

    package init(url: String, webhookID: String?, secretIsReadable: Bool, isOutdated: Bool = false) {
        self.url = url
        self.webhookID = webhookID
        self.secretIsReadable = secretIsReadable
        self.isOutdated = isOutdated
    }
}

/// What to do about the webhook of one topic.
package enum WebhookPlan: Sendable, Hashable {
    /// It stands; `stale` are older ones of ours that may go.
    case standing(ListedWebhook, stale: [ListedWebhook])
    /// Register. What is `before` must go first, what is `after` when the new one stands, so that no event is missed.
    case register(before: [ListedWebhook], after: [ListedWebhook])
    /// The only place is another system's, and it is not ours to take.
    case takenByAnother(ListedWebhook)
}

extension WebhookSituation {
    /// Deletes nothing that is not certainly our own: by an address we remember, or by our own address prefix.
    package var plan: WebhookPlan {
        let onTopic = listed.filter { !$0.events.isDisjoint(with: topic.events) }
        let own = onTopic.filter(isOwn)
        let standing = own.last { webhook in isComplete(webhook) && remembersSecret(of: webhook) }
        if let standing {
            return .standing(standing, stale: own.filter { $0.webhookID != standing.webhookID })
        }
        if topic.isExclusive {
            if let another = onTopic.first(where: { !isOwn($0) }) { return .takenByAnother(another) }
            return .register(before: own, after: [])
        }
        return .register(before: [], after: own)
    }

    private func isOwn(_ webhook: ListedWebhook) -> Bool {
        if addressesElsewhere.contains(webhook.url) { return false }
        return remembered.contains { $0.url == webhook.url } || webhook.url.hasPrefix(addressPrefix)
    }

    /// An address under an older base, or an event list from before the API grew, is ours but not good enough.
    private func isComplete(_ webhook: ListedWebhook) -> Bool {
        webhook.url.hasPrefix(addressPrefix) && webhook.events.isSuperset(of: topic.events)
    }

    private func remembersSecret(of webhook: ListedWebhook) -> Bool {
        remembered.contains {
            $0.url == webhook.url && $0.webhookID == webhook.webhookID && $0.secretIsReadable && !$0.isOutdated
        }
    }
}
