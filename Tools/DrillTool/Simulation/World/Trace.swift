/// What happened, in the order it happened; kept only when somebody wants to read it.
package struct Trace: Sendable {
    let isKept: Bool
    package private(set) var lines: [String] = []

    init(isKept: Bool) { self.isKept = isKept }

    mutating func note(_ now: Int, _ words: @autoclosure () -> String) {
        guard isKept else { return }
        let millis = "\(now % 1000)"
        lines.append(
            "\(now / 1000).\(String(repeating: "0", count: 3 - millis.count))\(millis)  \(words())")
    }

    /// Of a payment: its reference without the part made by chance.
    static func name(_ reference: String) -> String {
        String(reference.split(separator: "-").dropLast().joined(separator: "-"))
    }
}
