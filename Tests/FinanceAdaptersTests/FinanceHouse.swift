import Cryptography
import Finance
import FinanceAdapters
import Foundation
import GRDB
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Messaging
import SQLiteStorage
import SharedKernel
import Testing
import WebUI

/// A whole financial-service without bus and socket: its own file, its router, sessions signed by a key of the tests.
struct FinanceHouse: Sendable {
    static let oslo = TimeZone(identifier: "Europe/Oslo") ?? .gmt
    static let now = InstantText.read("2026-11-23T09:15:20.031Z")!

    let database: SQLiteDatabase
    let messages: SQLiteMessageStore
    let options: SQLitePaymentOptionStore
    let ledger: SQLiteLedger
    let eventLog: SQLiteEventLog
    let sessions: EndedSessions

    init() throws {
        database = try SQLiteDatabase.temporary(migrator: FinanceSchema.migrator)
        messages = SQLiteMessageStore(database: database, service: ServiceName.finance)
        options = SQLitePaymentOptionStore(database: database, messages: messages)
        ledger = SQLiteLedger(database: database, messages: messages, timeZone: Self.oslo)
        eventLog = SQLiteEventLog(database: database, messages: messages)
        sessions = try EndedSessions(in: database)
    }

    func router() throws -> Router<ServingContext> {
        let pages = try pages()
        let router = houseRouter(
            service: "financial-service",
            verifier: SessionVerifier(key: try VerifyingKey(pem: Self.publicKey), isEnded: sessions.contains),
            now: { Self.now }, checks: [], metricsText: { "" },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, problemPage: pages.problemPage)
        router.add(FinanceAPI(options: options, ledger: ledger, eventLog: eventLog).endpoints)
        router.add(pages.endpoints)
        return router
    }

    func pages() throws -> FinancePages {
        let templates = try Templates(pages: FinancePages.templates, texts: try Texts.load())
        let frame = PageFrame(
            templates: templates, assets: try Assets(directory: nil), base: "financial", now: { Self.now })
        return FinancePages(
            options: options, eventLog: eventLog, frame: frame, brands: try Brands.load(), market: "NO")
    }

    /// Every message the service has told, oldest first.
    func told() async throws -> [Envelope] {
        try await database.writer.read { [messages] in try messages.appendedEnvelopes(in: $0) }
    }

    /// Hears a message as the bus would deliver it: in one transaction, which is undone when the handler throws.
    func hear(_ message: some MessageContract, tenant: TenantID = .first) async throws {
        let envelope = Envelope(
            id: .new(at: Self.now), source: "/somebody", type: type(of: message).type, subject: message.subject,
            time: Self.now, tenantID: tenant, stream: type(of: message).stream, sequence: 1, epoch: "epoch",
            cause: Cause(correlationID: "correlation", causationID: nil, trace: .new()),
            data: try JSONEncoder.house.encode(message))
        let handler = FinanceMessages(
            ledger: ledger, eventLog: eventLog, sessions: sessions, now: { Self.now }
        ).router
        try await database.writer.write { try handler.handle(envelope, in: $0) }
    }

    // MARK: Sessions

    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIObhLbT4UCW0QU85Fe2Trgclj1x+uWX1z9elhyc7/14h
        -----END PRIVATE KEY-----
        """
    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA55elXBQ3TeZ/b5hWO301dZ3hHdk4zmK8j+xN5FnBRTY=
        -----END PUBLIC KEY-----
        """

    static func session(
        _ roles: Set<Role>, tenant: TenantID = .first, expiresAt: Date = now.addingTimeInterval(3600)
    ) -> Session {
        Session(
            sessionID: .new(at: now), userID: .new(at: now), userName: "kari", tenantID: tenant,
            tenantName: "Fjordkaffe", roles: roles, csrf: "token-1", expiresAt: expiresAt)
    }

    static func headers(_ session: Session?, token: String? = "token-1") throws -> HTTPFields {
        var headers = HTTPFields()
        if let session {
            let cookie = try SessionSigner(key: SigningKey(pem: privateKey)).cookie(for: session)
            headers[.cookie] = "session=\(cookie)"
        }
        headers[.csrfToken] = token
        return headers
    }
}

extension TenantID {
    static let first = TenantID("00000000-0000-7000-8000-0000000000a1")!
    static let second = TenantID("00000000-0000-7000-8000-0000000000a2")!
}

extension Money {
    static func nok(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .nok) }
}

extension Cause {
    static var test: Cause { Cause(correlationID: "correlation", causationID: nil, trace: .new()) }
}

/// An answer, read as what it should be.
struct Answer {
    let status: Int
    let text: String
    let headers: HTTPFields

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }
    var slug: String? { json["type"] as? String }
    var fields: [String] { (json["fields"] as? [[String: Any]] ?? []).compactMap { $0["field"] as? String } }
}

extension TestClientProtocol {
    func ask(
        _ method: HTTPRequest.Method, _ uri: String, as session: Session?, token: String? = "token-1",
        body: String? = nil, type: String = "application/json"
    ) async throws -> Answer {
        var headers = try FinanceHouse.headers(session, token: token)
        if body != nil { headers[.contentType] = type }
        let response = try await execute(
            uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
        return Answer(
            status: response.status.code, text: String(buffer: response.body), headers: response.headers)
    }
}
