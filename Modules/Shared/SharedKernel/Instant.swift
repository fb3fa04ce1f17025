import Foundation

/// Where the wall clock comes in: the caller's `now`, turned by hand in tests.
package typealias Now = @Sendable () -> Date

/// The one text form of an instant in messages, rows and JSON bodies: `2026-11-23T09:15:20.031Z`.
package enum InstantText {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let styleWithoutFraction = Date.ISO8601FormatStyle(includingFractionalSeconds: false)

    /// Rounded to the nearest millisecond: the style cuts off, and half of all milliseconds are a little less as a `Date`.
    package static func write(_ instant: Date) -> String { instant.addingTimeInterval(0.000_5).formatted(style) }

    /// Reads instants with or without a fraction of any length (Vipps writes up to seven digits). `nil` for anything else.
    package static func read(_ text: String) -> Date? {
        if let instant = try? style.parse(text) { return instant }
        return try? styleWithoutFraction.parse(text)
    }
}

extension JSONEncoder {
    /// The encoder of every message and body: instants as text, keys sorted so that golden files compare.
    package static var house: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { instant, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(InstantText.write(instant))
        }
        return encoder
    }
}

extension JSONDecoder {
    /// The twin of `JSONEncoder.house`.
    package static var house: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let instant = InstantText.read(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "not an instant like 2026-11-23T09:15:20.031Z")
            }
            return instant
        }
        return decoder
    }
}
