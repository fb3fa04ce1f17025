import ArgumentParser
import Foundation
import Messaging
import SharedKernel

/// How the bus of one service is doing.
struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints a service's view of the bus, with troubles and lag.")

    @OptionGroup var access: OperatorOptions

    func run() async throws {
        let health = try await access.client().get(BusHealth.self)
        print(
            "\(health.service)  \(health.isReady ? "ready" : "NOT READY")  set aside \(health.setAside)  "
                + "dead letters \(health.deadLetters)")
        for trouble in health.troubles { print("  trouble: \(trouble)") }
        for stream in health.streams {
            let heard = stream.lastHeardAt.map { "heard \(InstantText.write($0))" } ?? "never heard"
            print(
                "  hears \(stream.stream.rawValue) of \(stream.publisher)  at \(stream.cursor)"
                    + "  lag \(stream.lag)  \(heard)")
        }
        for head in health.heads { print("  tells \(head.stream.rawValue)  \(head.first)...\(head.last)") }
        for subscriber in health.subscribers {
            let heard = subscriber.lastHeardAt.map { "heard \(InstantText.write($0))" } ?? "never heard"
            print("  heard by \(subscriber.service)  \(heard)\(subscriber.isRetired ? "  retired" : "")")
        }
    }
}

/// Messages that a service's handlers refused.
struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Lists, retries or drops messages that a service refused.",
        subcommands: [List.self, Retry.self, Drop.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the dead letters of a service.")
        @OptionGroup var access: OperatorOptions

        func run() async throws {
            let list = try await access.client().get(DeadLetterList.self, "dead-letters")
            for letter in list.deadLetters {
                print(
                    "\(letter.id)  \(InstantText.write(letter.diedAt))  \(letter.stream.rawValue) #\(letter.sequence)"
                        + "  \(letter.type)  \(letter.subject)  after \(letter.attempts) attempts: \(letter.reason)")
            }
            print("\(list.deadLetters.count) dead letters")
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Applies a dead letter now.")
        @Argument(help: "Its number in the list.") var id: Int64
        @OptionGroup var access: OperatorOptions

        func run() async throws {
            try await access.client().post("dead-letters/\(id)/retry")
            print("applied")
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a dead letter for good.")
        @Argument(help: "Its number in the list.") var id: Int64
        @OptionGroup var access: OperatorOptions

        func run() async throws {
            try await access.client().post("dead-letters/\(id)/drop")
            print("dropped")
        }
    }
}

/// Goes on with a stream whose publisher tells another history.
struct AcceptEpoch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets a service go on with a refused stream, behind a number you name.",
        discussion:
            "Compare the books of both services first: what the publisher holds up to that number counts as applied.")

    @Option(help: "The publisher of the refused stream.") var publisher: String
    @Option(help: "The refused stream.") var stream: String
    @Option(help: "The epoch the publisher offers; health shows it.") var epoch: String
    @Option(help: "The last number of that epoch that counts as applied.") var after: Int64
    @OptionGroup var access: OperatorOptions

    func run() async throws {
        let body = AcceptEpochBody(
            publisher: publisher, stream: MessageStream(rawValue: stream), epoch: epoch, after: after)
        try await access.client().post("accept-epoch", body: body)
        print("\(access.service) goes on with \(stream) of \(publisher) behind \(after)")
    }
}

/// Stops keeping messages for a subscriber that will not come back.
struct Retire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets a service forget a subscriber, so that it keeps nothing more for it.")

    @Argument(help: "The subscriber that will not come back.") var subscriber: String
    @OptionGroup var access: OperatorOptions

    func run() async throws {
        try await access.client().post("retire", body: RetireSubscriberBody(service: subscriber))
        print("\(access.service) keeps nothing more for \(subscriber)")
    }
}
