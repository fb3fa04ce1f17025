import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

/// The pages of the till and of the set-up: HTML over the same use cases as the JSON API.
///
/// The composition root makes one, gives `problemPage` and `pathsWithoutToken` to the house's router, and calls `add`.
package struct PointOfSalePages: Sendable {
    /// Forms that come before a session, or in place of an old one.
    package static let pathsWithoutToken: Set<String> = [signInPath]
    static let signInPath = "/pos/app/sign-in"

    let door: PointOfSaleDoor
    let frame: PageFrame
    let brands: Brands

    var useCases: PointOfSaleUseCases { door.useCases }

    /// Loads texts, templates and assets, and refuses what is incomplete.
    ///
    /// - Parameter assets: the folder of `htmx.min.js`; `nil` in tests that need no script.
    package init(door: PointOfSaleDoor, assets: URL?, now: @escaping Now) throws {
        let texts = try Texts.load()
        let templates = try Templates(pages: Bundle.module.bundleURL.appending(path: "Pages"), texts: texts)
        self.door = door
        brands = try Brands.load()
        frame = PageFrame(templates: templates, assets: try Assets(directory: assets), base: "pos", now: now)
    }

    /// Adds every page, form and asset below `/pos/`.
    package func add(to router: Router<ServingContext>) {
        frame.assets.addRoutes(to: router, base: "pos")
        let routes = PageRoutes(pages: self, router: router)
        addSignInPages(to: routes)
        addShellPages(to: routes)
        addSaleScreen(to: routes)
        addPaymentPages(to: routes)
        addProcessedSales(to: routes)
        addSalePage(to: routes)
        addCustomerDisplay(to: routes)
        addSetUpPages(to: routes)
    }

    /// Problems that no page has put into words itself: an unknown address, an old page, a session that has ended.
    package var problemPage: ProblemPage {
        { problem, request, context in
            let isWholePage = ["/pos/app", "/pos/display/"].contains { request.uri.path.hasPrefix($0) }
            guard isWholePage || request.uri.path.hasPrefix("/pos/pages/") else { return nil }
            let preferences = Preferences(request)
            let words = frame.templates.texts.words(preferences.language, brand: "Vipps")
            let told = problem.told(in: words, isChange: request.isChange, trace: context.trace)
            if isWholePage, !request.isChange {
                let content = frame.problem(told, words: words, home: "/pos/app/")
                let page = frame.bare(
                    content, title: told.title, isLive: false, csrf: nil, theme: preferences.theme, words: words)
                return .page(page, status: problem.status)
            }
            return try? frame.response(told, to: request, context: context, words: words)
        }
    }
}

extension Preferences {
    init(_ request: Request) {
        self.init(cookies: request.headers[.cookie], acceptLanguage: request.headers[.acceptLanguage])
    }
}
