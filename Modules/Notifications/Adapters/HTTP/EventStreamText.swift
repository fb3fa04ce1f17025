import Foundation
import Notifications
import SharedKernel

/// Server-sent events as text (WHATWG HTML, section 9.2).
enum EventStreamText {
    /// How soon a page comes back after a lost connection, and where it stands if it has just been loaded.
    static func opening(at position: FeedPosition) -> String {
        "retry: 500\nid: \(position.text)\n\n"
    }

    /// A message with all views for those who listen in general, then one event for each view. The last bears the id,
    /// so that a page that lost some of them gets all of them again.
    static func event(_ event: FeedEvent, epoch: String) -> String {
        let names = (try? JSONEncoder.house.encode(["views": event.views])) ?? Data("{}".utf8)
        var text = "data: \(String(decoding: names, as: UTF8.self))\n\n"
        for view in event.views { text += "event: \(view)\ndata: \(view)\n\n" }
        return text + "id: \(FeedPosition(epoch: epoch, number: event.number).text)\n\n"
    }

    /// Nobody knows any more what the page has missed.
    static func reset(at position: FeedPosition) -> String {
        "event: reset\ndata: {}\nid: \(position.text)\n\n"
    }

    static let keepAlive = ": still here\n\n"
}
