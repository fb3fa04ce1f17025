import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SharedKernel

/// What every request carries on its way through the house.
package struct ServingContext: RequestContext, RemoteAddressRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let remoteAddress: SocketAddress?
    package var sessionCheck: SessionCheck = .none
    package var trace: TraceContext = .new()
    /// One instant for the whole request.
    package var now: Date = .distantPast

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    package var session: Session? {
        if case .valid(let session) = sessionCheck { session } else { nil }
    }

    /// The signed-in person, who has at least one of `roles`.
    ///
    /// - Throws: `Problem` 401 when nobody is signed in, 403 when the role is missing.
    package func require(_ roles: Role...) throws -> Session {
        switch sessionCheck {
        case .none: throw Problem.signedOut
        case .expired: throw Problem.sessionExpired
        case .valid(let session):
            guard !session.roles.isDisjoint(with: roles) else {
                let names = roles.map(\.rawValue).joined(separator: " or ")
                throw Problem.forbidden("This needs the role \(names). Ask an administrator of your shop.")
            }
            return session
        }
    }

    /// The beginning of everything that follows from this request.
    package var cause: Cause { .beginning(at: now, trace: trace) }

    /// An identifier in the path.
    ///
    /// - Throws: `Problem` 404 when the text is not an identifier: nothing can have that address.
    package func identifier<Subject>(_ name: String, of what: String) throws -> Identifier<Subject> {
        guard let text = parameters.get(name), let identifier = Identifier<Subject>(text) else {
            throw Problem.notFound(what)
        }
        return identifier
    }
}
