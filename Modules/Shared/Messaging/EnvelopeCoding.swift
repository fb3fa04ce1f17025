import Foundation
import SharedKernel

/// The envelope as it travels: CloudEvents 1.0 in JSON, structured mode. The data is spliced in as it was encoded, byte
/// for byte.
package enum EnvelopeCoding {
    /// - Parameter previousID: the message one number before in the same stream; `nil` for the first. It chains the
    ///   stream, so that a history that was cut off and continued differently is noticed.
    package static func encode(_ envelope: Envelope, previousID: MessageID?) throws -> Data {
        let fields = EnvelopeFields(
            specversion: "1.0", id: envelope.id, source: envelope.source, type: envelope.type,
            subject: envelope.subject, time: envelope.time, datacontenttype: "application/json",
            tenantid: envelope.tenantID, stream: envelope.stream, sequence: envelope.sequence, epoch: envelope.epoch,
            previousid: previousID, correlationid: envelope.cause.correlationID,
            causationid: envelope.cause.causationID, traceparent: envelope.cause.trace.traceparent)
        var bytes = try JSONEncoder.house.encode(fields)
        bytes.removeLast()
        bytes.append(contentsOf: Data(#","data":"#.utf8))
        bytes.append(envelope.data)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// - Throws: `UnreadableEnvelope` with the field that is missing or wrong.
    package static func decode(_ bytes: Data) throws -> Envelope {
        let fields: EnvelopeFields
        do {
            fields = try JSONDecoder.house.decode(foreign: bytes)
        } catch let error as DecodingError {
            throw UnreadableEnvelope(reason: error.whereAndWhy)
        }
        guard fields.specversion == "1.0" else { throw UnreadableEnvelope(reason: "specversion: not 1.0") }
        guard let trace = TraceContext(traceparent: fields.traceparent) else {
            throw UnreadableEnvelope(reason: "traceparent: not a W3C trace context")
        }
        guard let data = TopLevelMember.value(named: "data", in: bytes) else {
            throw UnreadableEnvelope(reason: "data: missing")
        }
        return Envelope(
            id: fields.id, source: fields.source, type: fields.type, subject: fields.subject, time: fields.time,
            tenantID: fields.tenantid, stream: fields.stream, sequence: fields.sequence, epoch: fields.epoch,
            cause: Cause(correlationID: fields.correlationid, causationID: fields.causationid, trace: trace), data: data
        )
    }
}

/// An envelope that cannot be read at all; names the field.
package struct UnreadableEnvelope: Error, Sendable, CustomStringConvertible {
    package let reason: String
    package init(reason: String) { self.reason = reason }
    package var description: String { "unreadable envelope: \(reason)" }
}

private struct EnvelopeFields: Codable {
    let specversion: String
    let id: MessageID
    let source: String
    let type: String
    let subject: String
    let time: Date
    let datacontenttype: String
    let tenantid: TenantID
    let stream: MessageStream
    let sequence: Int64
    let epoch: String
    let previousid: MessageID?
    let correlationid: String
    let causationid: String?
    let traceparent: String
}

/// What the bus itself needs of a message; the rest is read when it is applied, so that a message that cannot be read
/// still has a number and ends as a dead letter instead of as a gap for ever.
package struct IncomingMessage: Sendable, Hashable {
    package let publisher: String
    package let stream: MessageStream
    package let epoch: String
    package let sequence: Int64
    package let id: MessageID
    package let previousID: MessageID?
    package let bytes: Data

    package init(
        publisher: String, stream: MessageStream, epoch: String, sequence: Int64, id: MessageID,
        previousID: MessageID?, bytes: Data
    ) {
        self.publisher = publisher
        self.stream = stream
        self.epoch = epoch
        self.sequence = sequence
        self.id = id
        self.previousID = previousID
        self.bytes = bytes
    }

    /// - Parameter peer: who sent it, as the transport knows.
    /// - Throws: `UnreadableEnvelope`, also when the message claims another source than its sender.
    package init(bytes: Data, from peer: String) throws {
        struct Header: Decodable {
            let id: MessageID
            let source: String
            let stream: MessageStream
            let sequence: Int64
            let epoch: String
            let previousid: MessageID?
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(foreign: bytes)
        } catch let error as DecodingError {
            throw UnreadableEnvelope(reason: error.whereAndWhy)
        }
        guard header.source == "/\(peer)" else { throw UnreadableEnvelope(reason: "source: is not the sender \(peer)") }
        guard header.sequence > 0 else { throw UnreadableEnvelope(reason: "sequence: not positive") }
        self.init(
            publisher: peer, stream: header.stream, epoch: header.epoch, sequence: header.sequence, id: header.id,
            previousID: header.previousid, bytes: bytes)
    }

    package var subscription: Subscription { Subscription(publisher: publisher, stream: stream) }

    /// - Throws: `UnreadableEnvelope`.
    package func envelope() throws -> Envelope { try EnvelopeCoding.decode(bytes) }
}

extension DecodingError {
    /// The field and what is wrong, without any of the data's values.
    package var whereAndWhy: String {
        func path(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
        return switch self {
        case .keyNotFound(let key, let context):
            "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")): missing"
        case .valueNotFound(_, let context): "\(path(context)): null"
        case .typeMismatch(let type, let context): "\(path(context)): not a \(type)"
        case .dataCorrupted(let context): "\(path(context)): cannot be read"
        @unknown default: "cannot be read"
        }
    }
}

/// Finds a member of a JSON object without decoding it, so that its bytes stay exactly as the publisher wrote them.
private enum TopLevelMember {
    /// `json` is known to be a valid object. `nil` when it has no such member.
    static func value(named name: String, in json: Data) -> Data? {
        let wanted = Data(name.utf8)
        return json.withUnsafeBytes { bytes -> Data? in
            var depth = 0
            var key: Range<Int>?
            var expectsKey = false
            var index = 0
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\""):
                    let end = endOfString(bytes, from: index)
                    if depth == 1, expectsKey { key = (index + 1)..<(end - 1) }
                    index = end
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    expectsKey = depth == 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case UInt8(ascii: ",") where depth == 1: expectsKey = true
                case UInt8(ascii: ":") where depth == 1:
                    expectsKey = false
                    if let found = key, Data(bytes[found]) == wanted {
                        return Data(bytes[(index + 1)..<endOfValue(bytes, from: index + 1)])
                    }
                default: break
                }
                index += 1
            }
            return nil
        }
    }

    /// Index behind the closing quotation mark.
    private static func endOfString(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }

    private static func endOfValue(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var depth = 0
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = endOfString(bytes, from: index)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0: return index
            default: break
            }
            index += 1
        }
        return index
    }
}
