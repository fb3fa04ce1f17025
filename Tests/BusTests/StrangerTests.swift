import Foundation
import Messaging
import Testing
import ZeroMQ
import ZeroMQMessaging

@Suite("A stranger at the bus", .timeLimit(.minutes(1)))
struct StrangerTests {
    private let probe = Probe()
    private let teller: CurveKeyPair
    private let listener: CurveKeyPair
    private let stranger: CurveKeyPair
    private let ports: [Int]
    private let directory: BusDirectory

    init() throws {
        teller = try CurveKeyPair()
        listener = try CurveKeyPair()
        stranger = try CurveKeyPair()
        ports = try freePorts(3)
        directory = try Self.directory(["teller": (teller, ports[0]), "listener": (listener, ports[1])])
    }

    private static func directory(_ peers: [String: (CurveKeyPair, Int)]) throws -> BusDirectory {
        try BusDirectory(
            peers: peers.map { service, place in
                .init(service: service, endpoint: "tcp://127.0.0.1:\(place.1)", publicKey: place.0.publicKey)
            }, observers: [])
    }

    private func transport(_ directory: BusDirectory, _ key: CurveKeyPair) throws -> ZeroMQTransport {
        try ZeroMQTransport(directory: directory, secretKey: key, logger: probe.logger("transport"))
    }

    /// Publishes until the listener has heard, so that no message had to be the first.
    private func hear(
        _ wanted: String, from transport: ZeroMQTransport, in events: AsyncStream<TransportEvent>
    ) async throws -> [TransportMessage] {
        try await withThrowingTaskGroup(of: [TransportMessage]?.self) { group in
            group.addTask {
                var heard: [TransportMessage] = []
                for await case .received(let message) in events {
                    heard.append(message)
                    if message.bytes == Data(wanted.utf8) { return heard }
                }
                return nil
            }
            group.addTask {
                while !Task.isCancelled {
                    await transport.publish(topic: "test.numbers", bytes: Data(wanted.utf8))
                    try await Task.sleep(for: .milliseconds(5))
                }
                return nil
            }
            defer { group.cancelAll() }
            return try #require(try await group.next() ?? nil)
        }
    }

    @Test("hears nothing, with a key that is not listed or with none")
    func hearsNothing() async throws {
        let publisher = try transport(directory, teller)
        _ = try await publisher.open(topicPrefixes: [""])
        // The stranger knows addresses and public keys, and lists itself in a directory of its own.
        let forged = try Self.directory(["teller": (teller, ports[0]), "stranger": (stranger, ports[2])])
        let intruder = try transport(forged, stranger)
        let intruded = try await intruder.open(topicPrefixes: [""])
        let plainContext = try ZeroMQContext()
        let plain = try Socket(.subscriber, in: plainContext)
        try plain.subscribe(topicPrefix: "")
        try plain.connect("tcp://127.0.0.1:\(ports[0])")
        let friend = try transport(directory, listener)
        let events = try await friend.open(topicPrefixes: ["test."])
        try await probe.until("the refusal of the stranger") {
            probe.warnings.contains { $0.contains("a stranger was refused") }
        }
        let heard = try await hear("news", from: publisher, in: events)
        #expect(heard.allSatisfy { $0.peer == "teller" })
        #expect(try plain.receive() == nil)
        await intruder.close()
        for await event in intruded { Issue.record("the stranger heard \(event)") }
        await friend.close()
        await publisher.close()
    }

    @Test("is not heard in another's place")
    func notHeard() async throws {
        let friend = try transport(directory, listener)
        let events = try await friend.open(topicPrefixes: ["test."])
        // The stranger sits at the teller's address, and would let the listener in.
        let forged = try Self.directory(["stranger": (stranger, ports[0]), "listener": (listener, ports[1])])
        let impostor = try transport(forged, stranger)
        let visitors = try await impostor.open(topicPrefixes: [""])
        for _ in 0..<100 { await impostor.publish(topic: "test.numbers", bytes: Data("lies".utf8)) }
        await impostor.close()
        for await event in visitors { Issue.record("the listener spoke to the stranger: \(event)") }
        let publisher = try transport(directory, teller)
        _ = try await publisher.open(topicPrefixes: [""])
        let heard = try await hear("truth", from: publisher, in: events)
        #expect(heard.allSatisfy { $0.bytes == Data("truth".utf8) })
        await friend.close()
        await publisher.close()
    }

    @Test("that is none, but a peer whose message was too large, is heard again")
    func tooLarge() async throws {
        let publisher = try transport(directory, teller)
        _ = try await publisher.open(topicPrefixes: [""])
        let friend = try ZeroMQTransport(
            directory: directory, secretKey: listener, logger: probe.logger("transport"),
            silenceMax: .milliseconds(200))
        let events = try await friend.open(topicPrefixes: ["test."])
        let beating = Task {
            while !Task.isCancelled {
                await friend.publish(topic: BusTopic.heartbeat, bytes: Data())
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        _ = try await hear("before", from: publisher, in: events)
        // libzmq ends the connection for it, and would never come back.
        await publisher.publish(topic: "test.numbers", bytes: Data(count: BusLimits.messageBytesMax * 2 + 1))
        let heard = try await hear("after", from: publisher, in: events)
        #expect(Set(heard.map(\.bytes)).isSubset(of: [Data("before".utf8), Data("after".utf8)]))
        beating.cancel()
        await friend.close()
        await publisher.close()
    }

    @Test("cannot even begin with a key that the directory does not list")
    func notListed() {
        #expect(throws: BusConfigurationInvalid.self) { try transport(directory, stranger) }
    }

    @Test("may listen when it is listed as an observer, and says nothing")
    func observer() async throws {
        let open = try BusDirectory(peers: directory.peers, observers: [stranger.publicKey])
        let publisher = try transport(open, teller)
        _ = try await publisher.open(topicPrefixes: [""])
        let watcher = try transport(open, stranger)
        let events = try await watcher.open(topicPrefixes: ["test."])
        await watcher.publish(topic: "test.numbers", bytes: Data("not sent".utf8))
        let heard = try await hear("news", from: publisher, in: events)
        #expect(Set(heard.map(\.bytes)) == [Data("news".utf8)])
        await watcher.close()
        await publisher.close()
    }
}

@Suite("The bus directory")
struct BusDirectoryTests {
    private func json(_ peers: String) -> Data { Data(#"{"peers":[\#(peers)],"observers":[]}"#.utf8) }

    @Test("comes back as it was written")
    func roundTrip() throws {
        let key = try CurveKeyPair().publicKey
        let directory = try BusDirectory(
            peers: [.init(service: "a", endpoint: "tcp://127.0.0.1:1", publicKey: key)],
            observers: [try CurveKeyPair().publicKey])
        #expect(try BusDirectory(json: directory.json) == directory)
    }

    @Test(
        "names what is wrong with it",
        arguments: [
            "", #"{"service":"a","endpoint":"tcp://h:1","publicKey":"short"}"#, #"{"service":"a"}"#,
            #"{"service":"a","endpoint":"http://h","publicKey":"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}"#,
        ])
    func wrong(peers: String) {
        let error = #expect(throws: BusConfigurationInvalid.self) { try BusDirectory(json: json(peers)) }
        #expect(error?.reason.isEmpty == false)
    }

    @Test("has no key twice")
    func twice() throws {
        let key = try CurveKeyPair().publicKey
        #expect(throws: BusConfigurationInvalid.self) {
            try BusDirectory(
                peers: [
                    .init(service: "a", endpoint: "tcp://127.0.0.1:1", publicKey: key),
                    .init(service: "b", endpoint: "tcp://127.0.0.1:2", publicKey: key),
                ], observers: [])
        }
    }

    @Test("is used with a secret key file that only its owner may read")
    func keyFile() throws {
        let pair = try CurveKeyPair()
        let path = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = Data((pair.secretKey.z85 + "\n").utf8)
        #expect(FileManager.default.createFile(atPath: path, contents: bytes, attributes: [.posixPermissions: 0o644]))
        #expect(throws: BusConfigurationInvalid.self) { try CurveKeyPair(secretKeyFile: path) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(try CurveKeyPair(secretKeyFile: path).publicKey == pair.publicKey)
        #expect(!"\(pair)".contains(pair.secretKey.z85))
    }
}
