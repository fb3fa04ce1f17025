import CZeroMQ

/// A CURVE key in Z85 text (40 characters), as the bus directory and the key files hold it.
package struct CurveKey: Sendable, Hashable {
    package let z85: String

    /// `nil` when the text is not a key.
    package init?(z85: String) {
        guard z85.utf8.count == Self.textLength, Self.bytes(of: z85) != nil else { return nil }
        self.z85 = z85
    }

    /// From 32 bytes, as the handshake gives a client's public key.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        var text = [CChar](repeating: 0, count: Self.textLength + 1)
        guard zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
        z85 = String(decoding: text.prefix(Self.textLength).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static let byteCount = 32
    static let textLength = 40

    private static func bytes(of z85: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        return zmq_z85_decode(&bytes, z85) == nil ? nil : bytes
    }
}

/// Who a service is on the bus. Never printed: its description names the public half only.
package struct CurveKeyPair: Sendable, CustomStringConvertible {
    package let publicKey: CurveKey
    package let secretKey: CurveKey

    /// A new pair.
    package init() throws {
        var publicText = [CChar](repeating: 0, count: CurveKey.textLength + 1)
        var secretText = publicText
        try ZeroMQError.check(zmq_curve_keypair(&publicText, &secretText), "zmq_curve_keypair")
        guard let publicKey = CurveKey(z85: Self.text(publicText)), let secretKey = CurveKey(z85: Self.text(secretText))
        else { throw ZeroMQError(code: EINVAL, call: "zmq_curve_keypair") }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The pair to which a secret key belongs.
    package init(secretKey: CurveKey) throws {
        var publicText = [CChar](repeating: 0, count: CurveKey.textLength + 1)
        try ZeroMQError.check(zmq_curve_public(&publicText, secretKey.z85), "zmq_curve_public")
        guard let publicKey = CurveKey(z85: Self.text(publicText)) else {
            throw ZeroMQError(code: EINVAL, call: "zmq_curve_public")
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    package var description: String { "CURVE \(publicKey.z85)" }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
