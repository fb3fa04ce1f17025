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

/// Signs people in and out, with a limit on wrong attempts per user name and per address.
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
        userName: String, password: String, tenant: String?, address: String, at now: Date
    ) async throws -> SignedIn {
        let name = userName.trimmingWhiteSpace().lowercased()
        if let wait = await attempts.wait(userName: name, address: address, at: now) {
            throw SignInRefusal.tooManyAttempts(retryAfter: wait)
        }
        let candidates = try await store.readSetUp { try $0.credentials(userName: name) }.filter { candidate in
            candidate.user.isActive
                && (tenant.map { $0 == candidate.tenant.id.text || $0 == candidate.tenant.name } ?? true)
        }
        var matches: [Credentials] = []
        for candidate in candidates.prefix(20) where try await hasher.verify(password, against: candidate.passwordHash)
        {
            matches.append(candidate)
        }
        // An unknown name takes as long as a wrong password.
        if candidates.isEmpty { _ = try await hasher.hash(password) }
        guard let match = matches.first else {
            await attempts.failed(userName: name, address: address, at: now)
            throw SignInRefusal.wrongCredentials
        }
        guard matches.count == 1 else { throw SignInRefusal.tenantNeeded }
        await attempts.succeeded(userName: name)
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

/// Counts wrong attempts in memory: ten per user name and a hundred per address within a quarter of an hour.
package actor SignInAttempts {
    package static let window: TimeInterval = 900
    package static let perUserNameMax = 10
    package static let perAddressMax = 100
    private static let keysMax = 20_000

    private var failures: [String: [Date]] = [:]

    package init() {}

    func wait(userName: String, address: String, at now: Date) -> Duration? {
        let limits = [(Self.userKey(userName), Self.perUserNameMax), ("address " + address, Self.perAddressMax)]
        return limits.compactMap { key, max -> Duration? in
            let recent = recent(key, at: now)
            guard recent.count >= max else { return nil }
            let free = recent[recent.count - max].addingTimeInterval(Self.window)
            return .seconds(Int64(free.timeIntervalSince(now).rounded(.up)))
        }.max()
    }

    func failed(userName: String, address: String, at now: Date) {
        if failures.count > Self.keysMax { failures = failures.filter { !recent($0.key, at: now).isEmpty } }
        for key in [Self.userKey(userName), "address " + address] { failures[key] = recent(key, at: now) + [now] }
    }

    func succeeded(userName: String) { failures[Self.userKey(userName)] = nil }

    private func recent(_ key: String, at now: Date) -> [Date] {
        (failures[key] ?? []).filter { now.timeIntervalSince($0) < Self.window }
    }

    private static func userKey(_ name: String) -> String { "user " + name.prefix(64) }
}
