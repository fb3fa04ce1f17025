import Foundation
import HTTPServing
import Hummingbird
import HummingbirdTesting
import SharedKernel
import Testing
import WebUI

@Suite("The frame") struct PageFrameTests {
    let texts: Texts
    let frame: PageFrame
    let assets: Assets

    init() throws {
        texts = try Texts.load()
        assets = try Assets(directory: nil)
        frame = PageFrame(
            templates: try Templates(pages: nil, texts: texts), assets: assets, base: "pos",
            now: { Date(timeIntervalSince1970: 1_800_000_000) })
    }

    private func shell(roles: Set<Role>, language: PageLanguage = .norwegian, tenant: String = "Fjordkaffe") -> String {
        let session = Session(
            sessionID: SessionID(UUID()), userID: UserID(UUID()), userName: "kari", tenantID: TenantID(UUID()),
            tenantName: tenant, roles: roles, csrf: "token-1", expiresAt: .distantFuture)
        let visitor = Visitor(session: session, unitName: "Storgata", tillName: "Kasse 3", profileName: "Disk")
        return frame.shell(for: visitor, theme: .dark, words: texts.words(language, brand: "Vipps"))
    }

    @Test("shows a cashier the pages of a cashier, in the language chosen") func cashier() {
        let html = shell(roles: [.cashier])
        for expected in [
            "<html lang=\"nb\" data-theme=\"dark\">", "Nytt salg", "/pos/app/#/new-sale", "/pos/app/#/processed-sales",
            "content=\"token-1\"", "Kasse 3", "Kassemedarbeider", "content=\"2027-01-15T08:00:00.000Z\"",
        ] { #expect(html.contains(expected), "\(expected)") }
        for hidden in ["vipps-agreements", "incoming-payment-options", "operations"] { #expect(!html.contains(hidden)) }
    }

    @Test("shows an administrator every set-up page, and operations to operators alone") func administrator() {
        let html = shell(roles: [.administrator])
        for place in Place.all where place.group != .operations { #expect(html.contains("\"\(place.address)\"")) }
        #expect(!html.contains("#/operations"))
        #expect(shell(roles: [.operator]).contains("#/operations"))
    }

    @Test("has neither inline scripts, inline styles nor handlers") func policy() {
        for html in [shell(roles: Set(Role.allCases)), signIn()] {
            #expect(!html.contains("style="))
            #expect(html.firstMatch(of: /<script(?![^>]*\bsrc=)/) == nil)
            #expect(html.firstMatch(of: /\son\w+=/) == nil)
        }
    }

    @Test("escapes names") func names() {
        let html = shell(roles: [.cashier], tenant: "\"><script>alert(1)</script>")
        #expect(!html.contains("<script>alert"))
    }

    @Test("says on the sign-in page what was wrong, and keeps the name that was typed") func signInError() {
        let html = signIn(error: "Feil passord")
        #expect(html.contains("Feil passord"))
        #expect(html.contains("value=\"kari\""))
        #expect(!html.contains("name=\"csrf\""))
    }

    @Test(
        "returns after sign-in to our own pages only",
        arguments: [
            ("/pos/app/#/new-sale", true), ("/financial/app/#/incoming-payment-options", true),
            ("//evil.example", false),
            ("https://evil.example/pos/app/", false), ("/pos/app/\\evil", false), ("/pos/app/ x", false), ("", false),
            ("/pos/app//evil.example", false), ("/pos/app/\r\nX: y", false),
        ])
    func returns(address: String, isSafe: Bool) {
        #expect(PageFrame.safeReturn(address) == (isSafe ? address : ""))
    }

    @Test("stays small, so that all of a page is under 120 kB with its script and styles") func sizes() throws {
        #expect(shell(roles: Set(Role.allCases), language: .finnish).utf8.count < 8500)
    }

    private func signIn(error: String? = nil) -> String {
        frame.signIn(userName: "kari", error: error, theme: .auto, words: texts.words(.norwegian, brand: "Vipps"))
    }
}

@Suite("What a page is told to do") struct ClientEventsTests {
    @Test("travels in a header of plain ASCII") func header() throws {
        let response = Response.done(.toast("Lagret: øl 🍺").closeDialog)
        let header = try #require(response.headers.first { $0.name.canonicalName == "hx-trigger" }?.value)
        #expect(header.utf8.allSatisfy { $0 < 0x7F })
        let events = try JSONDecoder().decode([String: [String: String]].self, from: Data(header.utf8))
        #expect(events == ["toast": ["text": "Lagret: øl 🍺", "kind": "good"], "closeDialog": [:]])
    }
}

@Suite("Assets") struct AssetsTests {
    @Test("name the file that is missing") func missing() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let error = try #require(throws: Assets.Missing.self) { try Assets(directory: folder) }
        #expect(error.description.contains("htmx.min.js"))
    }

    @Test("are served with a lasting address that changes with the content, and not sent twice")
    func served() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("htmx".utf8).write(to: folder.appending(path: "htmx.min.js"))
        let router = Router()
        try Assets(directory: folder).addRoutes(to: router, base: "pos")
        try await Application(router: router).test(.router) { client in
            let style = try await client.execute(uri: "/pos/assets/app.css?v=1", method: .get)
            #expect(style.status == .ok)
            #expect(style.headers[.contentType] == "text/css; charset=utf-8")
            #expect(style.headers[.cacheControl] == "public, max-age=31536000, immutable")
            let tag = try #require(style.headers[.eTag])
            let again = try await client.execute(uri: "/pos/assets/app.css", method: .get, headers: [.ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(again.body.readableBytes == 0)
            let htmx = try await client.execute(uri: "/pos/assets/htmx.min.js", method: .get)
            #expect(String(buffer: htmx.body) == "htmx")
            for unknown in ["inter.woff2", "..%2Fbrands.json", "texts", "brands.json", "templates"] {
                let answer = try await client.execute(uri: "/pos/assets/\(unknown)", method: .get)
                #expect(answer.status == .notFound, "\(unknown)")
            }
        }
    }

    @Test("of our own are served as the set-up has made them smaller, where it has") func smaller() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("htmx".utf8).write(to: folder.appending(path: "htmx.min.js"))
        try Data("a{b:c}".utf8).write(to: folder.appending(path: "app.css"))
        let router = Router()
        try Assets(directory: folder).addRoutes(to: router, base: "pos")
        try await Application(router: router).test(.router) { client in
            let style = try await client.execute(uri: "/pos/assets/app.css", method: .get)
            #expect(String(buffer: style.body) == "a{b:c}")
            let script = try await client.execute(uri: "/pos/assets/app.js", method: .get)
            #expect(String(buffer: script.body).contains("new EventSource(address)"))
        }
    }
}
