import Foundation
import MessageContracts
import SharedKernel

/// What a type is in JSON, found out by letting it decode itself.
indirect enum JSONShape: Equatable {
    /// `string`, `integer`, `boolean`
    case plain(String)
    case bytes
    /// A named schema: `Identifier`, `Instant`, `Money`, ...
    case named(String)
    case array(JSONShape)
}

struct ObjectShape: Equatable {
    var required: Set<String> = []
    var properties: [String: JSONShape] = [:]
}

/// Every named schema that was met on the way.
final class SchemaCollection {
    var objects: [String: ObjectShape] = [:]
    var enums: [String: [String]] = [:]

    func reflect(_ type: any Decodable.Type, named name: String) throws {
        guard objects[name] == nil else { return }
        objects[name] = ObjectShape()  // Met again on the way: known.
        let recorder = Recorder(collection: self)
        _ = try type.init(from: ReflectingDecoder(recorder: recorder))
        objects[name] = recorder.shape
    }

    func shape(of type: any Decodable.Type) throws -> JSONShape {
        switch type {
        case is String.Type: return .plain("string")
        case is Int.Type, is Int64.Type: return .plain("integer")
        case is Bool.Type: return .plain("boolean")
        case is Data.Type: return .bytes
        case is Date.Type: return .named("Instant")
        case is any IdentifierShape.Type: return .named("Identifier")
        case let array as any ArrayShape.Type: return .array(try shape(of: array.elementType))
        case is CustomerIdentification.Type: return .named("CustomerIdentification")
        case let words as any (CaseIterable & RawRepresentable<String>).Type:
            enums["\(type)"] = rawValues(words)
            return .named("\(type)")
        default:
            try reflect(type, named: "\(type)")
            return .named("\(type)")
        }
    }

    private func rawValues<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> [String] {
        type.allCases.map(\.rawValue)
    }
}

private protocol IdentifierShape {}
extension Identifier: IdentifierShape {}

private protocol ArrayShape { static var elementType: any Decodable.Type { get } }
extension Array: ArrayShape where Element: Decodable {
    static var elementType: any Decodable.Type { Element.self }
}

private final class Recorder {
    let collection: SchemaCollection
    var shape = ObjectShape()

    init(collection: SchemaCollection) { self.collection = collection }

    func note(_ key: any CodingKey, _ type: any Decodable.Type, required: Bool) throws {
        shape.properties[key.stringValue] = try collection.shape(of: type)
        if required { shape.required.insert(key.stringValue) }
    }

    /// Some value of the type: the decoding must go on.
    func anything<Value: Decodable>(_ type: Value.Type) throws -> Value {
        for json in [
            "\"00000000-0000-7000-8000-000000000001\"", "1", "true", "[]", "\"2026-11-23T09:15:20Z\"", "\"\"",
            "{\"oneTimeQR\":{}}",
        ] {
            if let value = try? JSONDecoder.house.decode(Value.self, from: Data(json.utf8)) { return value }
        }
        if let words = type as? any (CaseIterable & RawRepresentable<String>).Type,
            let first = first(of: words) as? Value
        {
            return first
        }
        return try Value(from: ReflectingDecoder(recorder: Recorder(collection: collection)))
    }

    private func first<Word: CaseIterable>(of type: Word.Type) -> Any? { type.allCases.first }
}

private struct ReflectingDecoder: Decoder {
    let recorder: Recorder
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(ReflectingContainer(recorder: recorder))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw NotReflected() }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw NotReflected() }
}

private struct NotReflected: Error {}

private struct ReflectingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: Recorder
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try recorder.note(key, type, required: true)
        return try recorder.anything(type)
    }

    private func absent<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        try recorder.note(key, type, required: false)
        return nil
    }
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try absent(type, key)
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try absent(type, key) }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try absent(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try absent(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try absent(type, key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { throw NotReflected() }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw NotReflected() }
    func superDecoder() throws -> any Decoder { throw NotReflected() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw NotReflected() }
}
