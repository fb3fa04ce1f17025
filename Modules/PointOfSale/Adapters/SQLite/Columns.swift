import Foundation
import GRDB
import PointOfSale
import SharedKernel

/// A row that no version of this program has written.
struct UnreadableRow: Error, CustomStringConvertible {
    let column: String
    var description: String { "column \(column) holds something unreadable" }
}

extension Date {
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension Row {
    func identifier<Subject>(_ column: String) throws -> Identifier<Subject> {
        guard let text: String = self[column], let identifier = Identifier<Subject>(text) else {
            throw UnreadableRow(column: column)
        }
        return identifier
    }

    func optionalIdentifier<Subject>(_ column: String) -> Identifier<Subject>? {
        (self[column] as String?).flatMap { Identifier<Subject>($0) }
    }

    func instant(_ column: String) -> Date { Date(milliseconds: self[column]) }

    func optionalInstant(_ column: String) -> Date? { (self[column] as Int64?).map(Date.init(milliseconds:)) }

    func word<Word: RawRepresentable<String>>(_ column: String, as type: Word.Type = Word.self) throws -> Word {
        guard let word = Word(rawValue: self[column]) else { throw UnreadableRow(column: column) }
        return word
    }

    func money(_ column: String) throws -> Money {
        Money(minorUnits: self[column], currency: try word("currency"))
    }

    func failure(_ column: String = "failure") throws -> SetUpFailure? {
        guard let text: String = self[column] else { return nil }
        return try JSONDecoder.house.decode(FailureColumn.self, from: Data(text.utf8)).failure
    }
}

/// A `SetUpFailure` in one column.
struct FailureColumn: Codable {
    let command: String
    let code: String
    let detail: String
    let at: Date

    var failure: SetUpFailure {
        SetUpFailure(command: command, refusal: Refusal(code: code, detail: detail), at: at)
    }

    static func text(_ failure: SetUpFailure?) throws -> String? {
        guard let failure else { return nil }
        let column = FailureColumn(
            command: failure.command, code: failure.refusal.code, detail: failure.refusal.detail, at: failure.at)
        return String(decoding: try JSONEncoder.house.encode(column), as: UTF8.self)
    }
}

/// Lists of words in one column, as JSON.
enum WordsColumn {
    static func text(_ words: some Sequence<String>) throws -> String {
        String(decoding: try JSONEncoder.house.encode(words.sorted()), as: UTF8.self)
    }

    static func words(_ text: String) throws -> [String] {
        try JSONDecoder.house.decode([String].self, from: Data(text.utf8))
    }
}

/// A name without case and accents, so that «creme» finds «Crème».
func folded(_ text: String) -> String {
    text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil)
}
