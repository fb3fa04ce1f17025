import SharedKernel

/// Text that people type: trimmed, one line, not empty, not longer than `max` characters.
package func words(_ text: String, field: String, max: Int) throws(Invalid) -> String {
    let trimmed = text.trimmingWhiteSpace()
    guard !trimmed.isEmpty else { throw Invalid(field: field, slug: "missing", reason: "must not be empty") }
    guard trimmed.count <= max, trimmed.utf8.count <= max * 8 else {
        throw Invalid(field: field, slug: "too-long", reason: "must have at most \(max) characters")
    }
    let isClean = trimmed.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
    guard isClean else {
        throw Invalid(field: field, slug: "not-text", reason: "must be one line of text without control characters")
    }
    return trimmed
}

/// A thing that does not exist for whoever asks: unknown, or another tenant's.
package struct Unknown: Error, Sendable, Hashable {
    package let what: String
    package init(_ what: String) { self.what = what }
}

/// Something that cannot be done as things are. `slug` is stable; `reason` says what to do.
package struct Conflict: Error, Sendable, Hashable {
    package let slug: String
    package let reason: String

    package init(_ slug: String, _ reason: String) {
        self.slug = slug
        self.reason = reason
    }
}
