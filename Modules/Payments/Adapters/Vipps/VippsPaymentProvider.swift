import Foundation
import Payments
import SharedKernel

/// Payments through the ePayment API of Vipps MobilePay.
package struct VippsPaymentProvider: PaymentProvider {
    private let client: VippsClient
    private let keyRing: VippsKeyRing
    private let now: Now

    package init(client: VippsClient, keyRing: VippsKeyRing, now: @escaping Now = { Date() }) {
        self.client = client
        self.keyRing = keyRing
        self.now = now
    }

    package func create(_ request: CreateRequest, key: IdempotencyKey) async -> ProviderReply<CreateAnswer> {
        let body: [UInt8]
        do throws(Refusal) {
            body = try PaymentBodies.create(request, customer: customer(of: request))
        } catch {
            return refusedBeforeCalling(error)
        }
        return await call(
            VippsRequest(.post, "/epayment/v1/payments", body: body, idempotencyKey: key.text), request.address
        ) { answer in PaymentBodies.createAnswer(answer, reference: request.address.reference) }
    }

    package func get(_ address: PaymentAddress) async -> ProviderReply<PaymentSnapshot> {
        await call(VippsRequest(.get, path(address)), address, reading: snapshot(of: address))
    }

    package func events(of address: PaymentAddress) async -> ProviderReply<[ProviderEvent]> {
        await call(VippsRequest(.get, path(address, "/events")), address, reading: PaymentBodies.events)
    }

    package func capture(
        _ amount: Money, of address: PaymentAddress, key: IdempotencyKey
    ) async -> ProviderReply<PaymentSnapshot> {
        await call(
            VippsRequest(
                .post, path(address, "/capture"), body: PaymentBodies.modification(amount), idempotencyKey: key.text),
            address, reading: snapshot(of: address))
    }

    package func cancel(
        _ address: PaymentAddress, transactionOnly: Bool, key: IdempotencyKey
    ) async -> ProviderReply<PaymentSnapshot> {
        await call(
            VippsRequest(
                .post, path(address, "/cancel"), body: PaymentBodies.cancel(transactionOnly: transactionOnly),
                idempotencyKey: key.text),
            address, reading: snapshot(of: address))
    }

    package func refund(
        _ amount: Money, of address: PaymentAddress, key: IdempotencyKey
    ) async -> ProviderReply<PaymentSnapshot> {
        await call(
            VippsRequest(
                .post, path(address, "/refund"), body: PaymentBodies.modification(amount), idempotencyKey: key.text),
            address, reading: snapshot(of: address))
    }

    private func snapshot(of address: PaymentAddress) -> ([UInt8]) -> PaymentSnapshot? {
        { PaymentBodies.snapshot($0, reference: address.reference) }
    }

    private func path(_ address: PaymentAddress, _ rest: String = "") -> String {
        "/epayment/v1/payments/\(PathPart.encode(address.reference))\(rest)"
    }

    private func call<Value: Sendable & Hashable>(
        _ request: VippsRequest, _ address: PaymentAddress, reading read: ([UInt8]) -> Value?
    ) async -> ProviderReply<Value> {
        let startedAt = now()
        let clock = ContinuousClock()
        let start = clock.now
        let keys: VippsKeys
        do throws(VippsKeyRing.Missing) {
            keys = try await keyRing.keys(of: address.agreementID, tenant: address.tenantID)
        } catch {
            let record = record(startedAt, .zero, status: nil, traceID: TraceContext.current?.traceID)
            switch error {
            case .keys(let refusal): return ProviderReply(.keysRefused(refusal), record: record)
            case .database: return ProviderReply(.unknown(.interrupted), record: record)
            }
        }
        let exchange = await client.call(request, keys: keys, msn: address.msn)
        let record = record(startedAt, clock.now - start, status: exchange.status, traceID: exchange.traceID)
        return ProviderReply(outcome(of: exchange.result, reading: read), record: record)
    }

    private func outcome<Value: Sendable & Hashable>(
        of result: Result<VippsAnswer, VippsFailure>, reading read: ([UInt8]) -> Value?
    ) -> ProviderOutcome<Value> {
        switch result {
        case .success(let answer):
            if let value = read(answer.body) { .answered(value) } else { .unknown(.unreadableAnswer) }
        case .failure(.refused(let problem)): .refused(problem.refusal)
        case .failure(.keysRefused(let problem)): .keysRefused(problem.keysRefusal)
        case .failure(.rateLimited(_, let retryAfter)): .rateLimited(retryAfter: retryAfter)
        case .failure(.neverSent(let reason)), .failure(.unknown(let reason)): .unknown(reason)
        }
    }

    private func record(_ startedAt: Date, _ duration: Duration, status: Int?, traceID: String?) -> CallRecord {
        CallRecord(startedAt: startedAt, duration: duration, httpStatus: status, traceID: traceID)
    }

    private func refusedBeforeCalling<Value: Sendable & Hashable>(_ refusal: Refusal) -> ProviderReply<Value> {
        ProviderReply(
            .refused(refusal),
            record: record(now(), .zero, status: nil, traceID: TraceContext.current?.traceID))
    }

    private func customer(of request: CreateRequest) throws(Refusal) -> PaymentBodies.Customer? {
        switch request.customer {
        case .phoneNumber(let sealed):
            guard let number = keyRing.text(of: sealed), (9...15).contains(number.utf8.count),
                number.utf8.allSatisfy({ (48...57).contains($0) })
            else { throw unreadable("phone number") }
            return .phoneNumber(number)
        case .personalQR(let sealed):
            guard let content = keyRing.text(of: sealed), (5...255).contains(content.count) else {
                throw unreadable("personal QR")
            }
            return .personalQR(content)
        case .token(let token): return .token(token.text)
        case .oneTimeQR: return nil
        }
    }

    private func unreadable(_ what: String) -> Refusal {
        Refusal(
            code: Refusal.OwnCode.customerDataUnreadable,
            detail: "The customer's \(what) cannot be read: identify the customer again.")
    }
}

/// One part of a path, so that no identifier can reach beyond its place.
enum PathPart {
    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
