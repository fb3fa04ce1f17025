import Foundation
import HTTPServing
import PointOfSale
import SharedKernel

/// What a browser remembers of the people who have signed in there: the cookie `device`, an identifier by chance and a mark
/// for each of the last few. Only pos-service can make a mark, and it names nobody.
///
/// It opens nothing. It only tells a till at which somebody has worked from one that guesses.
struct KnownDevice: Sendable, Hashable {
    static let cookieName = "device"
    static let secondsKept = 365 * 86_400
    private static let peopleMax = 12

    let id: String
    private var marks: [String]

    init(id: String) {
        self.id = id
        marks = []
    }

    /// Reads a cookie's value; `nil` for what we cannot have made.
    init?(cookie: String) {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let id = parts.first, (1...64).contains(id.utf8.count), parts.count <= 1 + Self.peopleMax else {
            return nil
        }
        self.id = id
        marks = Array(parts.dropFirst())
    }

    var cookie: String { ([id] + marks).joined(separator: ".") }

    func knows(_ user: UserID, by signer: SessionSigner) -> Bool {
        guard let mark = mark(of: user, by: signer) else { return false }
        return marks.contains(mark)
    }

    /// With the person in front; beyond some people the one longest away is forgotten.
    func knowing(_ user: UserID, by signer: SessionSigner) -> KnownDevice {
        guard let mark = mark(of: user, by: signer) else { return self }
        var next = self
        next.marks = Array(([mark] + marks.filter { $0 != mark }).prefix(Self.peopleMax))
        return next
    }

    private func mark(of user: UserID, by signer: SessionSigner) -> String? {
        try? signer.mark("device \(id) \(user.text)")
    }
}
