import Cryptography
import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import NIOCore
import PointOfSale
import PointOfSaleAdapters
import SharedKernel

/// The pages of a till that is set up, through the router, without a browser.
struct PagesHouse: Sendable {
    let house: TillHouse
    let app: any ApplicationProtocol

    init(_ house: TillHouse) throws {
        self.house = house
        let keys = Keys.shared
        let door = PointOfSaleDoor(
            useCases: house.useCases, signer: SessionSigner(key: try SigningKey(pem: keys.sessionPrivate)),
            isSecure: false)
        let now: Now = { house.now }
        let pages = try PointOfSalePages(door: door, assets: nil, now: now)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let router = houseRouter(
            service: "pos-service", verifier: SessionVerifier(key: try VerifyingKey(pem: keys.sessionPublic)),
            withoutToken: PointOfSalePages.pathsWithoutToken, now: now, checks: [], metricsText: { "" },
            logger: logger, problemPage: pages.problemPage)
        pages.add(to: router)
        app = Application(router: router, logger: logger)
    }

    /// With everything set up and kari at till 1.
    static func open(_ body: @escaping @Sendable (PagesHouse, Visitor) async throws -> Void) async throws {
        try await TillHouse.ready { house, kari async throws in
            let pages = try PagesHouse(house)
            try await pages.app.test(.router) { client in
                try await body(pages, Visitor(client, cookie: kari.cookie, token: kari.token))
            }
        }
    }
}

/// A browser on the pages: what htmx sends, and what comes back.
struct Visitor: Sendable {
    let client: any TestClientProtocol
    var cookie: String?
    var token: String?
    var language = "en"

    init(_ client: any TestClientProtocol, cookie: String? = nil, token: String? = nil) {
        self.client = client
        self.cookie = cookie
        self.token = token
    }

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await send(.get, path, nil, headers)
    }

    func post(
        _ path: String, _ fields: [String: String] = [:], command: CommandID = .fresh
    ) async throws -> Answer {
        try await send(.post, path, fields.merging(["commandID": command.text]) { given, _ in given }, [:])
    }

    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String]?, _ extra: HTTPFields
    ) async throws -> Answer {
        var headers = extra
        headers[.cookie] = "language=\(language)" + (cookie.map { "; session=\($0)" } ?? "")
        headers[.csrfToken] = token
        if fields != nil { headers[.contentType] = "application/x-www-form-urlencoded" }
        let body = fields.map { fields in
            ByteBuffer(string: fields.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&"))
        }
        let response = try await client.execute(uri: path, method: method, headers: headers, body: body)
        return Answer(status: response.status.code, text: String(buffer: response.body), headers: response.headers)
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    /// A sale with one small coffee, 39 kr.
    func coffee() async throws -> SaleID {
        let panel = try await post("/pos/pages/sale/add", ["code": "2000010010011"])
        return panel.saleID ?? .fresh
    }

    /// The same, with a payment that waits for identification.
    func askedForVipps() async throws -> (sale: SaleID, payment: PaymentID) {
        let sale = try await coffee()
        let stage = try await post(
            "/pos/pages/payment/\(sale)/start",
            ["option": TillHouse.vippsOption.text, "amount": "39,00", "seen": "0"])
        return (sale, stage.hidden("payment").flatMap { PaymentID($0) } ?? .fresh)
    }
}

extension Answer {
    /// What stands between two marks of the fragment.
    func text(between start: String, and end: Character) -> String? {
        guard let found = text.range(of: start) else { return nil }
        return String(text[found.upperBound...].prefix { $0 != end })
    }

    /// The new return that the page is told to go to.
    var returnID: String? {
        guard let found = trigger.range(of: "new-sale") else { return nil }
        return String(trigger[found.upperBound...].drop { !$0.isHexDigit }.prefix { $0.isHexDigit || $0 == "-" })
    }

    /// The value of a hidden field of the fragment.
    func hidden(_ name: String) -> String? {
        guard let start = text.range(of: "name=\"\(name)\" "),
            let value = text[start.upperBound...].range(of: "value=\"")
        else { return nil }
        return String(text[value.upperBound...].prefix { $0 != "\"" })
    }

    var saleID: SaleID? {
        guard let start = text.range(of: "id=\"sale-id\" value=\"") else { return nil }
        return SaleID(String(text[start.upperBound...].prefix { $0 != "\"" }))
    }

    func says(_ words: String) -> Bool { text.contains(words) }
    var trigger: String { headers[HTTPField.Name("HX-Trigger")!] ?? "" }
}
