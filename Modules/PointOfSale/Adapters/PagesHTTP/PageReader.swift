import Foundation
import SharedKernel
import WebUI

/// In whose words a page speaks, and when: all that a view model needs besides the things it shows.
package struct PageReader: Sendable {
    package let words: Words
    package let formats: Formats
    package let now: Date

    package init(words: Words, formats: Formats, now: Date) {
        self.words = words
        self.formats = formats
        self.now = now
    }

    func text(_ key: String, _ values: [String: String] = [:]) -> TemplateValue { .text(words.text(key, values)) }

    func money(_ money: Money) -> TemplateValue { .text(formats.money(money)) }

    /// `nil` is nothing.
    func money(_ money: Money?) -> TemplateValue { .optional(money.map(formats.money)) }

    /// An amount that is only shown when there is one.
    func positive(_ money: Money) -> TemplateValue { money.isPositive ? .text(formats.money(money)) : .nothing }

    func percent(_ rate: Int) -> String { formats.percent(hundredths: rate) }
}
