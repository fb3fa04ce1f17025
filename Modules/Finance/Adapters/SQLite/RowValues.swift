import Finance
import Foundation
import GRDB
import SharedKernel

/// A row that no version of this program has written.
struct UnreadableRow: Error, CustomStringConvertible {
    let table: String
    let column: String
    var description: String { "\(table).\(column) holds what this program never wrote" }
}

extension Row {
    func identifier<Subject>(_ column: String, of table: String) throws -> Identifier<Subject> {
        guard let identifier = Identifier<Subject>(self[column] as String) else {
            throw UnreadableRow(table: table, column: column)
        }
        return identifier
    }

    func instant(_ column: String, of table: String) throws -> Date {
        guard let instant = InstantText.read(self[column]) else { throw UnreadableRow(table: table, column: column) }
        return instant
    }

    func money(_ column: String, of table: String) throws -> Money? {
        guard let minorUnits = self[column] as Int64? else { return nil }
        guard let text = self["currency"] as String?, let currency = Currency(rawValue: text) else {
            throw UnreadableRow(table: table, column: "currency")
        }
        return Money(minorUnits: minorUnits, currency: currency)
    }

    func word<Word>(_ column: String, of table: String, _ read: (String) -> Word?) throws -> Word {
        guard let word = read(self[column]) else { throw UnreadableRow(table: table, column: column) }
        return word
    }
}
