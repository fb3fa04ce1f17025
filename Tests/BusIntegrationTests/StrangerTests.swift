import Foundation
import Logging
import MessageContracts
import Messaging
import SharedKernel
import Testing
import ZeroMQ
import ZeroMQMessaging

@Suite("A stranger among the services", .serialized, .timeLimit(.minutes(3)))
struct StrangerTests {
    @Test("is neither heard nor told anything, whatever it calls itself")
    func stranger() async throws {
        try await Installation.with(ServiceName.finance) { installation in
            // It has taken the gateway's address, but has a key of its own.
            await installation.gateway.leave()
            let key = try CurveKeyPair()
            let forged = try BusDirectory(
                peers: installation.keys.busDirectory.peers.map { peer in
                    peer.service == ServiceName.gateway
                        ? .init(service: peer.service, endpoint: peer.endpoint, publicKey: key.publicKey) : peer
                }, observers: [])
            let silent = Logger(label: "stranger") { _ in SwiftLogNoOpLogHandler() }
            let store = InMemoryMessageStore(service: ServiceName.gateway, value: 0)
            let bus = DurableBus(
                service: ServiceName.gateway, store: store,
                transport: try ZeroMQTransport(directory: forged, secretKey: key, logger: silent),
                subscriptions: [Subscription(publisher: ServiceName.finance, stream: .financeLedger)],
                handler: Counting(), logger: silent)
            let running = Task { try await bus.run() }
            let (now, id) = (Date(), PaymentID.new(at: Date()))
            let lie = PaymentCaptured(
                paymentID: id, saleID: .new(at: now), reference: "pay-\(id.text)", msn: "123456",
                amount: Money(minorUnits: 1_000_000, currency: .nok), capturedAt: now)
            try store.write {
                try store.append(lie, tenantID: installation.tenant, cause: .beginning(at: now), at: now, in: $0)
            }
            _ = try await awaited("the refusal of the stranger") {
                installation.service.logText.contains("a stranger was refused").orNil
            }
            // A known service is heard all the while, and what it causes is told to those who are known.
            let cash = CashReceived(
                paymentID: .new(at: now), saleID: .new(at: now), saleIdentifier: "OSL-1",
                amount: Money(minorUnits: 5_000, currency: .nok), receivedBy: .new(at: now), receivedAt: now)
            try installation.pos.tell(cash, of: installation.tenant)
            try await installation.pos.hears(PaymentRegistered.self) { $0.paymentID == cash.paymentID }
            #expect(try installation.pos.heard(PaymentRegistered.self).count == 1)
            #expect(store.copy.value == 0)
            running.cancel()
            _ = await running.result
        }
    }

    private struct Counting: MessageHandler {
        func handle(_ envelope: Envelope, in transaction: InMemoryMessageStore<Int>.Transaction) throws {
            transaction.value += 1
        }
    }
}
