import Foundation
import SharedKernel

/// All payment options of one tenant: names are unique among them, so they are decided about together.
package struct PaymentOptionCatalogue: Sendable, Hashable {
    /// Enough for every shop, and few enough to be loaded as a whole.
    package static let optionsMax = 100

    package private(set) var options: [PaymentOption]

    /// - Parameter options: as they are kept; a new tenant has none.
    package init(options: [PaymentOption] = []) {
        self.options = options
    }

    package func option(_ id: PaymentOptionID) -> PaymentOption? { options.first { $0.id == id } }
}

package enum PaymentOptionCommand: Sendable, Hashable {
    /// `id` is made by the client: the same command sent twice acts once.
    case create(
        id: PaymentOptionID, name: PaymentOptionName, kind: PaymentOptionKind, quickAccess: Bool, enabled: Bool)
    case edit(id: PaymentOptionID, name: PaymentOptionName, kind: PaymentOptionKind, quickAccess: Bool)
    case enable(PaymentOptionID)
    case disable(PaymentOptionID)

    package var id: PaymentOptionID {
        switch self {
        case .create(let id, _, _, _, _), .edit(let id, _, _, _), .enable(let id), .disable(let id): id
        }
    }
}

package enum PaymentOptionEvent: Sendable, Hashable {
    case saved(PaymentOption)
    case enabled(PaymentOptionID, at: Date)
    case disabled(PaymentOptionID, at: Date)
}

package enum PaymentOptionRefusal: Error, Sendable, Hashable {
    case notFound
    case nameTaken(PaymentOptionName)
    case tooMany(max: Int)
}

extension PaymentOptionCatalogue {
    /// What happens when `command` meets these options.
    package func decide(
        _ command: PaymentOptionCommand, now: Date
    ) throws(PaymentOptionRefusal) -> [PaymentOptionEvent] {
        switch command {
        case .create(let id, let name, let kind, let quickAccess, let enabled):
            // Sent twice: the first time stands, whatever has become of the option since.
            if option(id) != nil { return [] }
            guard options.count < Self.optionsMax else { throw .tooMany(max: Self.optionsMax) }
            try refuseTaken(name, exceptFor: id)
            return [
                .saved(
                    PaymentOption(
                        id: id, name: name, kind: kind, quickAccess: quickAccess, enabled: enabled, savedAt: now))
            ]
        case .edit(let id, let name, let kind, let quickAccess):
            let old = try existing(id)
            try refuseTaken(name, exceptFor: id)
            var new = old
            new.name = name
            new.kind = kind
            new.quickAccess = quickAccess
            guard new != old else { return [] }
            new.savedAt = now
            return [.saved(new)]
        case .enable(let id):
            return try existing(id).enabled ? [] : [.enabled(id, at: now)]
        case .disable(let id):
            return try existing(id).enabled ? [.disabled(id, at: now)] : []
        }
    }

    package func evolved(by event: PaymentOptionEvent) -> PaymentOptionCatalogue {
        var next = self
        switch event {
        case .saved(let option):
            if let index = options.firstIndex(where: { $0.id == option.id }) {
                next.options[index] = option
            } else {
                next.options.append(option)
            }
        case .enabled(let id, let at): next.set(id, enabled: true, at: at)
        case .disabled(let id, let at): next.set(id, enabled: false, at: at)
        }
        return next
    }

    private mutating func set(_ id: PaymentOptionID, enabled: Bool, at instant: Date) {
        guard let index = options.firstIndex(where: { $0.id == id }) else {
            preconditionFailure("an event about an option that is not in the catalogue")
        }
        options[index].enabled = enabled
        options[index].savedAt = instant
    }

    private func existing(_ id: PaymentOptionID) throws(PaymentOptionRefusal) -> PaymentOption {
        guard let option = option(id) else { throw .notFound }
        return option
    }

    private func refuseTaken(
        _ name: PaymentOptionName, exceptFor id: PaymentOptionID
    ) throws(PaymentOptionRefusal) {
        guard !options.contains(where: { $0.name.key == name.key && $0.id != id }) else { throw .nameTaken(name) }
    }
}
