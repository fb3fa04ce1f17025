import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Vipps agreements: a list, and under it the selected one with its keys and webhooks.

extension PointOfSalePages {
    func addAgreementPages(to routes: PageRoutes) {
        routes.get("vipps-agreements", for: PageRoutes.administrators) { visit in
            let list = try await agreementList(visit, chosen: visit.query("agreement"))
            return visit.fragment("set-up/agreements", ["list": .text(list)])
        }
        routes.get("vipps-agreements/list", for: PageRoutes.administrators) { visit in
            .page(try await agreementList(visit, chosen: visit.query("agreement")))
        }
        routes.get("vipps-agreements/new", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/agreement", AgreementEditor(id: .new(at: visit.now), view: nil).values(visit.reader))
        }
        routes.get("vipps-agreements/{agreementID}/edit", for: PageRoutes.administrators) { visit in
            let id: AgreementID = try visit.identifier("agreementID", of: "Vipps agreement")
            let view = try await useCases.agreements.agreement(id, in: visit.tenant)
            return visit.fragment("set-up/agreement", AgreementEditor(id: id, view: view).values(visit.reader))
        }
        routes.post("vipps-agreements/{agreementID}", for: PageRoutes.administrators) { visit in
            let id: AgreementID = try visit.identifier("agreementID", of: "Vipps agreement")
            let keys = try apiKeys(visit)
            let name = visit.form["displayName"] ?? ""
            let taken = visit.words.text("refusal.nameTaken", ["name": name])
            _ = try await visit.telling(["displayName.taken": taken]) {
                try await useCases.agreements.save(id, displayName: name, keys: keys, by: visit.person)
            }
            return .done(.saved(visit.words))
        }
        addAgreementActs(to: routes)
    }

    private func addAgreementActs(to routes: PageRoutes) {
        routes.post("vipps-agreements/{agreementID}/check-keys", for: PageRoutes.administrators) { visit in
            let id: AgreementID = try visit.identifier("agreementID", of: "Vipps agreement")
            _ = try await visit.telling(["keys-missing": visit.words.text("agreements.setKeysFirst")]) {
                try await useCases.agreements.checkKeys(of: id, by: visit.person)
            }
            return .page(try await agreementList(visit, chosen: id.text))
        }
        routes.post("vipps-agreements/{agreementID}/register-webhook", for: PageRoutes.administrators) { visit in
            let id: AgreementID = try visit.identifier("agreementID", of: "Vipps agreement")
            let texts = [
                "keys-missing": visit.words.text("agreements.setKeysFirst"),
                "no-sales-unit": visit.words.text("agreements.needsSalesUnit"),
            ]
            _ = try await visit.telling(texts) {
                try await useCases.agreements.registerWebhook(of: id, by: visit.person)
            }
            return .page(try await agreementList(visit, chosen: id.text))
        }
    }

    private func agreementList(_ visit: PageVisit, chosen: String?) async throws -> String {
        let agreements = try await useCases.agreements.all(in: visit.tenant)
        let units = try await useCases.salesUnits.all(in: visit.tenant).map(\.salesUnit)
        let list = AgreementList(
            agreements: agreements, units: units, chosen: chosen.flatMap { AgreementID($0) })
        return visit.html("set-up/agreements-list", list.values(visit.reader))
    }

    /// All three or none of them.
    private func apiKeys(_ visit: PageVisit) throws -> APIKeys? {
        let typed = ["clientID", "clientSecret", "subscriptionKey"].map { ($0, visit.form[$0] ?? "") }
        guard typed.contains(where: { !$0.1.isEmpty }) else { return nil }
        if let missing = typed.first(where: { $0.1.isEmpty }) {
            throw FormMistake(missing.0, visit.words.text("invalid.missing"))
        }
        return try APIKeys(clientID: typed[0].1, clientSecret: typed[1].1, subscriptionKey: typed[2].1)
    }
}

/// The dialog of one agreement. The keys are never in it, only when and by whom they were set.
package struct AgreementEditor: Sendable {
    let id: AgreementID
    /// `nil`: a new one.
    let view: AgreementView?

    package init(id: AgreementID, view: AgreementView?) {
        self.id = id
        self.view = view
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        let words = reader.words
        return [
            "agreementID": .text(id.text),
            "title": .text(words.text(view == nil ? "agreements.create" : "agreements.edit")),
            "displayName": .optional(view?.agreement.displayName),
            "keysState": .text(view?.keysState(reader) ?? words.text("agreements.keysMissing")),
            "setKeys": .text(
                words.text(view?.agreement.hasKeys == true ? "agreements.replaceKeys" : "agreements.setKeys")),
        ]
    }
}

extension AgreementView {
    /// When and by whom the keys were set, or that there are none.
    func keysState(_ reader: PageReader) -> String {
        guard let setAt = agreement.keysSetAt else { return reader.words.text("agreements.keysMissing") }
        return reader.words.text(
            "agreements.keysSet",
            [
                "time": reader.formats.timeOrDate(setAt, now: reader.now),
                "name": keysSetByName ?? reader.words.text("generic.unknown"),
            ])
    }

    /// Vipps has been asked and has not answered; the list is fetched again soon, also when a live event was missed.
    var isPending: Bool {
        if case .asked = agreement.keysCheck { return true }
        return webhooks.contains { $0.state == .asked }
    }

    /// What Vipps says of the keys, with the tone of its chip.
    func check(_ reader: PageReader) -> (text: String, short: String, tone: String) {
        let words = reader.words
        switch agreement.keysCheck {
        case .notChecked:
            let text = words.text(agreement.hasKeys ? "agreements.keysNotChecked" : "agreements.keysMissing")
            return (text, text, agreement.hasKeys ? "" : "warn")
        case .asked:
            return (words.text("agreements.keysChecking"), words.text("agreements.keysChecking"), "info busy")
        case .accepted(let at):
            let time = reader.formats.timeOrDate(at, now: reader.now)
            return (
                words.text("agreements.keysAccepted", ["time": time]), words.text("agreements.accepted"), "good"
            )
        case .refused(let refusal, _):
            let reason =
                words.optional("agreements.refused.\(refusal.code)")
                ?? words.text("agreements.refused.other", ["code": refusal.code])
            return (
                words.text("agreements.keysRefused", ["reason": reason]), words.text("agreements.notAccepted"), "bad"
            )
        }
    }
}

/// All agreements, and one of them in full.
package struct AgreementList: Sendable {
    let agreements: [AgreementView]
    let units: [SalesUnit]
    let chosen: AgreementView?

    package init(agreements: [AgreementView], units: [SalesUnit], chosen: AgreementID?) {
        self.agreements = agreements
        self.units = units
        self.chosen = agreements.first { $0.agreement.id == chosen } ?? agreements.first
    }

    package func values(_ reader: PageReader) -> TemplateValue {
        [
            "isEmpty": .flag(agreements.isEmpty), "chosenID": .optional(chosen?.agreement.id.text),
            "isPending": .flag(agreements.contains { $0.isPending }),
            "agreements": .list(
                agreements.map { view in
                    let check = view.check(reader)
                    let hooks = WebhookSummary(view.webhooks, reader)
                    return [
                        "agreementID": .text(view.agreement.id.text), "name": .text(view.agreement.displayName),
                        "isChosen": .flag(view.agreement.id == chosen?.agreement.id),
                        "keys": .text(view.keysState(reader)), "check": .text(check.short), "tone": .text(check.tone),
                        "hooks": .text(hooks.text), "hooksTone": .text(hooks.tone),
                        "units": .text(units(of: view).map(\.displayName).joined(separator: ", ")),
                    ]
                }),
            "chosen": chosen.map { detail($0, reader) } ?? .nothing,
        ]
    }

    private func units(of view: AgreementView) -> [SalesUnit] {
        units.filter { $0.agreementID == view.agreement.id }
    }

    private func detail(_ view: AgreementView, _ reader: PageReader) -> TemplateValue {
        let check = view.check(reader)
        let hooks = view.webhooks.sorted { ($0.msn, $0.kind.rawValue) < ($1.msn, $1.kind.rawValue) }
        let failure: String? =
            if case .refused(let refusal, _) = view.agreement.keysCheck { refusal.detail } else { nil }
        // Only where the sentence says more than the chip.
        let checkText: TemplateValue = check.text == check.short ? .nothing : .text(check.text)
        return [
            "agreementID": .text(view.agreement.id.text), "name": .text(view.agreement.displayName),
            "keys": .text(view.keysState(reader)), "hasKeys": .flag(view.agreement.hasKeys),
            "check": .text(check.text), "short": .text(check.short), "tone": .text(check.tone),
            "checkText": checkText, "checkDetail": .optional(failure),
            "isChecking": .flag(check.tone.contains("busy")),
            "register": reader.text(hooks.isEmpty ? "agreements.registerWebhook" : "agreements.registerAgain"),
            "hooks": .list(hooks.map { $0.values(reader) }), "hasHooks": .flag(!hooks.isEmpty),
            "needsUnit": .flag(units(of: view).isEmpty),
            "isMissing": .flag(hooks.contains { $0.state == .missing || $0.state == .notRegistered }),
            "isTaken": .flag(hooks.contains { $0.state == .takenByAnother }),
            "isRefused": .flag(hooks.contains { $0.state == .refused }),
        ]
    }
}

extension WebhookStatus {
    func values(_ reader: PageReader) -> TemplateValue {
        let isTrouble = state == .refused || state == .takenByAnother
        return [
            "msn": .text(msn),
            "what": reader.text(kind == .payments ? "agreements.paymentEvents" : "agreements.checkInEvents"),
            "state": .text(reader.words.text("agreements.webhookState.\(state.word)")), "tone": .text(state.tone),
            "delivery": .text(
                lastDeliveryAt.map {
                    reader.words.text(
                        "agreements.lastDelivery",
                        ["age": reader.formats.age(of: $0, now: reader.now, words: reader.words)])
                } ?? reader.words.text("agreements.noDelivery")),
            "detail": isTrouble ? .optional(detail) : .nothing,
        ]
    }
}

extension WebhookStatus.State {
    /// The key of its words under `agreements.webhookState`.
    var word: String {
        switch self {
        case .notRegistered, .missing: "missing"
        case .asked: "registering"
        case .registered: "registered"
        case .takenByAnother: "taken"
        case .refused: "failed"
        }
    }

    var tone: String {
        switch self {
        case .registered: "good"
        case .asked: "info busy"
        case .notRegistered, .missing: "warn"
        case .takenByAnother, .refused: "bad"
        }
    }
}

/// The worst of an agreement's webhooks in a word.
struct WebhookSummary {
    let text: String
    let tone: String

    init(_ webhooks: [WebhookStatus], _ reader: PageReader) {
        let order: [WebhookStatus.State] = [.refused, .takenByAnother, .missing, .notRegistered, .asked, .registered]
        let worst = order.first { state in webhooks.contains { $0.state == state } } ?? .notRegistered
        text = reader.words.text("agreements.webhookState.\(worst.word)")
        tone = worst.tone
    }
}
