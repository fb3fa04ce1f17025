import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The set-up: what an administrator keeps in order, and what an operator watches. One file a page.

extension PointOfSalePages {
    func addSetUpPages(to routes: PageRoutes) {
        addAgreementPages(to: routes)
        addSalesUnitPages(to: routes)
        addMerchantQRPages(to: routes)
        addAgentInstancePages(to: routes)
        addAgentProfilePages(to: routes)
        addProductPages(to: routes)
        addUserPages(to: routes)
        addOperationsPage(to: routes)
    }
}

extension ClientEvents {
    /// The list behind the dialog is fetched again, also when no live event tells of the change.
    static func saved(_ words: Words) -> ClientEvents {
        .closeDialog.toast(words.text("generic.saved")).event(setUpChanged)
    }

    static func deleted(_ words: Words) -> ClientEvents {
        .closeDialog.toast(words.text("generic.deleted")).event(setUpChanged)
    }

    private static let setUpChanged = "setUpChanged"
}

extension PageVisit {
    /// Tells refusals of `act` in words of the page: by `field.slug` for a field, by `slug` for a conflict. Others go on as
    /// they are.
    func telling<Value>(_ texts: [String: String], _ act: () async throws -> Value) async throws -> Value {
        do {
            return try await act()
        } catch let invalid as Invalid {
            guard let text = texts["\(invalid.field).\(invalid.slug)"] else { throw invalid }
            throw FormMistake(invalid.field, text)
        } catch let conflict as Conflict {
            guard let text = texts[conflict.slug] else { throw conflict }
            throw Problem.conflict(conflict.slug, text, title: words)
        }
    }

    /// A dialog that asks before something goes for good.
    func question(title: String, text: String, address: String, action: String) -> Response {
        fragment(
            "set-up/question",
            [
                "title": .text(title), "question": .text(text), "address": .text(address), "action": .text(action),
            ])
    }

    /// When something was set and by whom.
    func when(_ instant: Date) -> String { formats.timeOrDate(instant, now: now) }
}

/// A choice of a `<select>`.
struct Option {
    let value: String
    let name: String
    var isChosen = false
    var isTaken = false

    var values: TemplateValue {
        ["value": .text(value), "name": .text(name), "isChosen": .flag(isChosen), "isTaken": .flag(isTaken)]
    }
}
