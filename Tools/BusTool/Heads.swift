import ArgumentParser
import Foundation
import Messaging
import SharedKernel
import ZeroMQMessaging

/// Listens to one heartbeat of each service and puts heads and cursors side by side.
struct Heads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints each stream's numbers and each subscriber's cursor and lag, from the services' heartbeats.")

    @Option(help: "Seconds to wait for the services' heartbeats.")
    var wait = 3.0

    @OptionGroup var bus: BusOptions

    func validate() throws {
        guard (0.1...600).contains(wait) else { throw ValidationError("--wait must be between 0.1 and 600 seconds.") }
    }

    func run() async throws {
        let (transport, directory) = try bus.transport()
        let services = directory.peers.map(\.service)
        let heartbeats = try await hear(services, on: transport)
        for line in HeadsTable(services: services, heartbeats: heartbeats).lines { print(line) }
        if heartbeats.count < services.count { throw ExitCode.failure }
    }

    private func hear(_ services: [String], on transport: some MessageTransport) async throws -> [String: Heartbeat] {
        let events = try await transport.open(topicPrefixes: [BusTopic.heartbeat])
        let patience = Task {
            try await Task.sleep(for: .seconds(wait))
            await transport.close()
        }
        var heard: [String: Heartbeat] = [:]
        for await case .received(let message) in events {
            heard[message.peer] = try JSONDecoder.house.decode(foreign: message.bytes)
            if heard.count == services.count { break }
        }
        patience.cancel()
        await transport.close()
        return heard
    }
}

/// What `heads` prints.
struct HeadsTable {
    let services: [String]
    let heartbeats: [String: Heartbeat]

    var lines: [String] {
        services.flatMap { service -> [String] in
            guard let heartbeat = heartbeats[service] else { return ["\(service)  not heard"] }
            let title = "\(service)  epoch \(heartbeat.epoch)"
            return [title]
                + heartbeat.heads.sorted { $0.key < $1.key }.flatMap { stream, head in
                    ["  \(stream)  \(head.first)...\(head.last)"] + cursors(of: service, stream, head)
                } + strangers(to: heartbeat)
        }
    }

    private func cursors(of publisher: String, _ stream: String, _ head: StreamHead) -> [String] {
        subscribers(of: publisher).filter { $0.cursor.stream.rawValue == stream }.map { subscriber, cursor in
            let standing = cursor.refusal.map { "  REFUSED: \($0.rawValue)" } ?? ""
            return "    \(subscriber)  at \(cursor.sequence)  lag \(max(0, head.last - cursor.sequence))\(standing)"
        }
    }

    /// Streams somebody listens to and the publisher does not have (yet, or any more).
    private func strangers(to heartbeat: Heartbeat) -> [String] {
        subscribers(of: heartbeat.service).filter { heartbeat.heads[$0.cursor.stream.rawValue] == nil }
            .map { subscriber, cursor in
                let standing = cursor.refusal.map { "  REFUSED: \($0.rawValue)" } ?? ""
                return "  \(cursor.stream.rawValue)  no messages\n    \(subscriber)  at \(cursor.sequence)\(standing)"
            }
    }

    private func subscribers(of publisher: String) -> [(subscriber: String, cursor: Heartbeat.HeardCursor)] {
        services.flatMap { service in
            (heartbeats[service]?.cursors ?? []).filter { $0.publisher == publisher }.map { (service, $0) }
        }
    }
}
