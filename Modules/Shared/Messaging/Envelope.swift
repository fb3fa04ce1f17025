import Foundation
import SharedKernel

/// The name of a numbered sequence of messages of one publisher, `pos.sales`; frame 0 of every ZeroMQ message.
package struct MessageStream: Sendable, Hashable, Codable, RawRepresentable, ExpressibleByStringLiteral {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }
}

/// A message on its way: a CloudEvents 1.0 envelope (JSON, structured mode) around the data of one `MessageContract`.
package struct Envelope: Sendable, Hashable {
    /// UUIDv7, the same however often the message is sent.
    package let id: MessageID
    /// `/pos-service`.
    package let source: String
    /// `payments.payment-captured.v1`.
    package let type: String
    /// Text of the identifier of the thing the message is about.
    package let subject: String
    package let time: Date
    package let tenantID: TenantID
    package let stream: MessageStream
    /// Counts from 1 without gaps within (source, stream, epoch).
    package let sequence: Int64
    /// Made with the publisher's outbox; another epoch is another history (DESIGN: a restored file is refused).
    package let epoch: String
    package let cause: Cause
    /// JSON of the contract.
    package let data: Data

    package init(
        id: MessageID, source: String, type: String, subject: String, time: Date, tenantID: TenantID,
        stream: MessageStream, sequence: Int64, epoch: String, cause: Cause, data: Data
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.tenantID = tenantID
        self.stream = stream
        self.sequence = sequence
        self.epoch = epoch
        self.cause = cause
        self.data = data
    }

    /// The data as `Contract`.
    ///
    /// - Throws: `DecodingError` when the data is not what the type promises.
    package func decode<Contract: MessageContract>(_ contract: Contract.Type = Contract.self) throws -> Contract {
        try JSONDecoder.house.decode(Contract.self, from: data)
    }

    /// The cause of whatever follows from this message.
    package var asCause: Cause {
        Cause(correlationID: cause.correlationID, causationID: id.text, trace: cause.trace.child())
    }
}

/// A published promise: one message type between services. Fields are added, never changed; a golden file freezes its
/// form.
package protocol MessageContract: Codable, Sendable, Hashable {
    /// `payments.payment-captured.v1`
    static var type: String { get }
    static var stream: MessageStream { get }
    /// Text of the identifier of the thing the message is about.
    var subject: String { get }
}
