import Foundation
import SharedKernel

/// Why somebody is not signed in.
package enum SignInRefusal: Error, Sendable, Hashable {
    case wrongCredentials
    case tooManyAttempts(retryAfter: Duration)
    /// Several tenants have this user name and password: say which.
    case tenantNeeded
}

package struct SignedIn: Sendable, Hashable {
    package let session: TillSession
    package let user: User
    package let tenant: Tenant
}

/// The browser in which somebody signs in, as far as it is known from earlier.
package struct SignInDevice: Sendable {
    package let id: String
    /// Whether this person has signed in there before.
    package let knows: @Sendable (UserID) -> Bool

    package init(id: String, knows: @escaping @Sendable (UserID) -> Bool) {
        self.id = id
        self.knows = knows
    }
}

/// Signs people in and out, with a limit on wrong attempts.
///
/// In a browser that knows the person the limit is the browser's own. Everywhere else it is the user name's and the
/// address's. So whoever guesses elsewhere, from however many addresses, keeps nobody from his own till.
package struct SignIn: Sendable {
    package static let sessionLife: Duration = .seconds(12 * 3600)

    private let store: any SetUpStore
    private let hasher: any PasswordHasher
    private let attempts: SignInAttempts
    private let newToken: @Sendable () -> String

    /// `newToken` makes the session's protection against cross-site requests.
    package init(
        store: any SetUpStore, hasher: any PasswordHasher, attempts: SignInAttempts,
        newToken: @escaping @Sendable () -> String
    ) {
        self.store = store
        self.hasher = hasher
        self.attempts = attempts
        self.newToken = newToken
    }

    /// - Parameter tenant: identifier or name; needed where several tenants have the user name with the same password.
    /// - Throws: `SignInRefusal`.
    package func callAsFunction(
        userName: String, password: String, tenant: String?, address: String, device: SignInDevice? = nil,
        at now: Date
    ) async throws -> SignedIn {
        let name = userName.trimmingWhiteSpace().lowercased()
        let candidates = try await store.readSetUp { try $0.credentials(userName: name) }.filter { candidate in
            candidate.user.isActive
                && (tenant.map { $0 == candidate.tenant.id.text || $0 == candidate.tenant.name } ?? true)
        }
        let isKnown = device.map { device in candidates.contains { device.knows($0.user.id) } } ?? false
        let origin: SignInAttempts.Origin =
            if let device, isKnown { .device(device.id) } else { .anywhere(userName: name, address: address) }
        if let wait = await attempts.wait(for: origin, at: now) {
            throw SignInRefusal.tooManyAttempts(retryAfter: wait)
        }
        var matches: [Credentials] = []
        for candidate in candidates.prefix(20) where try await hasher.verify(password, against: candidate.passwordHash)
        {
            matches.append(candidate)
        }
        // An unknown name takes as long as a wrong password.
        if candidates.isEmpty { _ = try await hasher.hash(password) }
        guard let match = matches.first else {
            await attempts.failed(from: origin, at: now)
            throw SignInRefusal.wrongCredentials
        }
        guard matches.count == 1 else { throw SignInRefusal.tenantNeeded }
        await attempts.succeeded(from: origin)
        let token = newToken()
        return try await store.writeSetUp { tx in
            let session = TillSession(
                id: .new(at: now), tenantID: match.tenant.id, userID: match.user.id, csrf: token, startedAt: now,
                expiresAt: now.addingTimeInterval(TimeInterval(SignIn.sessionLife.components.seconds)), endedAt: nil,
                agentProfileID: try tx.firstProfile(of: match.user.id, in: match.tenant.id))
            try tx.keep(session)
            return SignedIn(session: session, user: match.user, tenant: match.tenant)
        }
    }

    package func signOut(_ id: SessionID, at now: Date) async throws {
        try await store.writeSetUp { tx in
            guard var session = try tx.session(id), session.endedAt == nil else { return }
            session.endedAt = now
            try tx.keep(session)
        }
    }
}

/// The session with everything a page head shows.
package struct CurrentSession: Sendable, Hashable {
    package let session: TillSession
    package let user: User
    package let tenant: Tenant
    package let agentInstance: AgentInstance?
    package let agentProfile: AgentProfile?
    package let organizationalUnit: OrganizationalUnit?

    package var person: Person {
        Person(tenantID: tenant.id, userID: user.id, agentProfileID: agentProfile?.id)
    }
}

package struct UseSession: Sendable {
    private let store: any SetUpStore
    package init(store: any SetUpStore) { self.store = store }

    /// `nil` when the session has ended, or its user is not active any more.
    package func callAsFunction(_ id: SessionID, at now: Date) async throws -> CurrentSession? {
        try await store.readSetUp { tx in
            guard let session = try tx.session(id), session.isValid(at: now) else { return nil }
            return try tx.current(session)
        }
    }

    /// - Throws: `Unknown` when the tenant has no such profile.
    package func select(_ profile: AgentProfileID, in id: SessionID, at now: Date) async throws -> CurrentSession {
        try await store.writeSetUp { tx in
            guard var session = try tx.session(id), session.isValid(at: now) else { throw Unknown("session") }
            guard try tx.agentProfile(profile, in: session.tenantID) != nil else { throw Unknown("agent profile") }
            session.agentProfileID = profile
            try tx.keep(session)
            guard let current = try tx.current(session) else { throw Unknown("session") }
            return current
        }
    }
}

extension SetUpTransaction {
    fileprivate func current(_ session: TillSession) throws -> CurrentSession? {
        guard let user = try user(session.userID, in: session.tenantID), user.isActive,
            let tenant = try tenant(session.tenantID)
        else { return nil }
        let profile = try session.agentProfileID.flatMap { try agentProfile($0, in: tenant.id) }
        let agentInstance = try profile.flatMap { try self.agentInstance($0.agentInstanceID, in: tenant.id) }
        let unit = try agentInstance.flatMap { try organizationalUnit($0.organizationalUnitID, in: tenant.id) }
        return CurrentSession(
            session: session, user: user, tenant: tenant, agentInstance: agentInstance, agentProfile: profile,
            organizationalUnit: unit)
    }

    /// The profile the user had last; for a new user NoAgent's.
    fileprivate func firstProfile(of user: UserID, in tenant: TenantID) throws -> AgentProfileID? {
        if let last = try lastAgentProfile(of: user), try agentProfile(last, in: tenant) != nil { return last }
        return try agentInstances(in: tenant).first { $0.isNoAgent }?.profiles.first?.id
    }
}

/// Counts wrong attempts in memory: ten per user name or known device, and a hundred per address, within a quarter of an
/// hour. A clock that is set forgets them.
package actor SignInAttempts {
    package static let window: TimeInterval = 900
    package static let perUserNameMax = 10
    package static let perDeviceMax = 10
    package static let perAddressMax = 100
    private static let keysMax = 20_000

    /// Where an attempt comes from.
    package enum Origin: Sendable, Hashable {
        /// A browser that knows the person.
        case device(String)
        case anywhere(userName: String, address: String)

        fileprivate var limits: [(key: String, max: Int)] {
            switch self {
            case .device(let id): [("device " + id, perDeviceMax)]
            case .anywhere(let name, let address):
                [("user " + name.prefix(64), perUserNameMax), ("address " + address, perAddressMax)]
            }
        }
    }

    private var failures: [String: [Date]] = [:]

    package init() {}

    func wait(for origin: Origin, at now: Date) -> Duration? {
        origin.limits.compactMap { key, max -> Duration? in
            let recent = recent(key, at: now)
            guard recent.count >= max else { return nil }
            let free = recent[recent.count - max].addingTimeInterval(Self.window)
            return .seconds(Int64(free.timeIntervalSince(now).rounded(.up)))
        }.max()
    }

    func failed(from origin: Origin, at now: Date) {
        if failures.count > Self.keysMax { failures = failures.filter { !recent($0.key, at: now).isEmpty } }
        for (key, _) in origin.limits { failures[key] = recent(key, at: now) + [now] }
    }

    /// The person is who he says; the address remains what it is.
    func succeeded(from origin: Origin) { if let first = origin.limits.first { failures[first.key] = nil } }

    private func recent(_ key: String, at now: Date) -> [Date] {
        (failures[key] ?? []).filter { abs(now.timeIntervalSince($0)) < Self.window }
    }
}
