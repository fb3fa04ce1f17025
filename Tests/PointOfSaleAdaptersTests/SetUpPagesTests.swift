import Foundation
import HTTPTypes
import HummingbirdTesting
import MessageContracts
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing
import WebUI

extension PagesHouse {
    /// The pages of a shop that is set up, as Anne, who is its administrator, sees them.
    static func asAdministrator(_ body: @escaping @Sendable (PagesHouse, Visitor) async throws -> Void) async throws {
        try await `as`("admin", "surdeigsbrod", body)
    }

    static func `as`(
        _ userName: String, _ password: String,
        _ body: @escaping @Sendable (PagesHouse, Visitor) async throws -> Void
    ) async throws {
        try await TillHouse.ready { house, kari in
            let person = try await Browser(kari.client).signedIn(userName, password)
            let pages = try PagesHouse(house)
            try await pages.app.test(.router) { client in
                try await body(pages, Visitor(client, cookie: person.cookie, token: person.token))
            }
        }
    }
}

extension Answer {
    /// What stands at a field after a refusal.
    func reason(at field: String) -> String? {
        list("fields").first { $0["field"] as? String == field }?["reason"] as? String
    }

    /// The address to which the form of the fragment is sent.
    var formAddress: String {
        text.firstMatch(of: /<form [^>]*hx-post="([^"]+)"/).map { String($0.output.1) } ?? "no form"
    }
}

private let agreement = "/pos/pages/vipps-agreements/\(AgreementID.no("61"))"
private let codes = "/pos/pages/vipps-sales-units/\(SalesUnitID.no("71"))/qrs"

@Suite("The page of Vipps agreements") struct AgreementPageTests {
    @Test("takes keys, shows only when and by whom they were set, and takes them again") func keys() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            let address = try await anne.get("/pos/pages/vipps-agreements/new").formAddress
            let keys = ["clientID": "id-2", "clientSecret": "whispered=", "subscriptionKey": "key-2"]
            let saved = try await anne.post(address, keys.merging(["displayName": "Vipps Bergen"]) { $1 })
            #expect(saved.status == 204)
            #expect(saved.trigger.contains("closeDialog") && saved.trigger.contains("setUpChanged"))
            let editor = try await anne.get("\(address)/edit")
            #expect(editor.says("Set 12:00 by Anne") && editor.says("Replace API keys"))
            for secret in keys.values { #expect(!editor.says(secret)) }
            let envelope = try #require(try await house.house.told(AgreementSaved.self).last?.keysEnvelope)
            #expect(try Keys.open(envelope).contains("whispered="))

            house.house.turn(by: 3600)
            _ = try await anne.post(address, ["displayName": "Vipps Bergen 2"])
            #expect(try await anne.get("\(address)/edit").says("Set 12:00 by Anne"))
            _ = try await anne.post(address, keys.merging(["displayName": "Vipps Bergen 2"]) { $1 })
            #expect(try await anne.get("\(address)/edit").says("Set 13:00 by Anne"))
        }
    }

    @Test("makes one agreement however often the form is sent") func once() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            let address = try await anne.get("/pos/pages/vipps-agreements/new").formAddress
            for _ in 1...2 { _ = try await anne.post(address, ["displayName": "Vipps Bergen"]) }
            #expect(try await house.house.useCases.agreements.all(in: .kaffe).count == 2)
        }
    }

    @Test("says at the field what is wrong, also which of the three keys is missing") func refuses() async throws {
        try await PagesHouse.asAdministrator { _, anne in
            let address = try await anne.get("/pos/pages/vipps-agreements/new").formAddress
            #expect(try await anne.post(address).reason(at: "displayName") == "This field is needed.")
            let taken = try await anne.post(address, ["displayName": "Vipps"])
            #expect(taken.reason(at: "displayName") == "“Vipps” already exists. Choose another name.")
            let half = try await anne.post(address, ["displayName": "B", "clientID": "a", "clientSecret": "b"])
            #expect(half.reason(at: "subscriptionKey") == "This field is needed.")
        }
    }

    @Test("asks Vipps about the keys, and shows the answer when it comes") func checks() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            #expect(try await anne.post("\(agreement)/check-keys").says("Asking Vipps"))
            try await house.house.hear(
                KeysChecked(
                    agreementID: .no("61"), accepted: false, errorCode: "keys-refused", checkedAt: TillHouse.noon))
            let refused = try await anne.get("/pos/pages/vipps-agreements/list")
            #expect(refused.says("Vipps refuses the keys: they do not belong together"))
            try await house.house.hear(
                KeysChecked(agreementID: .no("61"), accepted: true, checkedAt: TillHouse.noon))
            #expect(try await anne.get("/pos/pages/vipps-agreements").says("Vipps accepts the keys (checked 12:00)"))
        }
    }

    @Test("registers the webhooks of the selected agreement, and shows what became of them") func webhooks()
        async throws
    {
        try await PagesHouse.asAdministrator { house, anne in
            #expect(try await anne.post("\(agreement)/register-webhook").says("Registering"))
            #expect(try await house.house.told(RegisterWebhook.self).count == 1)
            try await house.house.hear(
                WebhookRegistered(
                    agreementID: .no("61"), msn: "123456", kind: .payments, webhookID: "w-1",
                    registeredAt: TillHouse.noon))
            try await house.house.hear(
                WebhookDelivered(agreementID: .no("61"), msn: "123456", kind: .payments, deliveredAt: TillHouse.noon))
            let list = try await anne.get("/pos/pages/vipps-agreements/list?agreement=\(AgreementID.no("61"))")
            #expect(list.says("Registered") && list.says("Last delivery just now") && list.says("Register again"))
        }
    }

    @Test("says what to do first where keys or a sales unit are missing") func order() async throws {
        try await PagesHouse.asAdministrator { _, anne in
            let address = try await anne.get("/pos/pages/vipps-agreements/new").formAddress
            _ = try await anne.post(address, ["displayName": "Bare"])
            let unkeyed = try await anne.post("\(address)/check-keys")
            #expect(unkeyed.status == 409)
            #expect(unkeyed.text("detail") == "Set the API keys of this agreement first.")
            _ = try await anne.post(
                address, ["displayName": "Bare", "clientID": "a", "clientSecret": "b", "subscriptionKey": "c"])
            #expect(
                try await anne.post("\(address)/register-webhook").text("detail")
                    == "Add a sales unit before you register the webhook.")
        }
    }
}

@Suite("The page of Vipps sales units") struct SalesUnitPageTests {
    @Test("saves a sales unit, and refuses a wrong or doubled number with words at the field") func msn() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            let address = try await anne.get("/pos/pages/vipps-sales-units/new").formAddress
            var form = [
                "organizationalUnitID": OrganizationalUnitID.no("01").text, "displayName": "Bergen",
                "agreementID": AgreementID.no("61").text, "msn": "12AB",
            ]
            #expect(
                try await anne.post(address, form).reason(at: "msn")
                    == "A Merchant Serial Number has 4 to 10 digits and nothing else.")
            form["msn"] = " 123456 "
            #expect(
                try await anne.post(address, form).reason(at: "msn")
                    == "“Oslo” already uses this Merchant Serial Number.")
            form["msn"] = "654321"
            form["agreementID"] = ""
            #expect(try await anne.post(address, form).reason(at: "agreementID") == "Choose one from the list.")
            form["agreementID"] = AgreementID.no("61").text
            for _ in 1...2 { #expect(try await anne.post(address, form).status == 204) }
            let units = try await house.house.useCases.salesUnits.all(in: .kaffe)
            #expect(units.map(\.salesUnit.msn).sorted() == ["123456", "654321"])
        }
    }

    @Test("warns where codes are scanned and nobody hears it, until the webhook is there") func warns() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            #expect(try await anne.get(codes).says("Scans of these codes do not reach the tills"))
            #expect(try await anne.get("/pos/pages/vipps-sales-units").says("Scans are not heard"))
            try await house.house.hear(
                WebhookRegistered(
                    agreementID: .no("61"), msn: "123456", kind: .checkIns, webhookID: "w", registeredAt: TillHouse.noon
                ))
            #expect(!(try await anne.get(codes)).says("Scans of these codes do not reach the tills"))
        }
    }

    @Test("makes one code however often the form is sent, and says why a code cannot go") func codesOfTills()
        async throws
    {
        try await PagesHouse.asAdministrator { house, anne in
            let form = try await anne.get("\(codes)/new")
            let id = try #require(form.hidden("newID"))
            let fields = ["newID": id, "merchantQRID": id, "locationDescription": "Till 2"]
            for _ in 1...2 { #expect(try await anne.post("\(codes)/create", fields).says("Being made")) }
            #expect(try await house.house.told(CreateMerchantQR.self).count == 1)
            let taken = try await anne.post(
                "\(codes)/create", ["merchantQRID": "qr-1", "locationDescription": "Till 3"])
            #expect(taken.reason(at: "merchantQRID") == "This is already in use. Choose another.")
            let beacon = try await anne.post(
                "\(codes)/convert", ["beaconID": "12", "locationDescription": "Old till"])
            #expect(beacon.reason(at: "beaconID") == "A beacon id is 15 digits or a GUID.")
            #expect(try await anne.get("\(codes)/qr-1/delete").says("Delete the code “Till 1”?"))
            #expect(
                try await anne.post("\(codes)/qr-1/delete").text("detail")
                    == "The code stands at “Kasse 1”. Choose another code there first.")
        }
    }

    @Test("asks for the image once, and shows it large when it has come") func image() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            #expect(try await anne.post("\(codes)/qr-1/image").says("The image is being fetched"))
            try await house.house.hear(
                MerchantQRImageFetched(
                    salesUnitID: .no("71"), merchantQRID: "qr-1", svg: "<svg/>", fetchedAt: TillHouse.noon))
            let shown = try await anne.get("\(codes)/qr-1/image")
            #expect(shown.says("merchant-qrs/qr-1/image\"") && shown.says("data-print"))
            _ = try await anne.post("\(codes)/qr-1/image")
            #expect(try await house.house.told(ShowMerchantQR.self).count == 1)
        }
    }
}
