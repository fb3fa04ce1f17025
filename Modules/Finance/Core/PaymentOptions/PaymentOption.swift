import Foundation
import SharedKernel

/// What a payment option takes money by.
package enum PaymentOptionKind: Sendable, Hashable, CaseIterable {
    /// `Vipps E-payment`
    case vippsEPayment
    /// `Cash`
    case cash
}

/// One line that people read on buttons and in lists.
package struct PaymentOptionName: Sendable, Hashable {
    package static let lengthMax = 60

    package let text: String

    /// - Throws: `Invalid` for field `name` when nothing is left after trimming, when it is too long, or when it has
    ///   line breaks or other control characters.
    package init(_ text: String) throws(Invalid) {
        let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty else {
            throw Invalid(field: "name", slug: "missing", reason: "is empty; give the option a name")
        }
        guard trimmed.count <= Self.lengthMax, trimmed.utf8.count <= 4 * Self.lengthMax else {
            throw Invalid(
                field: "name", slug: "too-long",
                reason: "is longer than \(Self.lengthMax) characters; choose a shorter name")
        }
        guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Invalid(
                field: "name", slug: "not-text", reason: "has a line break or a control character; remove it")
        }
        self.text = trimmed
    }

    /// Equal for names that differ only in case, accents written in two ways, or width.
    package var key: String { text.precomposedStringWithCompatibilityMapping.lowercased() }
}

/// A way in which a shop takes money, as an administrator set it up.
package struct PaymentOption: Sendable, Hashable {
    package let id: PaymentOptionID
    package var name: PaymentOptionName
    package var kind: PaymentOptionKind
    /// The till has a button of its own for it.
    package var quickAccess: Bool
    package var enabled: Bool
    /// Of the last change.
    package var savedAt: Date

    package init(
        id: PaymentOptionID, name: PaymentOptionName, kind: PaymentOptionKind, quickAccess: Bool, enabled: Bool,
        savedAt: Date
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.quickAccess = quickAccess
        self.enabled = enabled
        self.savedAt = savedAt
    }
}
