/// Bad input, told so that a person can mend it: which field, and what is wrong with it.
///
/// Thrown by the initializers of values that are parsed at the door. `slug` is stable; `reason` is words in English
/// (pages translate by slug).
package struct Invalid: Error, Sendable, Hashable {
    package let field: String
    package let slug: String
    package let reason: String

    package init(field: String, slug: String, reason: String) {
        self.field = field
        self.slug = slug
        self.reason = reason
    }
}
