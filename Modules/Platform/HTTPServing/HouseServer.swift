import Hummingbird
import HummingbirdCore
import NIOCore

/// HTTP/1.1 as every service speaks it.
///
/// A connection on which nothing happens is closed: of somebody who sends half a request and waits, and of somebody who
/// went away while we were refusing more than we read. An answer that is still being written, as live updates are, is not
/// idle.
///
/// - Parameter idle: longer than a front door keeps its idle connections (nginx: 60 s), so that it never sends on one that
///   we are closing.
package func houseServer(idle: Duration = .seconds(75)) -> HTTPServerBuilder {
    .http1(configuration: .init(idleTimeout: .init(idle)))
}
