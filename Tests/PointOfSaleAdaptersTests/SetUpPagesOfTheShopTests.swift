import Foundation
import HTTPTypes
import MessageContracts
import PointOfSale
import PointOfSaleAdapters
import SharedKernel
import Testing
import WebUI

@Suite("The page of agent instances") struct AgentInstancePageTests {
    @Test("shows the tills with what they are set up for, to cashiers too") func grid() async throws {
        try await PagesHouse.open { _, kari async throws in
            let grid = try await kari.get("/pos/pages/agentInstances")
            #expect(grid.says("Kasse 1") && grid.says("NoAgent") && grid.says("Used in this session"))
            #expect(!grid.says("New till"))
            let profiles = try await kari.get("/pos/pages/agentInstances/\(TillHouse.till)")
            #expect(profiles.says("Till 1") && !profiles.says("Edit"))
        }
    }

    @Test("offers the codes of the chosen sales unit, those of other tills with their till") func choosesCode()
        async throws
    {
        try await PagesHouse.asAdministrator { house, anne in
            let till = "/pos/pages/agentInstances/\(AgentInstanceID.no("32"))"
            let profile = "\(till)/profiles/\(AgentProfileID.no("32"))"
            let offered = try await anne.get("\(profile)/codes?salesUnitID=\(SalesUnitID.no("71"))")
            #expect(offered.says("value=\"qr-1\" disabled") && offered.says("Used by Kasse 1"))
            let form = ["name": "Uten kasse", "salesUnitID": SalesUnitID.no("71").text, "merchantQRID": "qr-1"]
            #expect(
                try await anne.post(profile, form).reason(at: "merchantQRID")
                    == "Another till, “Kasse 1”, already uses this code.")
            let saved = try await anne.post(profile, form.merging(["merchantQRID": ""]) { $1 })
            #expect(saved.status == 204 && saved.trigger.contains("tillChanged"))
            #expect(try await anne.get(till).says("Oslo"))
            #expect(
                try await anne.post("\(profile)/remove").text("detail")
                    == "A till keeps at least one profile. Change this one instead.")
        }
    }
}

@Suite("The page of products") struct ProductPageTests {
    static let form = ["name": "Solbærtoddy", "number": "77", "price": "45,50", "vatRate": "15", "barcode": ""]

    @Test("adds, finds, changes and removes a product") func life() async throws {
        try await PagesHouse.asAdministrator { _, anne in
            let address = try await anne.get("/pos/pages/products/new").formAddress
            #expect(try await anne.post(address, Self.form).status == 204)
            let found = try await anne.get("/pos/pages/products/list?search=solb")
            #expect(found.says("Solbærtoddy") && found.says("NOK\u{A0}45.50") && !found.says("Keramikkopp"))
            #expect(try await anne.get(address).says("value=\"45.50\""))
            #expect(try await anne.post("\(address)/remove").status == 204)
            #expect(try await anne.get("/pos/pages/products/list?search=solb").says("Nothing found for “solb”"))
            let late = try await anne.post(address, Self.form.merging(["isKnown": "yes"]) { $1 })
            #expect(late.status == 404)
        }
    }

    @Test("says at the field what is wrong") func refuses() async throws {
        try await PagesHouse.asAdministrator { _, anne in
            let address = try await anne.get("/pos/pages/products/new").formAddress
            func refusal(_ field: String, _ value: String) async throws -> String? {
                try await anne.post(address, Self.form.merging([field: value]) { $1 }).reason(at: field)
            }
            #expect(try await refusal("number", "1001") == "“Filterkaffe, liten” already has this number.")
            #expect(try await refusal("barcode", "2000010010011") == "“Filterkaffe, liten” already has this barcode.")
            #expect(try await refusal("price", "") == "Type an amount.")
            #expect(try await refusal("vatRate", "101") == "Type a number from 0 to 100.")
            #expect(try await refusal("name", " ") == "This field is needed.")
        }
    }
}

@Suite("The page of users") struct UserPageTests {
    @Test("adds a user who can sign in, and locks one out at once") func life() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            let address = try await anne.get("/pos/pages/users/new").formAddress
            let form = [
                "displayName": "Liv", "userName": "liv", "password": "havregryn", "roles": "cashier", "language": "nb",
                "active": "on",
            ]
            #expect(try await anne.post(address, form).status == 204)
            #expect(try await anne.get("/pos/pages/users").says("Liv"))
            #expect(!(try await anne.get(address)).says("havregryn"))
            var liv = Visitor(anne.client)
            let answer = try await liv.post("/pos/app/sign-in", ["user": "liv", "password": "havregryn"])
            liv.cookie = answer.headers[values: .setCookie].first { $0.hasPrefix("session=") }?
                .dropFirst("session=".count).split(separator: ";").first.map(String.init)
            #expect(try await liv.get("/pos/pages/new-sale").status == 200)
            _ = try await anne.post(address, form.filter { $0.key != "active" && $0.key != "password" })
            #expect(try await liv.get("/pos/pages/new-sale").status == 401)
        }
    }

    @Test("says at the field what is wrong, and keeps one administrator") func refuses() async throws {
        try await PagesHouse.asAdministrator { _, anne in
            let address = try await anne.get("/pos/pages/users/new").formAddress
            let form = ["displayName": "Liv", "userName": "liv", "roles": "cashier", "active": "on"]
            #expect(try await anne.post(address, form).reason(at: "password") == "This field is needed.")
            let short = try await anne.post(address, form.merging(["password": "kort"]) { $1 })
            #expect(short.reason(at: "password") == "A password has 8 to 128 characters.")
            let taken = try await anne.post(
                address, form.merging(["password": "havregryn", "userName": "kari"]) { $1 })
            #expect(taken.reason(at: "userName") == "This user name is taken.")
            let last = try await anne.post(
                "/pos/pages/users/\(UserID.no("12"))", ["displayName": "Anne", "userName": "admin", "roles": "cashier"])
            #expect(last.reason(at: "roles") == "At least one administrator must remain.")
        }
    }
}

@Suite("The pages of the set-up") struct SetUpPagesTests {
    static let administrators = [
        "vipps-agreements", "vipps-agreements/new", "vipps-sales-units", "vipps-sales-units/new", "products",
        "products/new", "users", "users/new", "agentInstances/new",
    ]

    @Test("speak every language", arguments: PageLanguage.allCases) func languages(_ language: PageLanguage)
        async throws
    {
        try await PagesHouse.asAdministrator { _, anne in
            var reader = anne
            reader.language = language.rawValue
            for page in Self.administrators {
                let answer = try await reader.get("/pos/pages/\(page)")
                #expect(answer.status == 200, "\(page)")
                #expect(answer.text.contains("{") == false, "\(page) has a placeholder left")
            }
        }
    }

    @Test("are for administrators, and the operator's page for operators") func roles() async throws {
        try await PagesHouse.open { house, kari async throws in
            for page in Self.administrators + ["operations"] {
                #expect(try await kari.get("/pos/pages/\(page)").status == 403, "\(page)")
            }
            let till = "/pos/pages/agentInstances/\(TillHouse.till)"
            #expect(try await kari.post(till, ["name": "Min kasse"]).status == 403)
            #expect(try await kari.post("\(till)/profiles/\(TillHouse.till)", ["name": "Min"]).status == 403)
            #expect(try await house.house.useCases.tills.all(in: .kaffe).contains { $0.name == "Kasse 1" })
        }
        try await PagesHouse.as("operator", "fjernhjelp") { _, ola async throws in
            let page = try await ola.get("/pos/pages/operations")
            #expect(page.says("/vipps/operator/bus") && page.says("No payment needs attention."))
            #expect(page.says("src=\"/pos/assets/operations.js?v="))
            #expect(try await ola.get("/pos/assets/operations.js").status == 200)
            #expect(try await ola.get("/pos/pages/users").status == 403)
        }
    }

    @Test("show nothing of another shop") func tenants() async throws {
        try await PagesHouse.as("admin", "havnefront") { _, anders async throws in
            #expect(!(try await anders.get("/pos/pages/vipps-agreements")).says("Anne"))
            #expect(try await anders.get("/pos/pages/vipps-agreements/\(AgreementID.no("61"))/edit").status == 404)
            #expect(try await anders.get("/pos/pages/agentInstances/\(TillHouse.till)").status == 404)
            #expect(try await anders.post("/pos/pages/products/\(ProductID.no("21"))/remove").status == 404)
        }
    }

    @Test("stay within their part of a page's 120 kB") func sizes() async throws {
        try await PagesHouse.asAdministrator { house, anne in
            for number in 1...30 {
                let form = [
                    "name": "Konsentrert solbærtoddy nummer \(number)", "number": "\(9_000_000 + number)",
                    "price": "1145,50",
                    "vatRate": "15", "barcode": "\(7_020_000_000_000 + number)", "category": "Varme drikker",
                ]
                let address = try await anne.get("/pos/pages/products/new").formAddress
                #expect(try await anne.post(address, form).status == 204)
            }
            for page in ["products", "vipps-agreements", "vipps-sales-units", "agentInstances", "users"] {
                #expect(try await anne.get("/pos/pages/\(page)").text.utf8.count < 12_000, "\(page)")
            }
        }
    }
}
