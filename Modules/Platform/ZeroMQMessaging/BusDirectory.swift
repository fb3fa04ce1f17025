import Foundation
import ZeroMQ

/// Who is on the bus: every service with its address and public key, and the keys that may only listen.
///
/// One file for all services, without secrets:
/// `{"peers":[{"service":"pos-service","endpoint":"tcp://127.0.0.1:5561","publicKey":"<z85>"}],"observers":["<z85>"]}`
package struct BusDirectory: Sendable, Hashable {
    package struct Peer: Sendable, Hashable {
        package let service: String
        /// Where its publisher listens: `tcp://host:port`.
        package let endpoint: String
        package let publicKey: CurveKey

        package init(service: String, endpoint: String, publicKey: CurveKey) {
            self.service = service
            self.endpoint = endpoint
            self.publicKey = publicKey
        }
    }

    package let peers: [Peer]
    package let observers: [CurveKey]

    /// - Throws: `BusConfigurationInvalid` when a service, address or key appears twice, or there is no peer at all.
    package init(peers: [Peer], observers: [CurveKey]) throws {
        guard !peers.isEmpty else { throw BusConfigurationInvalid(field: "peers", reason: "is empty") }
        for peer in peers {
            guard !peer.service.isEmpty, peer.endpoint.hasPrefix("tcp://") || peer.endpoint.hasPrefix("ipc://") else {
                throw BusConfigurationInvalid(
                    field: "peers", reason: "service \"\(peer.service)\": endpoint must begin with tcp:// or ipc://")
            }
        }
        func requireUnique(_ values: [String], _ field: String) throws {
            guard Set(values).count == values.count else {
                throw BusConfigurationInvalid(field: field, reason: "the same appears twice")
            }
        }
        try requireUnique(peers.map(\.service), "peers.service")
        try requireUnique(peers.map(\.endpoint), "peers.endpoint")
        try requireUnique(peers.map(\.publicKey.z85) + observers.map(\.z85), "publicKey")
        self.peers = peers
        self.observers = observers
    }

    /// - Throws: `BusConfigurationInvalid` with the file and field.
    package init(file path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BusConfigurationInvalid(field: path, reason: "cannot be read")
        }
        try self.init(json: bytes, name: path)
    }

    package init(json: Data, name: String = "bus directory") throws {
        struct File: Decodable {
            struct Peer: Decodable {
                let service: String
                let endpoint: String
                let publicKey: String
            }
            let peers: [Peer]
            let observers: [String]?
        }
        guard let file = try? JSONDecoder().decode(File.self, from: json) else {
            throw BusConfigurationInvalid(
                field: name, reason: "is not JSON with peers [{service, endpoint, publicKey}] and observers [key]")
        }
        func key(_ text: String, of owner: String) throws -> CurveKey {
            guard let key = CurveKey(z85: text) else {
                throw BusConfigurationInvalid(
                    field: "\(name): \(owner)", reason: "is not a CURVE key (40 characters, Z85)")
            }
            return key
        }
        try self.init(
            peers: file.peers.map { peer in
                Peer(
                    service: peer.service, endpoint: peer.endpoint,
                    publicKey: try key(peer.publicKey, of: "publicKey of \(peer.service)"))
            },
            observers: (file.observers ?? []).map { try key($0, of: "observers") })
    }

    /// JSON as `init(json:)` reads it.
    package var json: Data {
        get throws {
            let peers = peers.map { ["service": $0.service, "endpoint": $0.endpoint, "publicKey": $0.publicKey.z85] }
            let object: [String: Any] = ["peers": peers, "observers": observers.map(\.z85)]
            return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        }
    }
}

/// The directory or a key file is wrong; says what and where.
package struct BusConfigurationInvalid: Error, Sendable, Hashable, CustomStringConvertible {
    package let field: String
    package let reason: String
    package var description: String { "bus: \(field) \(reason)" }
}

extension CurveKeyPair {
    /// Reads the secret key of a service: Z85 text in a file that only its owner may read.
    ///
    /// - Throws: `BusConfigurationInvalid` when it cannot be read, is no key, or others may read it.
    package init(secretKeyFile path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw BusConfigurationInvalid(field: path, reason: "cannot be read")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw BusConfigurationInvalid(field: path, reason: "may be read by others; set its mode to 600")
        }
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let key = CurveKey(z85: text) else {
            throw BusConfigurationInvalid(field: path, reason: "is not a CURVE key (40 characters, Z85)")
        }
        try self.init(secretKey: key)
    }
}
