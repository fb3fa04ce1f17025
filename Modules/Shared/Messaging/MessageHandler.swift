import Foundation
import SharedKernel

/// Applies one message. `Transaction` is the store's open transaction: the same one that moves the inbox cursor, so
/// that effect and cursor are kept together or not at all.
package protocol MessageHandler<Transaction>: Sendable {
    associatedtype Transaction

    /// May be called again for a message whose transaction did not commit; never for one whose transaction did.
    ///
    /// - Throws: anything, when the message cannot be applied: it is set aside, tried again and ends as a dead letter.
    func handle(_ envelope: Envelope, in transaction: Transaction) throws
}

/// Sends each message to the closure registered for its type. A type nobody registered is not for us and passes by.
package struct MessageRouter<Transaction>: MessageHandler {
    private var routes: [String: @Sendable (Envelope, Transaction) throws -> Void] = [:]

    package init() {}

    /// Registers what is done with messages of one contract.
    package mutating func on<Contract: MessageContract>(
        _ contract: Contract.Type,
        _ apply: @escaping @Sendable (Contract, Envelope, Transaction) throws -> Void
    ) {
        precondition(routes[Contract.type] == nil, "\(Contract.type) has two handlers")
        routes[Contract.type] = { envelope, transaction in
            try apply(try envelope.decode(Contract.self), envelope, transaction)
        }
    }

    package func handle(_ envelope: Envelope, in transaction: Transaction) throws {
        try routes[envelope.type]?(envelope, transaction)
    }
}

/// Which streams of which publisher a service listens to.
package struct Subscription: Sendable, Hashable {
    /// Service name of the publisher, `pos-service`.
    package let publisher: String
    package let stream: MessageStream

    package init(publisher: String, stream: MessageStream) {
        self.publisher = publisher
        self.stream = stream
    }
}
