import Foundation

/// Why a message was refused, in words an operator may read.
package enum RefusalReason {
    /// The error's own words, cut to length. Data that cannot be decoded is named by field only, never by value.
    package static func text(_ error: any Error) -> String {
        let words =
            if let error = error as? DecodingError { "data: \(error.whereAndWhy)" } else { String(describing: error) }
        return String(words.prefix(BusLimits.reasonMax))
    }
}
