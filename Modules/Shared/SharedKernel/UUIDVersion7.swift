import Foundation

extension UUID {
    /// A UUID of version 7 (RFC 9562): 48 bits of milliseconds since 1970, then chance, so that rows made later sort later.
    package static func version7(at instant: Date) -> UUID {
        var generator = SystemRandomNumberGenerator()
        return version7(at: instant, using: &generator)
    }

    /// The same with chance brought in by the caller, for tests and simulations that must replay.
    package static func version7(at instant: Date, using generator: inout some RandomNumberGenerator) -> UUID {
        let milliseconds = UInt64(max(0, instant.timeIntervalSince1970 * 1000))
        let high = (milliseconds << 16) | 0x7000 | (generator.next() & 0x0FFF)
        let low = (generator.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let bytes =
            (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
                bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }
}

extension Identifier {
    /// A new identifier that sorts by time.
    package static func new(at instant: Date) -> Identifier { Identifier(.version7(at: instant)) }
}
