import ArgumentParser
import Foundation
import Messaging
import SharedKernel
import ZeroMQMessaging

/// Prints messages as they are published.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints every message as it is published: time, stream, number, type, subject, tenant, trace.")

    @Argument(help: "Beginning of the stream names to watch, for instance payments. All by default.")
    var stream: String?

    @Flag(help: "Print whole messages, one JSON a line.")
    var json = false

    @OptionGroup var bus: BusOptions

    func run() async throws {
        let (transport, _) = try bus.transport()
        for await event in try await transport.open(topicPrefixes: [stream ?? ""]) {
            guard case .received(let message) = event, !message.topic.hasPrefix("bus.") else { continue }
            // Written at once, also into a pipe.
            let line = json ? String(decoding: message.bytes, as: UTF8.self) : line(message)
            FileHandle.standardOutput.write(Data("\(line)\n".utf8))
        }
    }

    private func line(_ message: TransportMessage) -> String {
        guard let envelope = try? EnvelopeCoding.decode(message.bytes) else {
            return "\(InstantText.write(Date())) \(message.topic) from \(message.peer): cannot be read"
        }
        return [
            InstantText.write(envelope.time), envelope.stream.rawValue, "#\(envelope.sequence)", envelope.type,
            envelope.subject, "tenant=\(envelope.tenantID)", "trace=\(envelope.cause.trace.traceID)",
        ].joined(separator: " ")
    }
}
