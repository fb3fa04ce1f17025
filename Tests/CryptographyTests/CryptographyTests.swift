import Cryptography
import Foundation
import Testing

@Suite("Digests") struct DigestTests {
    @Test(
        "give SHA-256 of the published examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func digest(text: String, expected: String) {
        #expect(SHA256Digest.of(Data(text.utf8)).map { String(format: "%02x", $0) }.joined() == expected)
    }

    @Test("give HMAC-SHA-256 of RFC 4231, case 2")
    func authenticationCode() {
        let code = HMACSHA256.code(of: Data("what do ya want for nothing?".utf8), key: Data("Jefe".utf8))
        #expect(
            code.map { String(format: "%02x", $0) }.joined()
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("compare equal only when every byte is")
    func comparison() {
        #expect(constantTimeEqual(Data([1, 2, 3]), Data([1, 2, 3])))
        #expect(!constantTimeEqual(Data([1, 2, 3]), Data([1, 2, 4])))
        #expect(!constantTimeEqual(Data([1, 2, 3]), Data([1, 2])))
        #expect(constantTimeEqual(Data(), Data()))
    }
}

@Suite("A password hash") struct PasswordHashTests {
    @Test("knows its password and no other")
    func verifies() throws {
        let stored = try PasswordHash.make("til kassen!")
        #expect(try PasswordHash.verify("til kassen!", against: stored))
        #expect(try !PasswordHash.verify("til kassen", against: stored))
        #expect(!stored.contains("kassen"))
    }

    @Test("refuses a stored text of another form", arguments: ["", "scrypt", "scrypt$99$8$1$AA==$AA==", "plain"])
    func refuses(stored: String) throws {
        #expect(try !PasswordHash.verify("", against: stored))
    }
}

/// Key material made by the `openssl` command line for one test, so that both ends are proven against another program.
struct MadeKeys {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cryptography-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=gateway", "-keyout", "key.pem", "-out", "certificate.pem")
        try run("genpkey", "-algorithm", "ed25519", "-out", "session.pem")
        try run("pkey", "-in", "session.pem", "-pubout", "-out", "session.pub.pem")
    }

    func text(_ name: String) throws -> String { try String(contentsOf: folder.appending(path: name), encoding: .utf8) }
    var pair: String { get throws { try text("certificate.pem") + text("key.pem") } }

    func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}

@Suite("A sealed envelope") struct SealedEnvelopeTests {
    @Test("opens with its key, whole and unchanged")
    func opens() throws {
        let keys = try MadeKeys()
        defer { keys.remove() }
        let secret = Data(#"{"clientSecret":"ikke for andre"}"#.utf8)
        let envelope = try SealingCertificates(pem: keys.text("certificate.pem")).seal(secret)
        #expect(envelope.range(of: Data("ikke".utf8)) == nil)
        #expect(try OpeningKeys(pem: keys.pair).open(envelope) == secret)
    }

    @Test("is opened by the command line too, so that operators have a way out")
    func opensByCommandLine() throws {
        let keys = try MadeKeys()
        defer { keys.remove() }
        try SealingCertificates(pem: keys.text("certificate.pem")).seal(Data("4791234567".utf8))
            .write(to: keys.folder.appending(path: "envelope.der"))
        try keys.run(
            "cms", "-decrypt", "-inform", "DER", "-binary", "-in", "envelope.der", "-recip", "certificate.pem",
            "-inkey", "key.pem", "-out", "plain.txt")
        #expect(try keys.text("plain.txt") == "4791234567")
    }

    @Test("refuses a changed byte anywhere near its end, and another's key")
    func refuses() throws {
        let keys = try MadeKeys()
        let others = try MadeKeys()
        defer {
            keys.remove()
            others.remove()
        }
        let envelope = try SealingCertificates(pem: keys.text("certificate.pem")).seal(Data("secret".utf8))
        let opening = try OpeningKeys(pem: keys.pair)
        for offset in 1...24 {
            var changed = envelope
            changed[changed.count - offset] ^= 1
            #expect(throws: (any Error).self) { try opening.open(changed) }
        }
        #expect(throws: CryptographyError.self) { try OpeningKeys(pem: others.pair).open(envelope) }
    }

    @Test("opens with the older of two pairs while the certificate is being replaced")
    func rotates() throws {
        let old = try MadeKeys()
        let new = try MadeKeys()
        defer {
            old.remove()
            new.remove()
        }
        let both = try OpeningKeys(pem: new.pair + old.pair)
        #expect(
            try both.open(SealingCertificates(pem: old.text("certificate.pem")).seal(Data("a".utf8))) == Data("a".utf8))
        #expect(
            try both.open(SealingCertificates(pem: new.text("certificate.pem")).seal(Data("b".utf8))) == Data("b".utf8))
    }
}

@Suite("An Ed25519 signature") struct SignatureTests {
    @Test("is valid for its message and no other")
    func verifies() throws {
        let keys = try MadeKeys()
        defer { keys.remove() }
        let message = Data("claims".utf8)
        let signature = try SigningKey(pem: keys.text("session.pem")).signature(of: message)
        let verifying = try VerifyingKey(pem: keys.text("session.pub.pem"))
        #expect(verifying.isValid(signature, of: message))
        #expect(!verifying.isValid(signature, of: Data("claim".utf8)))
        #expect(!verifying.isValid(Data(repeating: 0, count: 64), of: message))
        #expect(!verifying.isValid(Data(), of: message))
    }

    @Test("needs a key of its own kind")
    func refuses() throws {
        let keys = try MadeKeys()
        defer { keys.remove() }
        #expect(throws: CryptographyError.self) { try SigningKey(pem: keys.text("key.pem")) }
        #expect(throws: CryptographyError.self) { try VerifyingKey(pem: "nothing") }
    }
}
