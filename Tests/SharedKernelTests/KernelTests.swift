import Foundation
import SharedKernel
import Testing

@Suite("An identifier") struct IdentifierTests {
    @Test("is lower-case text of a UUID, whatever the case it is read from") func text() throws {
        let id = try #require(SaleID("0190B2F4-0000-7000-8000-00000000ABCD"))
        #expect(id.text == "0190b2f4-0000-7000-8000-00000000abcd")
        #expect("\(id)" == id.text)
        let json = String(decoding: try JSONEncoder.house.encode([id]), as: UTF8.self)
        #expect(json == #"["0190b2f4-0000-7000-8000-00000000abcd"]"#)
        #expect(try JSONDecoder.house.decode([SaleID].self, from: Data(json.utf8)) == [id])
    }

    @Test("is nothing else", arguments: ["", "1", "0190b2f4", "0190b2f4-0000-7000-8000-00000000abcg", "' OR 1=1"])
    func wrong(_ text: String) { #expect(SaleID(text) == nil) }

    @Test("sorts by the time it was made at") func order() {
        let start = Date(timeIntervalSince1970: 1_795_000_000)
        let ids = (0..<50).map { PaymentID.new(at: start.addingTimeInterval(Double($0) / 100)).text }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == 50)
    }

    @Test("is a UUID of version 7 and variant 10, with its milliseconds in front") func version() {
        let instant = Date(timeIntervalSince1970: 1_795_000_000.123)
        let text = UUID.version7(at: instant).uuidString.lowercased()
        #expect(text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        let milliseconds = UInt64(text.replacingOccurrences(of: "-", with: "").prefix(12), radix: 16)
        #expect(milliseconds == 1_795_000_000_123)
    }

    @Test("is the same from the same chance") func replay() {
        struct Fixed: RandomNumberGenerator {
            var state: UInt64
            mutating func next() -> UInt64 {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return state
            }
        }
        let instant = Date(timeIntervalSince1970: 1)
        var (one, two) = (Fixed(state: 7), Fixed(state: 7))
        #expect(UUID.version7(at: instant, using: &one) == UUID.version7(at: instant, using: &two))
        #expect(UUID.version7(at: instant, using: &one) != UUID.version7(at: instant))
    }
}

@Suite("An instant as text") struct InstantTests {
    @Test("has milliseconds, to the nearest") func writes() {
        #expect(InstantText.write(Date(timeIntervalSince1970: 1_795_252_520.031)) == "2026-11-21T09:15:20.031Z")
        #expect(InstantText.write(Date(timeIntervalSince1970: 1_795_252_520.030_6)) == "2026-11-21T09:15:20.031Z")
        #expect(InstantText.write(Date(timeIntervalSince1970: 1_795_252_520)) == "2026-11-21T09:15:20.000Z")
    }

    @Test("is the same after any number of hops") func stable() throws {
        for second in 0..<3 {
            for millisecond in 0..<1000 {
                let digits = String(1000 + millisecond).dropFirst()
                let text = "2026-11-23T09:15:2\(second).\(digits)Z"
                #expect(InstantText.write(try #require(InstantText.read(text))) == text)
            }
        }
    }

    @Test(
        "is read with a fraction of any length",
        arguments: ["2026-11-23T09:15:20Z", "2026-11-23T09:15:20.0Z", "2026-11-23T09:15:20.0000000Z"])
    func fractions(_ text: String) {
        #expect(InstantText.read(text) == InstantText.read("2026-11-23T09:15:20.000Z"))
        #expect(InstantText.read(text) != nil)
    }

    @Test("is nothing else", arguments: ["", "yesterday", "2026-11-23", "2026-13-01T00:00:00Z", "1795252520"])
    func wrong(_ text: String) { #expect(InstantText.read(text) == nil) }
}

@Suite("A trace") struct TraceContextTests {
    @Test("goes on with a step of its own") func child() {
        let trace = TraceContext.new()
        #expect(trace.child().traceID == trace.traceID)
        #expect(trace.child().spanID != trace.spanID)
    }

    @Test("is read from what it writes") func roundTrip() {
        let trace = TraceContext.new()
        #expect(TraceContext(traceparent: trace.traceparent) == trace)
    }

    @Test(
        "is not read from what the W3C forbids",
        arguments: [
            "", "00-abc-def-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        ])
    func wrong(_ text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test("of a message's effects keeps correlation and names its cause") func cause() {
        let cause = Cause.beginning(at: Date(timeIntervalSince1970: 1), trace: nil)
        #expect(cause.causationID == nil)
        #expect(!cause.correlationID.isEmpty)
        let trace = TraceContext.new()
        #expect(Cause.beginning(at: Date(), trace: trace).trace == trace)
    }
}

@Suite("JSON from outside") struct ForeignJSONTests {
    private static let brackets = String(repeating: "[", count: 513)

    @Test(
        "is refused before Foundation's reader sees what would end the process",
        arguments: [
            brackets, String(repeating: "[", count: 65), String(repeating: #"{"a":"#, count: 512) + "{",
            #"{"text":"\\""# + #","x":"# + brackets, String(repeating: "[]", count: 3) + brackets,
        ])
    func tooDeep(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder.house.decode(foreign: text.utf8, as: [String].self) }
    }

    @Test("in another encoding is refused as well", arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf32])
    func encodings(encoding: String.Encoding) throws {
        let bytes = try #require((#"["\u{2200}"]"# + Self.brackets).data(using: encoding))
        #expect(throws: DecodingError.self) { try JSONDecoder.house.decode(foreign: bytes, as: [String].self) }
    }

    @Test("with brackets in its texts is read") func bracketsInTexts() throws {
        let texts = [Self.brackets, #"\"[[{"#, "{{{{"]
        let bytes = try JSONEncoder().encode(texts)
        #expect(try JSONDecoder.house.decode(foreign: bytes, as: [String].self) == texts)
    }
}
