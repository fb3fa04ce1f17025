import Foundation
import Messaging
import SharedKernel
import Testing

@Suite("An envelope on its way")
struct EnvelopeCodingTests {
    private func envelope(data: String, causationID: String? = nil) -> Envelope {
        Envelope(
            id: MessageID(UUID()), source: "/teller", type: "test.numbered.v1", subject: "q\"uoted, {data}",
            time: Date(timeIntervalSince1970: 1_795_400_000.25), tenantID: TenantID(UUID()), stream: Numbered.stream,
            sequence: 12, epoch: "E", cause: Cause(correlationID: "c", causationID: causationID, trace: .new()),
            data: Data(data.utf8))
    }

    @Test(
        "comes back as it was, its data byte for byte",
        arguments: [
            #"{"number":1}"#, "{}", #"{"data":{"data":[1,{"data":"}\"]"}]},"a":"\\"}"#, #"["x",null,1.50]"#, "17",
        ])
    func roundTrip(data: String) throws {
        let sent = envelope(data: data, causationID: "x")
        #expect(try EnvelopeCoding.decode(try EnvelopeCoding.encode(sent, previousID: MessageID(UUID()))) == sent)
    }

    @Test("is read from anybody's JSON, whatever its order and white space")
    func foreign() throws {
        let sent = envelope(data: #"{"number": 3}"#)
        let bytes = try EnvelopeCoding.encode(sent, previousID: nil)
        let object = try JSONSerialization.jsonObject(with: bytes)
        let foreign = try JSONSerialization.data(withJSONObject: object, options: .prettyPrinted)
        let heard = try EnvelopeCoding.decode(foreign)
        #expect(try heard.decode(Numbered.self) == Numbered(number: 3))
        #expect(heard.id == sent.id)
    }

    @Test("is a CloudEvent")
    func cloudEvent() throws {
        let bytes = try EnvelopeCoding.encode(envelope(data: "{}"), previousID: nil)
        let object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        #expect(object["specversion"] as? String == "1.0")
        #expect(object["datacontenttype"] as? String == "application/json")
        // Attribute names of CloudEvents are lower-case letters and digits only.
        #expect(object.keys.allSatisfy { $0.allSatisfy { $0.isLowercase || $0.isNumber } })
    }

    @Test("names the field that is missing", arguments: ["tenantid", "traceparent", "time", "data", "type"])
    func missing(field: String) throws {
        let bytes = try EnvelopeCoding.encode(envelope(data: "{}"), previousID: nil)
        var object = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        object[field] = nil
        let broken = try JSONSerialization.data(withJSONObject: object)
        let error = #expect(throws: UnreadableEnvelope.self) { try EnvelopeCoding.decode(broken) }
        #expect(error?.reason == "\(field): missing")
    }

    @Test("nested so deeply that Foundation would end the process is unreadable")
    func tooDeep() {
        let bytes = Data(repeating: UInt8(ascii: "["), count: 513)
        #expect(throws: UnreadableEnvelope.self) { try EnvelopeCoding.decode(bytes) }
        #expect(throws: UnreadableEnvelope.self) { try IncomingMessage(bytes: bytes, from: "teller") }
    }

    @Test("is not taken from a sender that claims another source")
    func forgedSource() throws {
        let bytes = try EnvelopeCoding.encode(envelope(data: "{}"), previousID: nil)
        #expect(try IncomingMessage(bytes: bytes, from: "teller").sequence == 12)
        #expect(throws: UnreadableEnvelope.self) { try IncomingMessage(bytes: bytes, from: "listener") }
    }

    @Test("keeps values out of the reason why data cannot be decoded")
    func noValues() {
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder.house.decode(Numbered.self, from: Data(#"{"number":"secret"}"#.utf8))
        }
        let reason = error.map { RefusalReason.text($0) }
        #expect(reason == "data: number: not a Int")
    }
}

@Suite("A bad network")
struct LinkFaultsTests {
    private func run(seed: UInt64) -> [String] {
        var faults = LinkFaults(seed: seed, loss: 0.3, repetition: 0.2, lateness: 0.3)
        return (0..<400).flatMap { number in
            faults.pass(TransportMessage(peer: "a", topic: "\(number)", bytes: Data())).map(\.topic)
        }
    }

    @Test("loses, repeats and reorders, the same for the same seed")
    func seeded() {
        let arrived = run(seed: 5)
        #expect(arrived == run(seed: 5))
        #expect(arrived != run(seed: 6))
        #expect(Set(arrived).count < 400)
        #expect(Set(arrived).count < arrived.count)
        #expect(arrived != arrived.sorted { Int($0) ?? 0 < Int($1) ?? 0 })
    }
}
