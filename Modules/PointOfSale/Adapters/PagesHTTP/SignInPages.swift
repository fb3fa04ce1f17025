import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

extension PointOfSalePages {
    func addSignInPages(to routes: PageRoutes) {
        routes.router.get(RouterPath(Self.signInPath)) { request, context in
            let returnTo = request.uri.queryParameters.get("return") ?? ""
            let wasExpired = context.sessionCheck == .expired || !returnTo.isEmpty
            return signInPage(request, returnTo: returnTo, told: wasExpired ? .expired : nil)
        }
        routes.router.post(RouterPath(Self.signInPath)) { request, context in
            try await signIn(request, context)
        }
        routes.on("/pos/app/sign-out", .post, PageRoutes.everyone) { visit in
            var answer = Response(status: .noContent)
            answer.setCookie(try await door.signOut(visit.context))
            // The next person at this till starts with her own language.
            answer.setCookie(languageCookie("", seconds: 0))
            return answer
        }
    }

    /// Why the form is shown (again).
    private enum SignInNote {
        case expired, wrong, tenantNeeded
        case tooMany(Duration)

        var status: HTTPResponse.Status {
            switch self {
            case .expired: .ok
            case .wrong, .tenantNeeded: .unprocessableContent
            case .tooMany: .tooManyRequests
            }
        }

        func text(_ words: Words) -> String {
            switch self {
            case .expired: words.text("signIn.expired")
            case .wrong: words.text("signIn.wrong")
            case .tenantNeeded: words.text("signIn.ambiguous")
            case .tooMany(let wait):
                words.text("signIn.tooMany", ["minutes": String((wait.components.seconds + 59) / 60)])
            }
        }
    }

    private func signIn(_ request: Request, _ context: ServingContext) async throws -> Response {
        let form = try await decodeForm(of: request)
        let userName = form["user"] ?? ""
        let password = form["password"] ?? ""
        let returnTo = form["return"] ?? ""
        func again(_ note: SignInNote) -> Response {
            signInPage(request, userName: userName, returnTo: returnTo, told: note)
        }
        guard !userName.isEmpty, !password.isEmpty, userName.utf8.count <= 64, password.utf8.count <= 512 else {
            return again(.wrong)
        }
        do {
            let (signedIn, cookies) = try await door.signIn(
                userName: userName, password: password, tenant: nil, request: request, context: context)
            let target = PageFrame.safeReturn(returnTo)
            var answer = Response.redirect(to: target.isEmpty ? Self.home(of: signedIn.user) : target, type: .normal)
            answer.headers[.cacheControl] = "no-store"
            for cookie in cookies { answer.setCookie(cookie) }
            // Chosen on the sign-in page: from now on the user's. Otherwise the page follows the user.
            if let chosen = request.cookies["language"].flatMap({ Language(rawValue: $0.value) }) {
                try await useCases.users.setLanguage(chosen, by: Person(signedIn))
            } else {
                answer.setCookie(languageCookie(signedIn.user.language.rawValue, seconds: 31_536_000))
            }
            return answer
        } catch let refusal as SignInRefusal {
            switch refusal {
            case .wrongCredentials: return again(.wrong)
            case .tenantNeeded: return again(.tenantNeeded)
            case .tooManyAttempts(let wait): return again(.tooMany(wait))
            }
        }
    }

    private func signInPage(
        _ request: Request, userName: String = "", returnTo: String, told note: SignInNote?
    ) -> Response {
        let preferences = Preferences(request)
        let words = frame.templates.texts.words(preferences.language, brand: "Vipps")
        let page = frame.signIn(
            userName: userName, error: note?.text(words), returnTo: returnTo, theme: preferences.theme, words: words)
        var answer = Response.page(page, status: note?.status ?? .ok)
        if case .tooMany(let wait) = note { answer.headers[.retryAfter] = String(wait.components.seconds) }
        return answer
    }

    private static func home(of user: User) -> String {
        let roles = Set(user.roles.compactMap { Role(rawValue: $0.rawValue) })
        return Place.visible(to: roles).first?.address ?? "/pos/app/"
    }

    private func languageCookie(_ value: String, seconds: Int) -> Cookie {
        Cookie(
            name: "language", value: value, maxAge: seconds, path: "/", secure: door.isSecure, httpOnly: false,
            sameSite: .lax)
    }
}

extension Person {
    fileprivate init(_ signedIn: SignedIn) {
        self.init(
            tenantID: signedIn.tenant.id, userID: signedIn.user.id, agentProfileID: signedIn.session.agentProfileID)
    }
}
