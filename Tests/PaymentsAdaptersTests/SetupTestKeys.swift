import Cryptography
import Foundation

/// A certificate with its key, made by the `openssl` command line once for all tests of this process.
struct GatewayKeys: Sendable {
    let sealing: SealingCertificates
    let opening: OpeningKeys

    static let shared: GatewayKeys = {
        do { return try GatewayKeys() } catch { fatalError("the openssl command line is needed: \(error)") }
    }()

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.currentDirectoryURL = folder
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=gateway", "-keyout", "key.pem", "-out", "certificate.pem",
        ]
        openssl.standardError = FileHandle.nullDevice
        openssl.standardOutput = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        let certificate = try String(contentsOf: folder.appending(path: "certificate.pem"), encoding: .utf8)
        let key = try String(contentsOf: folder.appending(path: "key.pem"), encoding: .utf8)
        sealing = try SealingCertificates(pem: certificate)
        opening = try OpeningKeys(pem: certificate + key)
    }

    func seal(_ text: String) -> Data {
        do { return try sealing.seal(Data(text.utf8)) } catch { fatalError("sealing failed: \(error)") }
    }

    func seal(keys clientID: String, _ clientSecret: String = "c2VjcmV0", _ subscriptionKey: String = "0123abcd")
        -> Data
    {
        seal(
            """
            {"clientID":"\(clientID)","clientSecret":"\(clientSecret)","subscriptionKey":"\(subscriptionKey)"}
            """)
    }
}
