import COpenSSL

/// What OpenSSL refused to do. The text names the function and OpenSSL's reason, never key material.
package struct CryptographyError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ words: String) { description = words }

    /// Takes the oldest reason from OpenSSL's error queue and empties the queue.
    static func openSSL(_ function: String) -> CryptographyError {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return CryptographyError("\(function) failed") }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &text, text.count)
        let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return CryptographyError("\(function) failed: \(words)")
    }
}
