import Foundation
import Messaging
import SharedKernel

/// Somebody signed out, or was given another password or other roles: the session is refused everywhere from now on.
package struct SessionEnded: MessageContract {
    package static let type = "pos.session-ended.v1"
    package static let stream = MessageStream.posSessions
    package var subject: String { sessionID.text }

    package let sessionID: SessionID
    package let endedAt: Date
    /// When it would have ended by itself.
    package let expiresAt: Date

    package init(sessionID: SessionID, endedAt: Date, expiresAt: Date) {
        self.sessionID = sessionID
        self.endedAt = endedAt
        self.expiresAt = expiresAt
    }
}
