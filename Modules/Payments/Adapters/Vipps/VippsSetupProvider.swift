import Foundation
import Payments
import SharedKernel

/// Set-up through the access token, webhooks and QR APIs of Vipps MobilePay.
package struct VippsSetupProvider: SetupProvider {
    private let client: VippsClient
    private let keyRing: VippsKeyRing

    package init(client: VippsClient, keyRing: VippsKeyRing) {
        self.client = client
        self.keyRing = keyRing
    }

    package func checkKeys(_ address: SetupAddress) async throws(SetupTrouble) {
        let keys = try await keys(address)
        if case .failure(let failure) = await client.checkToken(keys: keys, msn: address.msn) {
            throw Self.trouble(failure)
        }
        if address.msn != nil { _ = try await webhooks(address) }
    }

    package func webhooks(_ address: SetupAddress) async throws(SetupTrouble) -> [ListedWebhook] {
        let body = try await call(VippsRequest(.get, "/webhooks/v1/webhooks"), address)
        let list: WebhookListBody = try read(body)
        return list.webhooks.map { ListedWebhook(webhookID: $0.id, url: $0.url, events: Set($0.events)) }
    }

    package func registerWebhook(
        _ url: String, for topic: WebhookTopic, _ address: SetupAddress
    ) async throws(SetupTrouble) -> NewWebhook {
        let registration = RegistrationBody(url: url, events: topic.events)
        let body = try await call(
            VippsRequest(.post, "/webhooks/v1/webhooks", body: encode(registration)), address)
        let made: RegisteredBody = try read(body)
        guard !made.id.isEmpty, !made.secret.isEmpty else { throw Self.unreadable }
        return NewWebhook(webhookID: made.id, secret: made.secret)
    }

    package func deleteWebhook(_ webhookID: String, _ address: SetupAddress) async throws(SetupTrouble) {
        let request = VippsRequest(.delete, "/webhooks/v1/webhooks/\(PathPart.encode(webhookID))")
        try await callUnlessGone(request, address)
    }

    package func merchantQRs(_ address: SetupAddress) async throws(SetupTrouble) -> [MerchantQR] {
        let body = try await call(VippsRequest(.get, "/qr/v1/merchant-callback?QrImageFormat=SVG"), address)
        let items: [QRBody] = try read(body)
        return items.map {
            MerchantQR(
                merchantQRID: $0.merchantQrId, locationDescription: $0.locationDescription ?? "",
                content: $0.qrContent ?? "")
        }
    }

    package func putMerchantQR(
        _ merchantQRID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble) {
        let body = encode(QRPutBody(locationDescription: locationDescription, category: "IN_STORE"))
        _ = try await call(VippsRequest(.put, Self.path(merchantQRID), body: body), address)
    }

    package func deleteMerchantQR(_ merchantQRID: String, _ address: SetupAddress) async throws(SetupTrouble) {
        try await callUnlessGone(VippsRequest(.delete, Self.path(merchantQRID)), address)
    }

    package func convertMobilePayQR(
        _ beaconID: String, locationDescription: String, _ address: SetupAddress
    ) async throws(SetupTrouble) {
        let path = "/qr/v1/merchant-callback/mobilepay/\(PathPart.encode(beaconID))"
        let body = encode(QRPutBody(locationDescription: locationDescription, category: nil))
        _ = try await call(VippsRequest(.put, path, body: body), address)
    }

    package func merchantQRImage(
        _ merchantQRID: String, _ address: SetupAddress
    ) async throws(SetupTrouble) -> String {
        let body = try await call(VippsRequest(.get, Self.path(merchantQRID) + "?QrImageFormat=SVG"), address)
        let item: QRBody = try read(body)
        guard let link = item.qrImageUrl else { throw Self.unreadable }
        let answer: VippsAnswer
        switch await client.download(link) {
        case .success(let downloaded): answer = downloaded
        // The link is good for a while only: an old one is fetched afresh by trying the whole again.
        case .failure(.refused(let problem)): throw .passing(problem.refusal, retryAfter: nil)
        case .failure(let failure): throw Self.trouble(failure)
        }
        do throws(SVGImage.Objection) {
            return try SVGImage(contentType: answer.contentType, bytes: answer.body).text
        } catch {
            throw .refused(
                Refusal(
                    code: Refusal.OwnCode.unexpectedAnswer,
                    detail: "The image of the code is not a harmless SVG image: \(error.reason)."))
        }
    }

    private static func path(_ merchantQRID: String) -> String {
        "/qr/v1/merchant-callback/\(PathPart.encode(merchantQRID))"
    }
}

extension VippsSetupProvider {
    private func keys(_ address: SetupAddress) async throws(SetupTrouble) -> VippsKeys {
        do throws(VippsKeyRing.Missing) {
            return try await keyRing.keys(of: address.agreementID, tenant: address.tenantID)
        } catch {
            switch error {
            case .keys(let refusal): throw .keysRefused(refusal)
            case .database: throw Self.passing("Our own database did not answer.")
            }
        }
    }

    private func call(_ request: VippsRequest, _ address: SetupAddress) async throws(SetupTrouble) -> [UInt8] {
        let keys = try await keys(address)
        switch await client.call(request, keys: keys, msn: address.msn).result {
        case .success(let answer): return answer.body
        case .failure(let failure): throw Self.trouble(failure)
        }
    }

    private func callUnlessGone(_ request: VippsRequest, _ address: SetupAddress) async throws(SetupTrouble) {
        do throws(SetupTrouble) {
            _ = try await call(request, address)
        } catch {
            if case .refused(let refusal) = error, refusal.httpStatus == 404 { return }
            throw error
        }
    }

    private func read<Body: Decodable>(_ bytes: [UInt8]) throws(SetupTrouble) -> Body {
        do { return try JSONDecoder().decode(foreign: bytes) } catch { throw Self.unreadable }
    }

    private func encode(_ body: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(body)) } catch { preconditionFailure("a body of strings") }
    }

    private static var unreadable: SetupTrouble { passing("Vipps' answer is not what its API promises.") }

    private static func passing(_ detail: String, retryAfter: Duration? = nil) -> SetupTrouble {
        .passing(Refusal(code: Refusal.OwnCode.unexpectedAnswer, detail: detail), retryAfter: retryAfter)
    }

    private static func trouble(_ failure: VippsFailure) -> SetupTrouble {
        switch failure {
        case .refused(let problem) where problem.status == 423: .passing(problem.refusal, retryAfter: nil)
        case .refused(let problem): .refused(problem.refusal)
        case .keysRefused(let problem): .keysRefused(problem.keysRefusal)
        case .rateLimited(let problem, let retryAfter): .passing(problem.refusal, retryAfter: retryAfter)
        case .neverSent(let reason), .unknown(let reason):
            passing("Vipps could not be reached or did not answer (\(reason.rawValue)).")
        }
    }
}

private struct WebhookListBody: Decodable {
    let webhooks: [Item]
    struct Item: Decodable {
        let id: String
        let url: String
        let events: [String]
    }
}

private struct RegistrationBody: Encodable {
    let url: String
    let events: [String]
}

private struct RegisteredBody: Decodable {
    let id: String
    let secret: String
}

private struct QRPutBody: Encodable {
    let locationDescription: String
    let category: String?
}

private struct QRBody: Decodable {
    let merchantQrId: String
    let locationDescription: String?
    let qrImageUrl: String?
    let qrContent: String?
}
