import Foundation
import ZeroMQ
import ZeroMQMessaging

/// The keys of one installation in a folder of its own, made as the launcher makes them.
struct KeyFiles: Sendable {
    let folder: URL
    let busDirectory: BusDirectory
    let busKeys: [String: CurveKeyPair]

    var busDirectoryFile: String { path("bus.json") }
    var sessionPrivate: String { path("session-private.pem") }
    var sessionPublic: String { path("session-public.pem") }
    var sealingCertificates: String { path("sealing-certificates.pem") }
    var openingKeys: String { path("opening-keys.pem") }
    func busSecret(of service: String) -> String { path("\(service).bus-secret") }

    init(folder: URL, services: [String]) throws {
        self.folder = folder
        let ports = try freePorts(services.count)
        let keys = try Dictionary(uniqueKeysWithValues: services.map { ($0, try CurveKeyPair()) })
        busKeys = keys
        busDirectory = try BusDirectory(
            peers: zip(services, ports).map { service, port in
                .init(service: service, endpoint: "tcp://127.0.0.1:\(port)", publicKey: keys[service]!.publicKey)
            }, observers: [])
        try write(busDirectory.json, to: busDirectoryFile)
        for (service, pair) in keys { try write(Data(pair.secretKey.z85.utf8), to: busSecret(of: service)) }
        try openSSL(["genpkey", "-algorithm", "ED25519", "-out", sessionPrivate])
        try openSSL(["pkey", "-in", sessionPrivate, "-pubout", "-out", sessionPublic])
        let key = path("sealing-key.pem")
        try openSSL(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
        try openSSL([
            "req", "-new", "-x509", "-key", key, "-sha256", "-days", "2", "-subj", "/CN=vipps-gateway", "-addext",
            "keyUsage=critical,keyAgreement", "-out", sealingCertificates,
        ])
        try write(Data((try text(sealingCertificates) + text(key)).utf8), to: openingKeys)
    }

    func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func write(_ bytes: Data, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o600])
        else { throw NotWritten(path: path) }
    }

    private func openSSL(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw OpenSSLFailed(arguments: arguments) }
    }
}

struct NotWritten: Error { let path: String }
struct OpenSSLFailed: Error { let arguments: [String] }
