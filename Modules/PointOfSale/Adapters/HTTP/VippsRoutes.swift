import Foundation
import HTTPServing
import HTTPTypes
import Hummingbird
import NIOCore
import PointOfSale
import SharedKernel

/// Vipps agreements, sales units and merchant QRs under `/pos/api`.
struct VippsRoutes {
    let door: PointOfSaleDoor

    private struct Agreements: Encodable { let agreements: [AgreementBody] }
    private struct SalesUnits: Encodable { let salesUnits: [SalesUnitBody] }

    func add(to api: RouterGroup<ServingContext>) {
        addAgreements(to: api)
        addSalesUnits(to: api)
        addMerchantQRs(to: api)
    }

    private func addAgreements(to api: RouterGroup<ServingContext>) {
        api.get("vipps-agreements") { _, context in
            let current = try await door.current(context, .administrator)
            let all = try await door.useCases.agreements.all(in: current.tenant.id)
            return try jsonResponse(Agreements(agreements: all.map(AgreementBody.init)))
        }
        api.post("vipps-agreements") { request, context in
            let current = try await door.current(context, .administrator)
            let draft = try await decodeBody(AgreementDraft.self, of: request)
            return try await save(draft.id ?? .new(at: context.now), draft, current)
        }
        api.get("vipps-agreements/:agreementID") { _, context in
            let (current, id) = try await agreement(context)
            return try jsonResponse(
                AgreementBody(try await door.useCases.agreements.agreement(id, in: current.tenant.id)))
        }
        api.put("vipps-agreements/:agreementID") { request, context in
            let (current, id) = try await agreement(context)
            return try await save(id, try await decodeBody(AgreementDraft.self, of: request), current)
        }
        api.put("vipps-agreements/:agreementID/keys") { request, context in
            let (current, id) = try await agreement(context)
            let keys = try await decodeBody(KeysDraft.self, of: request).keys()
            return try jsonResponse(
                AgreementBody(try await door.useCases.agreements.setKeys(keys, of: id, by: current.person)))
        }
        api.post("vipps-agreements/:agreementID/check-keys") { _, context in
            let (current, id) = try await agreement(context)
            let view = try await door.useCases.agreements.checkKeys(of: id, by: current.person)
            return try jsonResponse(AgreementBody(view), status: .accepted)
        }
        api.post("vipps-agreements/:agreementID/register-webhook") { _, context in
            let (current, id) = try await agreement(context)
            let view = try await door.useCases.agreements.registerWebhook(of: id, by: current.person)
            return try jsonResponse(AgreementBody(view), status: .accepted)
        }
    }

    /// An agreement of the tenant.
    private func agreement(_ context: ServingContext) async throws -> (CurrentSession, AgreementID) {
        let current = try await door.current(context, .administrator)
        let id: AgreementID = try context.identifier("agreementID", of: "Vipps agreement")
        _ = try await door.useCases.agreements.agreement(id, in: current.tenant.id)
        return (current, id)
    }

    private func save(_ id: AgreementID, _ draft: AgreementDraft, _ current: CurrentSession) async throws -> Response {
        let view = try await door.useCases.agreements.save(
            id, displayName: draft.displayName, keys: try draft.keys?.keys(), by: current.person)
        return try jsonResponse(AgreementBody(view))
    }

    private func addSalesUnits(to api: RouterGroup<ServingContext>) {
        api.get("vipps-sales-units") { _, context in
            let current = try await door.current(context)
            let all = try await door.useCases.salesUnits.all(in: current.tenant.id)
            return try jsonResponse(SalesUnits(salesUnits: all.map(SalesUnitBody.init)))
        }
        api.post("vipps-sales-units") { request, context in
            let current = try await door.current(context, .administrator)
            let draft = try await decodeBody(SalesUnitDraft.self, of: request)
            return try await save(draft.id ?? .new(at: context.now), draft, current)
        }
        api.get("vipps-sales-units/:salesUnitID") { _, context in
            let (current, id) = try await salesUnit(context, .cashier, .administrator, .operator)
            return try jsonResponse(
                SalesUnitBody(try await door.useCases.salesUnits.salesUnit(id, in: current.tenant.id)))
        }
        api.put("vipps-sales-units/:salesUnitID") { request, context in
            let (current, id) = try await salesUnit(context, .administrator)
            return try await save(id, try await decodeBody(SalesUnitDraft.self, of: request), current)
        }
    }

    /// A sales unit of the tenant.
    private func salesUnit(_ context: ServingContext, _ roles: Role...) async throws -> (CurrentSession, SalesUnitID) {
        let current = try await door.current(context, anyOf: roles)
        let id: SalesUnitID = try context.identifier("salesUnitID", of: "sales unit")
        _ = try await door.useCases.salesUnits.salesUnit(id, in: current.tenant.id)
        return (current, id)
    }

    private func save(_ id: SalesUnitID, _ draft: SalesUnitDraft, _ current: CurrentSession) async throws -> Response {
        let view = try await door.useCases.salesUnits.save(
            id, displayName: draft.displayName, organizationalUnitID: draft.organizationalUnitID,
            agreementID: draft.agreementID, msn: draft.msn, by: current.person)
        return try jsonResponse(SalesUnitBody(view))
    }

    private func addMerchantQRs(to api: RouterGroup<ServingContext>) {
        let codes = door.useCases.merchantQRs
        let all = api.group("vipps-sales-units/:salesUnitID/merchant-qrs")
        all.get { _, context in
            let (current, id) = try await salesUnit(context, .cashier, .administrator, .operator)
            return try jsonResponse(MerchantQRsBody(try await codes.all(of: id, in: current.tenant.id)))
        }
        all.post { request, context in
            let (current, id) = try await salesUnit(context, .administrator)
            let draft = try await decodeBody(MerchantQRDraft.self, of: request)
            return try asked(
                await codes.create(
                    draft.merchantQRID ?? UUID.version7(at: context.now).uuidString.lowercased(),
                    locationDescription: draft.locationDescription, of: id, by: current.person))
        }
        all.post("sync") { _, context in
            let (current, id) = try await salesUnit(context, .administrator)
            return try asked(await codes.sync(id, by: current.person))
        }
        all.post("convert") { request, context in
            let (current, id) = try await salesUnit(context, .administrator)
            let draft = try await decodeBody(MobilePayQRDraft.self, of: request)
            return try asked(
                await codes.convert(
                    beaconID: draft.beaconID, locationDescription: draft.locationDescription, of: id, by: current.person
                ))
        }
        all.put(":merchantQRID") { request, context in
            let (current, id) = try await salesUnit(context, .administrator)
            let draft = try await decodeBody(RenamedMerchantQRDraft.self, of: request)
            return try asked(
                await codes.rename(
                    try codeID(context), to: draft.locationDescription, of: id, by: current.person))
        }
        all.delete(":merchantQRID") { _, context in
            let (current, id) = try await salesUnit(context, .administrator)
            return try asked(await codes.delete(try codeID(context), of: id, by: current.person))
        }
        all.get(":merchantQRID/image") { _, context in
            let (current, id) = try await salesUnit(context, .cashier, .administrator, .operator)
            return svgResponse(try await codes.image(of: try codeID(context), of: id, in: current.tenant.id))
        }
        all.post(":merchantQRID/image") { _, context in
            let (current, id) = try await salesUnit(context, .cashier, .administrator)
            return try asked(await codes.fetchImage(of: try codeID(context), of: id, by: current.person))
        }
    }

    private func codeID(_ context: ServingContext) throws -> String {
        guard let id = context.parameters.get("merchantQRID") else { throw Problem.notFound("merchant QR") }
        return id
    }

    private func asked(_ view: SalesUnitView) throws -> Response {
        try jsonResponse(MerchantQRsBody(view), status: .accepted)
    }

    /// The drawing came from outside: it is shown as an image only, and may neither run nor load anything.
    private func svgResponse(_ svg: String) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "image/svg+xml", .cacheControl: "private, max-age=60",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            ],
            body: .init(byteBuffer: ByteBuffer(string: svg)))
    }
}
