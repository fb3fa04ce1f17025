import Foundation
import Messaging
import SharedKernel

/// Something that pages of financial-service show has changed.
package struct FinanceViewChanged: MessageContract {
    package static let type = "finance.view-changed.v1"
    package static let stream = MessageStream.financeViews
    package var subject: String { views.first ?? "" }

    /// Names of views: `payment-options`, `ledger`, `payment/<id>`.
    package let views: [String]

    package init(views: [String]) {
        self.views = views
    }
}
