import Foundation
import SharedKernel

/// Where a mail goes. It is personal: it is erased when the mail is sent, and its description is masked.
package struct MailAddress: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    /// By RFC 5321, 4.5.3.1.
    package static let lengthMax = 254
    private static let localMax = 64

    /// The whole address. For the mail server only.
    package let revealed: String

    /// - Throws: `Invalid` for field `invoiceEmail`. Only plain ASCII addresses pass, without quotes, spaces or line
    ///   breaks, so that nothing can be smuggled into a header or an SMTP command.
    package init(_ text: String) throws(Invalid) {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        let sides = trimmed.split(separator: "@", omittingEmptySubsequences: false)
        guard trimmed.utf8.count <= Self.lengthMax, sides.count == 2, Self.isLocal(sides[0]), Self.isDomain(sides[1])
        else {
            throw Invalid(
                field: "invoiceEmail", slug: "not-an-address",
                reason: "is not an e-mail address; write it like name@example.com")
        }
        revealed = trimmed
    }

    private static func isLocal(_ text: Substring) -> Bool {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-."
        return !text.isEmpty && text.utf8.count <= localMax && text.allSatisfy(allowed.contains)
            && !text.hasPrefix(".") && !text.hasSuffix(".") && !text.contains("..")
    }

    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy {
                        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
                    }
            }
    }

    /// `k•••@example.com`: enough for an operator who talks with the customer.
    package var masked: String {
        let sides = revealed.split(separator: "@")
        return "\(sides[0].prefix(1))•••@\(sides[1])"
    }

    package var description: String { masked }
    package var debugDescription: String { masked }
    package var customMirror: Mirror { Mirror(self, children: ["masked": masked]) }
}
