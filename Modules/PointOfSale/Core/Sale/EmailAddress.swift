import SharedKernel

/// Where an invoice is mailed. Never logged.
package struct EmailAddress: Sendable, Hashable {
    package let text: String

    /// One `@` with something before it and a name with a dot behind it; at most 254 characters, none of them white space,
    /// control characters or `<>,;"`, which would change a mail's head.
    ///
    /// - Throws: `Invalid`.
    package init(_ text: String, field: String = "email") throws(Invalid) {
        let trimmed = text.trimmingWhiteSpace()
        let parts = trimmed.split(separator: "@", omittingEmptySubsequences: false)
        let forbidden: Set<Character> = ["<", ">", ",", ";", "\"", "\\", "(", ")"]
        let isClean =
            trimmed.unicodeScalars.allSatisfy { $0.value > 32 && $0.value != 127 && !(0x80...0x9F).contains($0.value) }
            && !trimmed.contains { forbidden.contains($0) || $0.isWhitespace }
        guard isClean, trimmed.utf8.count <= 254, parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64,
            parts[1].split(separator: ".", omittingEmptySubsequences: false).count >= 2,
            parts[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else {
            throw Invalid(field: field, slug: "not-an-email", reason: "must be an e-mail address like name@example.com")
        }
        self.text = trimmed
    }
}

extension String {
    /// Without white space at its ends.
    func trimmingWhiteSpace() -> String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
