import Foundation
import Messaging
import SharedKernel

/// Something that pages show has changed; published in the transaction of the change, so that a page that fetches again sees it.
package struct PointOfSaleViewChanged: MessageContract {
    package static let type = "pos.view-changed.v1"
    package static let stream = MessageStream.posViews
    package var subject: String { views.first ?? "" }

    /// Names of views: `sale/<id>`, `sales`, `till/<id>`, `agreements`.
    package let views: [String]

    package init(views: [String]) {
        self.views = views
    }
}
