import Foundation
import GRDB
import HTTPServing
import Hummingbird
import HummingbirdTesting
import Logging
import MessageContracts
import Messaging
import Notifications
import NotificationsAdapters
import SQLiteStorage
import SharedKernel
import Testing

@Suite("Invoice mails over HTTP") struct InvoiceMailAPITests {
    private let sale = SaleID.new(at: RelayHouse.now)
    private let operating = RelayHouse.session([.operator])

    private func ask(
        _ house: RelayHouse, _ method: HTTPRequest.Method, _ path: String, as session: Session?
    ) async throws -> (status: Int, text: String, json: [String: Any]) {
        try await Application(router: try house.router()).test(.router) { client in
            let response = try await client.execute(
                uri: "/notifications/api/mails\(path)", method: method, headers: try RelayHouse.headers(session))
            let text = String(buffer: response.body)
            let json = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return (response.status.code, text, json ?? [:])
        }
    }

    @Test("are listed with their address masked") func listed() async throws {
        let house = try RelayHouse()
        try await house.hear(SaleCompleted.sample(sale))
        let answer = try await ask(house, .get, "", as: operating)
        #expect(answer.status == 200)
        let mail = try #require((answer.json["mails"] as? [[String: Any]])?.first)
        #expect(mail["to"] as? String == "k•••@example.com")
        #expect(mail["state"] as? String == "waiting")
        #expect(mail["mayBeResent"] as? Bool == false)
        #expect(!answer.text.contains("kari@"))
        let other = try await ask(house, .get, "", as: RelayHouse.session([.operator], tenant: .second))
        #expect((other.json["mails"] as? [Any])?.isEmpty == true)
    }

    @Test("that failed are sent again, those that were mailed never") func resent() async throws {
        let house = try RelayHouse()
        try await house.hear(SaleCompleted.sample(sale))
        for command in [InvoiceMailCommand.begin, .conclude(.refused(reason: "550 no"))] {
            _ = try await house.mails.change(command, sale: sale, of: .first, now: RelayHouse.now).get()
        }
        let stranger = RelayHouse.session([.operator], tenant: .second)
        #expect(try await ask(house, .post, "/\(sale.text)/resend", as: stranger).status == 404)
        let answer = try await ask(house, .post, "/\(sale.text)/resend", as: operating)
        #expect(answer.status == 202)
        #expect(answer.json["state"] as? String == "waiting")
        await house.mailQueued.wait()
        for command in [InvoiceMailCommand.begin, .handOver, .conclude(.accepted)] {
            _ = try await house.mails.change(command, sale: sale, of: .first, now: RelayHouse.now).get()
        }
        let again = try await ask(house, .post, "/\(sale.text)/resend", as: operating)
        #expect(again.status == 409)
        #expect(again.json["type"] as? String == "already-mailed")
    }

    @Test("are for operators and administrators") func roles() async throws {
        let house = try RelayHouse()
        #expect(try await ask(house, .get, "", as: RelayHouse.session([.cashier])).status == 403)
        #expect(try await ask(house, .get, "", as: nil).status == 401)
        #expect(try await ask(house, .get, "", as: RelayHouse.session([.administrator])).status == 200)
        #expect(try await ask(house, .post, "/\(sale.text)/resend", as: RelayHouse.session([.cashier])).status == 403)
    }

    @Test(
        "are not found by what is no identifier, and bad queries are told",
        arguments: [
            ("?state=lost", "state"), ("?limit=0", "limit"), ("?limit=ten", "limit"), ("?before=yesterday", "before"),
        ])
    func badInput(_ query: String, _ field: String) async throws {
        let house = try RelayHouse()
        let answer = try await ask(house, .get, query, as: operating)
        #expect(answer.status == 422)
        #expect((answer.json["fields"] as? [[String: Any]])?.first?["field"] as? String == field)
        #expect(try await ask(house, .post, "/1/resend", as: operating).status == 404)
        #expect(try await ask(house, .post, "/\(sale.text)/resend", as: operating).status == 404)
    }
}

@Suite("docs/openapi/notification-relay.yaml") struct OpenAPITests {
    /// Every `METHOD /path` of a document that is written with two spaces a step.
    private func documented() throws -> Set<String> {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/openapi/notification-relay.yaml")
        var found: Set<String> = []
        var path = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if let match = line.wholeMatch(of: #/  (/\S*):/#) { path = String(match.output.1) }
            if let match = line.wholeMatch(of: #/    (get|put|post|delete|patch):/#) {
                found.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return found
    }

    @Test("has every address of the router and no other") func addresses() throws {
        let house = try RelayHouse()
        let router = try house.router()
        let bus = DurableBus(
            service: ServiceName.relay, store: house.messages,
            transport: InMemoryNetwork(services: [ServiceName.relay]).transport(of: ServiceName.relay),
            subscriptions: [], handler: MessageRouter<Database>(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        BusOperatorRoutes(bus: bus, backups: SQLiteBackups(of: house.messages, in: nil))
            .add(to: router, base: "/notifications")
        let served = Set(
            router.routes.map { route in
                "\(route.method.rawValue) \(route.path.description.replacing(/:(\w+)/) { "{\($0.1)}" })"
            })
        let written = try documented()
        #expect(served.subtracting(written).sorted() == [])
        #expect(written.subtracting(served).sorted() == [])
    }
}
