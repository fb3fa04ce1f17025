import Messaging
import SharedKernel

/// A message of the tests: the publisher counts, the subscriber writes down what it hears.
struct Numbered: MessageContract {
    static let type = "test.numbered.v1"
    static let stream: MessageStream = "test.numbers"
    var subject: String { "\(number)" }
    let number: Int
}

/// The same in a second stream.
struct Lettered: MessageContract {
    static let type = "test.lettered.v1"
    static let stream: MessageStream = "test.letters"
    var subject: String { "\(number)" }
    let number: Int
}

/// What a handler of the tests throws.
struct Poisoned: Error, CustomStringConvertible {
    let number: Int
    var description: String { "number \(number) is poison" }
}
