import Foundation

extension JSONDecoder {
    /// Nested objects and lists in anything that comes from outside. What is promised has not ten.
    package static let depthMax = 64

    /// Decodes what somebody else has written: bodies, messages, answers.
    ///
    /// Foundation's reader does not throw but traps when a text ends where it is nested one level too deeply: 513 opening
    /// brackets end the process. So the nesting is counted first. Only UTF-8 is read, so that what is counted is what is
    /// read.
    /// - Throws: `DecodingError`.
    package func decode<Value: Decodable>(
        foreign bytes: some Collection<UInt8>, as type: Value.Type = Value.self
    ) throws -> Value {
        guard JSONDecoder.isShallow(bytes) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [], debugDescription: "nested too deeply, or not UTF-8"))
        }
        return try decode(Value.self, from: Data(bytes))
    }

    /// Whether nothing in the text lies deeper than `depthMax`. Also for texts that are no JSON.
    package static func isShallow(_ bytes: some Collection<UInt8>) -> Bool {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if byte == 0 { return false }  // In no JSON of UTF-8, and in every other encoding of a bracket.
            if isInString {
                isInString = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth > depthMax { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return true
    }
}
