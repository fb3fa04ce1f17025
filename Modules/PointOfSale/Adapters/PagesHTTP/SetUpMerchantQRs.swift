import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The pop-up of a sales unit's merchant callback QRs. Its body is a panel that shows the list, a form or one code large.

extension PointOfSalePages {
    func addMerchantQRPages(to routes: PageRoutes) {
        let codes = useCases.merchantQRs
        routes.get("vipps-sales-units/{salesUnitID}/qrs", for: PageRoutes.administrators) { visit in
            let view = try await codes.all(of: try salesUnitID(visit), in: visit.tenant)
            return visit.fragment(
                "set-up/qrs",
                [
                    "title": visit.reader.text("qrs.title", ["name": view.salesUnit.displayName]),
                    "panel": .text(try await codeList(visit, view)),
                ])
        }
        routes.get("vipps-sales-units/{salesUnitID}/qrs/list", for: PageRoutes.administrators) { visit in
            .page(try await codeList(visit, try await codes.all(of: try salesUnitID(visit), in: visit.tenant)))
        }
        routes.post("vipps-sales-units/{salesUnitID}/qrs/sync", for: PageRoutes.administrators) { visit in
            .page(
                try await codeList(visit, try await codes.sync(try salesUnitID(visit), by: visit.person), isAsked: true)
            )
        }
        addNewCodes(to: routes)
        addCodeActs(to: routes)
        addCodeImage(to: routes)
    }

    /// A new code, or one that was printed for MobilePay.
    private func addNewCodes(to routes: PageRoutes) {
        let codes = useCases.merchantQRs
        routes.get("vipps-sales-units/{salesUnitID}/qrs/new", for: PageRoutes.administrators) { visit in
            // The identifier is made with the form, so that the form sent again makes no second code.
            try codeForm(visit, act: "create", ["newID": .text(CommandID.new(at: visit.now).text)])
        }
        routes.post("vipps-sales-units/{salesUnitID}/qrs/create", for: PageRoutes.administrators) { visit in
            let unit = try salesUnitID(visit)
            let id = visit.form["merchantQRID"] ?? ""
            let place = visit.form["locationDescription"] ?? ""
            let known = try await codes.all(of: unit, in: visit.tenant)
            if id == visit.form["newID"], known.codes.codes.contains(where: { $0.isAsked(id, place) }) {
                return .page(try await codeList(visit, known))
            }
            return .page(
                try await codeList(
                    visit, try await codes.create(id, locationDescription: place, of: unit, by: visit.person)))
        }
        routes.get("vipps-sales-units/{salesUnitID}/qrs/convert", for: PageRoutes.administrators) { visit in
            try codeForm(visit, act: "convert", ["converts": true])
        }
        routes.post("vipps-sales-units/{salesUnitID}/qrs/convert", for: PageRoutes.administrators) { visit in
            let view = try await codes.convert(
                beaconID: visit.form["beaconID"] ?? "", locationDescription: visit.form["locationDescription"] ?? "",
                of: try salesUnitID(visit), by: visit.person)
            return .page(try await codeList(visit, view))
        }
    }

    private func addCodeActs(to routes: PageRoutes) {
        let codes = useCases.merchantQRs
        let one = "vipps-sales-units/{salesUnitID}/qrs/{merchantQRID}"
        routes.get("\(one)/rename", for: PageRoutes.administrators) { visit in
            let (_, code) = try await code(visit)
            return try codeForm(
                visit, act: "\(code.merchantQRID)/rename",
                ["renames": true, "location": .text(code.locationDescription)])
        }
        routes.post("\(one)/rename", for: PageRoutes.administrators) { visit in
            let (unit, code) = try await code(visit)
            let view = try await codes.rename(
                code.merchantQRID, to: visit.form["locationDescription"] ?? "", of: unit.salesUnit.id, by: visit.person)
            return .page(try await codeList(visit, view))
        }
        routes.get("\(one)/delete", for: PageRoutes.administrators) { visit in
            let (unit, code) = try await code(visit)
            return visit.fragment(
                "set-up/qr-delete",
                [
                    "base": .text(base(unit.salesUnit.id)), "codeID": .text(code.merchantQRID),
                    "question": visit.reader.text("qrs.deleteSure", ["name": code.locationDescription]),
                ])
        }
        routes.post("\(one)/delete", for: PageRoutes.administrators) { visit in
            let (unit, code) = try await code(visit)
            let tills = try await useCases.tills.all(in: visit.tenant)
            let user = unit.tills[code.merchantQRID]?.first.flatMap { id in tills.first { $0.id == id } }
            let texts = ["in-use": visit.words.text("qrs.inUse", ["till": user?.name ?? ""])]
            let view = try await visit.telling(texts) {
                try await codes.delete(code.merchantQRID, of: unit.salesUnit.id, by: visit.person)
            }
            return .page(try await codeList(visit, view))
        }
    }

    /// Large, to look at and to print. Vipps draws it; it is asked for when it is not here yet.
    private func addCodeImage(to routes: PageRoutes) {
        let one = "vipps-sales-units/{salesUnitID}/qrs/{merchantQRID}/image"
        routes.get(one, for: PageRoutes.administrators) { visit in try await codeImage(visit) }
        routes.post(one, for: PageRoutes.administrators) { visit in
            let (unit, code) = try await code(visit)
            if !code.hasImage {
                _ = try await useCases.merchantQRs.fetchImage(
                    of: code.merchantQRID, of: unit.salesUnit.id, by: visit.person)
            }
            return try await codeImage(visit)
        }
    }

    private func codeImage(_ visit: PageVisit) async throws -> Response {
        let (unit, code) = try await code(visit)
        return visit.fragment(
            "set-up/qr-image",
            [
                "base": .text(base(unit.salesUnit.id)), "salesUnitID": .text(unit.salesUnit.id.text),
                "codeID": .text(code.merchantQRID), "name": .text(code.locationDescription),
                "unitName": .text(unit.salesUnit.displayName), "hasImage": .flag(code.hasImage),
                "alt": visit.reader.text("qrs.imageAlt", ["name": code.locationDescription]),
                "failure": code.hasImage
                    ? .nothing : .optional((code.failure ?? unit.codes.lastFailure)?.words(visit.words)),
            ])
    }

    private func codeForm(_ visit: PageVisit, act: String, _ values: [String: TemplateValue]) throws -> Response {
        let common: TemplateValue = ["base": .text(base(try salesUnitID(visit))), "act": .text(act)]
        return visit.fragment("set-up/qr-form", common.merging(values))
    }

    private func codeList(_ visit: PageVisit, _ view: SalesUnitView, isAsked: Bool = false) async throws -> String {
        let tills = try await useCases.tills.all(in: visit.tenant)
        return visit.html(
            "set-up/qrs-list",
            MerchantQRPanel(view: view, tills: tills).values(visit.reader).merging([
                "base": .text(base(view.salesUnit.id)),
                // Fetched again soon, also when a live event has overtaken this answer.
                "isPending": .flag(
                    isAsked || view.codes.codes.contains { $0.state == .asked || $0.state == .deleting }),
            ]))
    }

    private func base(_ unit: SalesUnitID) -> String { "/pos/pages/vipps-sales-units/\(unit)/qrs" }

    private func salesUnitID(_ visit: PageVisit) throws -> SalesUnitID {
        try visit.identifier("salesUnitID", of: "sales unit")
    }

    private func code(_ visit: PageVisit) async throws -> (SalesUnitView, MerchantQR) {
        let view = try await useCases.merchantQRs.all(of: try salesUnitID(visit), in: visit.tenant)
        let id = visit.context.parameters.get("merchantQRID")
        guard let code = view.codes.codes.first(where: { $0.merchantQRID == id }) else { throw Unknown("merchant QR") }
        return (view, code)
    }
}

/// The codes of one sales unit.
package struct MerchantQRPanel: Sendable {
    let view: SalesUnitView
    let tills: [AgentInstance]

    package init(view: SalesUnitView, tills: [AgentInstance]) {
        self.view = view
        self.tills = tills
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let codes = view.codes.codes.sorted { $0.locationDescription < $1.locationDescription }
        let synced = view.codes.syncedAt.map {
            reader.words.text("qrs.synced", ["time": reader.formats.timeOrDate($0, now: reader.now)])
        }
        return [
            "salesUnitID": .text(view.salesUnit.id.text), "isEmpty": .flag(codes.isEmpty),
            "synced": .text(synced ?? reader.words.text("qrs.notSynced")), "isUnheard": .flag(view.isUnheard),
            "failure": .optional(view.codes.lastFailure?.words(reader.words)),
            "codes": .list(codes.map { row($0, reader) }),
        ]
    }

    private func row(_ code: MerchantQR, _ reader: PageReader) -> TemplateValue {
        let users = (view.tills[code.merchantQRID] ?? []).compactMap { id in tills.first { $0.id == id }?.name }
        let isSettled = code.state == .atVipps
        return [
            "codeID": .text(code.merchantQRID), "place": .text(code.locationDescription),
            "usedBy": users.isEmpty
                ? reader.text("qrs.unused") : reader.text("qrs.usedBy", ["till": users.joined(separator: ", ")]),
            "state": isSettled ? .nothing : reader.text("qrs.state.\(code.state.word)"), "tone": .text(code.state.tone),
            "failure": .optional(code.failure?.words(reader.words)),
            "canShow": .flag(isSettled), "canChange": .flag(isSettled || code.state == .failed),
            "canRename": .flag(isSettled),
        ]
    }
}

extension MerchantQR {
    /// Whether it is what a form has asked for before.
    fileprivate func isAsked(_ id: String, _ place: String) -> Bool {
        merchantQRID == id && locationDescription == place && state != .failed
    }
}

extension MerchantQR.State {
    /// The key of its words under `qrs.state`.
    var word: String {
        switch self {
        case .atVipps: "atVipps"
        case .asked: "asked"
        case .deleting: "deleting"
        case .failed: "failed"
        }
    }

    var tone: String {
        switch self {
        case .atVipps: "good"
        case .asked, .deleting: "info busy"
        case .failed: "bad"
        }
    }
}

extension SetUpFailure {
    /// Why Vipps did not do it, for the administrator.
    func words(_ words: Words) -> String {
        words.optional("qrs.refused.\(refusal.code)") ?? words.text("qrs.refused.other", ["code": refusal.code])
    }
}
