import Foundation
import MessageContracts
import Messaging
import Notifications
import NotificationsAdapters
import SharedKernel
import Synchronization
import Testing

@Suite("Mail by SMTP", .timeLimit(.minutes(1))) struct SMTPTests {
    private let recipient: MailAddress
    private let sender: MailAddress

    init() throws {
        recipient = try MailAddress("kari@example.com")
        sender = try MailAddress("till@shop.example")
    }

    /// As patient while it connects, which for curl includes the greeting, as all the time: a machine may be busy.
    private func transport(_ server: SMTPTestServer) throws -> CurlMailTransport {
        let patience = Duration.seconds(10)
        return CurlMailTransport(
            server: try SMTPServer(url: server.url, credentials: nil, connectTimeout: patience, timeout: patience),
            sender: sender)
    }

    private func message(_ sale: SaleID = .new(at: RelayHouse.now)) -> MIMEMessage {
        let invoice = Invoice(.sample(sale))
        return MIMEMessage(
            invoice.rendered(in: .gmt), sale: sale, from: sender, senderName: invoice.tenantName, to: recipient,
            at: RelayHouse.now)
    }

    /// Gives one mail to a server that behaves so.
    private func outcome(_ behaviour: SMTPTestServer.Behaviour) async throws -> (
        MailOutcome, handedOver: Int, taken: Int
    ) {
        let server = try SMTPTestServer(behaviour)
        let handedOver = Mutex(0)
        let outcome = try await transport(server).send(message(), to: recipient) { handedOver.withLock { $0 += 1 } }
        return (outcome, handedOver.withLock { $0 }, server.mails.count)
    }

    @Test("arrives as it was written, with sender and recipient in the envelope") func arrives() async throws {
        let server = try SMTPTestServer()
        let message = message()
        #expect(try await transport(server).send(message, to: recipient) {} == .accepted)
        let mail = try #require(server.mails.first)
        #expect(server.mails.count == 1)
        #expect(mail.sender.contains("<till@shop.example>"))
        #expect(mail.recipients.count == 1)
        #expect(mail.recipients.first?.contains("<kari@example.com>") == true)
        #expect(mail.data == String(decoding: message.bytes, as: UTF8.self))
    }

    @Test("goes over one connection, one after the other") func several() async throws {
        let server = try SMTPTestServer()
        let transport = try transport(server)
        for _ in 0..<3 { #expect(await transport.send(message(), to: recipient) {} == .accepted) }
        #expect(server.mails.count == 3)
        #expect(server.connections == 1)
    }

    @Test("that the server refuses for ever is refused", arguments: ["MAIL", "RCPT", "DATA"])
    func refused(_ place: String) async throws {
        let (outcome, handedOver, taken) = try await outcome(
            .answer("550 5.1.1 <kari@example.com> is not here", to: place))
        guard case .refused(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("550 5.1.1"))
        #expect(!reason.contains("@"))
        #expect(handedOver == 0)
        #expect(taken == 0)
    }

    @Test("that the server refuses for now is postponed", arguments: ["GREETING", "MAIL", "RCPT", "DATA", "END"])
    func postponed(_ place: String) async throws {
        let (outcome, _, taken) = try await outcome(.answer("451 4.3.0 come back later", to: place))
        guard case .postponed(let reason) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.contains("451") || place == "GREETING")
        #expect(taken == 0)
    }

    @Test("that is refused after its last line is refused") func refusedAtEnd() async throws {
        let (outcome, handedOver, _) = try await outcome(.answer("554 5.7.1 spam", to: "END"))
        guard case .refused = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(handedOver == 1)
    }

    @Test("is not refused because we are: a server that does not serve us is tried again") func greeting() async throws
    {
        let (outcome, _, _) = try await outcome(.answer("554 not you", to: "GREETING"))
        guard case .postponed = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test(
        "whose connection breaks before it is complete is postponed", arguments: ["GREETING", "MAIL", "RCPT", "DATA"])
    func broken(_ place: String) async throws {
        let (outcome, handedOver, taken) = try await outcome(.close(at: place))
        guard case .postponed = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(handedOver == 0)
        #expect(taken == 0)
    }

    @Test("that was taken without an answer is unknown, and so is one that was lost there") func unknown() async throws
    {
        for behaviour in [SMTPTestServer.Behaviour.takeAndClose, .close(at: "END")] {
            let (outcome, handedOver, _) = try await outcome(behaviour)
            guard case .unknown = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(handedOver == 1)
        }
    }

    @Test("is not completed when it cannot be noted that it is handed over") func notNoted() async throws {
        struct DiskFull: Error {}
        let server = try SMTPTestServer()
        let outcome = try await transport(server).send(message(), to: recipient) { throw DiskFull() }
        guard case .postponed = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(server.mails.isEmpty)
    }

    @Test("waits for a server that is away") func away() async throws {
        let server = try SMTPTestServer()
        server.stop()
        guard case .postponed = try await transport(server).send(message(), to: recipient, handOver: {}) else {
            Issue.record("not postponed")
            return
        }
    }

    @Test("tells how often in a row the server did not deal with a mail; a refusal of one mail is dealing with it")
    func sendsInVain() async throws {
        for (behaviour, inVain) in [
            (.answer("554 not you", to: "GREETING"), 2), (.close(at: "DATA"), 2), (.takeAndClose, 2),
            (.answer("550 nobody", to: "RCPT"), 0), (.answer("451 later", to: "MAIL"), 0),
            (.answer("554 spam", to: "END"), 0),
        ] as [(SMTPTestServer.Behaviour, Int)] {
            let server = try SMTPTestServer(behaviour)
            let transport = try transport(server)
            #expect(transport.sendsInVain == 0)
            for _ in 0..<2 { _ = await transport.send(message(), to: recipient) {} }
            #expect(transport.sendsInVain == inVain, "\(behaviour)")
            #expect(server.connections > 0)
        }
    }

    @Test(
        "is never given to a server elsewhere in the clear",
        arguments: [
            ("smtp://127.0.0.1:8025", SMTPServer.Encryption.none), ("smtp://localhost", .none),
            ("smtp://mail.example.com:587", .required), ("smtps://mail.example.com", .immediate),
        ])
    func encryption(_ url: String, _ expected: SMTPServer.Encryption) throws {
        #expect(try SMTPServer(url: url, credentials: nil).encryption == expected)
    }

    @Test(
        "takes no other address for a server",
        arguments: [
            "", "mail.example.com", "http://x", "smtp://", "smtp://u:p@x", "smtp://x/path", "file:///etc/passwd",
        ])
    func urls(_ url: String) {
        #expect(throws: SMTPServer.Invalid.self) { try SMTPServer(url: url, credentials: nil) }
    }
}

@Suite("The invoice mails of a shop", .timeLimit(.minutes(1))) struct SendDueInvoiceMailsTests {
    private let sale = SaleID.new(at: RelayHouse.now)

    private func transport(_ server: SMTPTestServer) throws -> CurlMailTransport {
        CurlMailTransport(
            server: try SMTPServer(url: server.url, credentials: nil), sender: try MailAddress("till@shop.example"))
    }

    private func state(_ house: RelayHouse) async throws -> InvoiceMailStateName? {
        try await house.mails.mails(of: .first, in: nil, queuedBefore: nil, limit: 1).first?.state.name
    }

    @Test("are sent once for a completed sale, however often it is heard") func once() async throws {
        let server = try SMTPTestServer()
        let house = try RelayHouse()
        let send = try house.sender(through: transport(server))
        for _ in 0..<3 {
            try await house.hear(SaleCompleted.sample(sale))
            try await send()
        }
        #expect(server.mails.count == 1)
        #expect(server.mails.first?.data.contains("Message-ID: <invoice.\(sale.text)@shop.example>") == true)
        #expect(try await house.told().map(\.type) == ["notifications.invoice-mailed.v1"])
        #expect(try await house.told().first?.cause.correlationID == "correlation")
    }

    @Test("are tried again with time, and sent when the server is back") func later() async throws {
        let server = try SMTPTestServer(.answer("451 later", to: "RCPT"))
        let house = try RelayHouse()
        let clock = Mutex(RelayHouse.now)
        let send = try house.sender(through: transport(server)) { clock.withLock { $0 } }
        try await house.hear(SaleCompleted.sample(sale))
        #expect(try await send().count == 1)
        #expect(try await send().isEmpty)
        clock.withLock { $0 += 30 }
        #expect(try await send().count == 1)
        server.behave(.normal)
        clock.withLock { $0 += 59 }
        #expect(try await send().isEmpty)
        clock.withLock { $0 += 1 }
        #expect(try await send() == [.accepted])
        #expect(server.mails.count == 1)
    }

    @Test("are not sent again by themselves when it is not known whether they arrived") func doubt() async throws {
        let server = try SMTPTestServer(.takeAndClose)
        let house = try RelayHouse()
        let send = try house.sender(through: transport(server)) { .distantFuture }
        try await house.hear(SaleCompleted.sample(sale))
        try await send()
        #expect(try await state(house) == .inDoubt)
        server.behave(.normal)
        #expect(try await send().isEmpty)
        #expect(server.mails.count == 1)
        _ = try await house.mails.change(.resend, sale: sale, of: .first, now: RelayHouse.now).get()
        #expect(try await send() == [.accepted])
        #expect(try await state(house) == .mailed)
    }

    @Test("of others go on when one is refused") func fenced() async throws {
        let server = try SMTPTestServer(.answer("550 no", to: "RCPT"))
        let house = try RelayHouse()
        let send = try house.sender(through: transport(server))
        try await house.hear(SaleCompleted.sample(sale))
        try await send()
        #expect(try await state(house) == .failed)
        server.behave(.normal)
        try await house.hear(SaleCompleted.sample(), tenant: .second)
        #expect(try await send() == [.accepted])
    }
}
