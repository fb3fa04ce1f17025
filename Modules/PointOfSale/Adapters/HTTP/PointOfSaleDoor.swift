import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import NIOCore
import PointOfSale
import SharedKernel

/// What every route of pos-service needs: the use cases, the signer of session cookies, and who is asking.
package struct PointOfSaleDoor: Sendable {
    package let useCases: PointOfSaleUseCases
    let signer: SessionSigner
    /// Cookies are sent over TLS only.
    let isSecure: Bool

    package init(useCases: PointOfSaleUseCases, signer: SessionSigner, isSecure: Bool) {
        self.useCases = useCases
        self.signer = signer
        self.isSecure = isSecure
    }

    /// The signed-in person with one of `roles`, whose session has not been ended since the cookie was given.
    ///
    /// - Throws: `Problem` 401 or 403.
    package func current(_ context: ServingContext, _ roles: Role...) async throws -> CurrentSession {
        try await current(context, anyOf: roles)
    }

    /// The same; no roles means any.
    func current(_ context: ServingContext, anyOf roles: [Role]) async throws -> CurrentSession {
        let allowed = roles.isEmpty ? Role.allCases : roles
        let claims = try require(allowed, in: context)
        guard let current = try await useCases.useSession(claims.sessionID, at: context.now) else {
            throw Problem.sessionExpired
        }
        return current
    }

    private func require(_ roles: [Role], in context: ServingContext) throws -> Session {
        switch context.sessionCheck {
        case .valid(let session) where session.roles.isDisjoint(with: roles):
            // Only to word the refusal.
            return try roles.contains(.administrator) ? context.require(.administrator) : context.require(.cashier)
        case .valid(let session): return session
        case .none: throw Problem.signedOut
        case .expired: throw Problem.sessionExpired
        }
    }

    /// Signs in and makes the cookies: of the session, and of the browser that knows the person from now on.
    package func signIn(
        userName: String, password: String, tenant: String?, request: Request, context: ServingContext
    ) async throws -> (SignedIn, [Cookie]) {
        for (field, text, max) in [
            ("userName", userName, 64), ("password", password, 512), ("tenant", tenant ?? "", 200),
        ]
        where text.utf8.count > max {
            throw Invalid(field: field, slug: "too-long", reason: "must be shorter")
        }
        let known = request.cookies[KnownDevice.cookieName].flatMap { KnownDevice(cookie: $0.value) }
        let signedIn = try await useCases.signIn(
            userName: userName, password: password, tenant: tenant, address: Self.address(of: request, context),
            device: known.map { known in
                SignInDevice(id: known.id) { [signer] in known.knows($0, by: signer) }
            }, at: context.now)
        let session = signedIn.session
        let claims = Session(
            sessionID: session.id, userID: signedIn.user.id, userName: signedIn.user.displayName,
            tenantID: signedIn.tenant.id, tenantName: signedIn.tenant.name,
            roles: Set(signedIn.user.roles.compactMap { Role(rawValue: $0.rawValue) }), csrf: session.csrf,
            expiresAt: session.expiresAt)
        let device = (known ?? KnownDevice(id: UUID().uuidString)).knowing(signedIn.user.id, by: signer)
        return (
            signedIn,
            [
                cookie(try signer.cookie(for: claims), maxAge: Int(SignIn.sessionLife.components.seconds)),
                Cookie(
                    name: KnownDevice.cookieName, value: device.cookie, maxAge: KnownDevice.secondsKept, path: "/pos",
                    secure: isSecure, httpOnly: true, sameSite: .lax),
            ]
        )
    }

    /// Ends the session; the answer clears the cookie.
    package func signOut(_ context: ServingContext) async throws -> Cookie {
        let current = try await current(context)
        try await useCases.signIn.signOut(current.session.id, at: context.now)
        return cookie("", maxAge: 0)
    }

    private func cookie(_ value: String, maxAge: Int) -> Cookie {
        Cookie(
            name: Session.cookieName, value: value, maxAge: maxAge, path: "/", secure: isSecure, httpOnly: true,
            sameSite: .lax)
    }

    /// Behind a proxy on this machine, what the proxy says last; otherwise the other end of the connection.
    private static func address(of request: Request, _ context: ServingContext) -> String {
        let peer = context.remoteAddress?.ipAddress ?? "unknown"
        guard peer == "127.0.0.1" || peer == "::1", let forwarded = request.headers[.forwardedFor],
            let last = forwarded.split(separator: ",").last
        else { return peer }
        return String(last.prefix(64)).trimmingCharacters(in: .whitespaces)
    }
}

extension HTTPField.Name {
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}

/// Values out of addresses, each refused with its name.
struct QueryReader {
    let request: Request

    func text(_ name: String, max: Int = 64) throws -> String? {
        guard let text = request.uri.queryParameters.get(name), !text.isEmpty else { return nil }
        guard text.count <= max else {
            throw Invalid(field: name, slug: "too-long", reason: "must have at most \(max) characters")
        }
        return text
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Invalid(
                field: name, slug: "out-of-range",
                reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String, as type: Word.Type = Word.self) throws
        -> Word?
    {
        guard let text = try text(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw Invalid(field: name, slug: "unknown", reason: "must be one of \(words)")
        }
        return word
    }

    func identifier<Subject>(_ name: String) throws -> Identifier<Subject>? {
        guard let text = try text(name) else { return nil }
        guard let identifier = Identifier<Subject>(text) else {
            throw Invalid(field: name, slug: "not-an-id", reason: "must be a UUID")
        }
        return identifier
    }

    func flag(_ name: String) throws -> Bool? {
        switch try text(name) {
        case nil: nil
        case "true": true
        case "false": false
        default: throw Invalid(field: name, slug: "not-a-flag", reason: "must be true or false")
        }
    }
}

extension SaleQuery {
    /// Of one day in the market's time zone.
    ///
    /// - Throws: `Invalid` unless `text` is a date like 2026-11-23.
    package mutating func setDay(_ text: String, in market: Market) throws(Invalid) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: market.timeZoneIdentifier) ?? .gmt
        guard text.utf8.count == 10, parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            (2000...2199).contains(year),
            let start = calendar.date(from: DateComponents(year: year, month: month, day: day)),
            calendar.dateComponents([.year, .month, .day], from: start)
                == DateComponents(year: year, month: month, day: day),
            let end = calendar.date(byAdding: .day, value: 1, to: start)
        else { throw Invalid(field: "day", slug: "not-a-day", reason: "must be a date like 2026-11-23") }
        from = start
        until = end
    }
}
