import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// Users: who may sign in, as what. Nobody is deleted, because sales name them; they are locked instead.

extension PointOfSalePages {
    func addUserPages(to routes: PageRoutes) {
        routes.get("users", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/users", ["list": .text(try await userList(visit))])
        }
        routes.get("users/list", for: PageRoutes.administrators) { visit in .page(try await userList(visit)) }
        routes.get("users/new", for: PageRoutes.administrators) { visit in
            visit.fragment("set-up/user", userEditor(visit, .new(at: visit.now), nil))
        }
        routes.get("users/{userID}", for: PageRoutes.administrators) { visit in
            let id: UserID = try visit.identifier("userID", of: "user")
            let users = try await useCases.users.all(in: visit.tenant)
            guard let user = users.first(where: { $0.id == id }) else { throw Unknown("user") }
            return visit.fragment("set-up/user", userEditor(visit, id, user))
        }
        routes.post("users/{userID}", for: PageRoutes.administrators) { visit in
            let user = try User(
                id: try visit.identifier("userID", of: "user"), userName: visit.form["userName"] ?? "",
                displayName: visit.form["displayName"] ?? "",
                roles: Set(visit.form.all("roles").compactMap(UserRole.init)),
                language: visit.form["language"].flatMap(Language.init) ?? .english,
                isActive: visit.form.isChecked("active"))
            let typed = visit.form["password"] ?? ""
            let password = typed.isEmpty ? nil : try NewPassword(typed)
            let texts = [
                "userName.taken": visit.words.text("users.nameTaken"),
                "roles.last-administrator": visit.words.text("users.lastAdministrator"),
                "roles.operators-only": visit.words.text("users.operatorsOnly"),
            ]
            try await visit.telling(texts) {
                try await useCases.users.save(user, password: password, by: visit.person)
            }
            return .done(.saved(visit.words))
        }
    }

    private func userList(_ visit: PageVisit) async throws -> String {
        let users = try await useCases.users.all(in: visit.tenant)
        return visit.html(
            "set-up/users-list",
            [
                "users": .list(
                    users.map { user in
                        let roles = UserRole.allCases.filter(user.roles.contains)
                        return [
                            "userID": .text(user.id.text), "userName": .text(user.userName),
                            "name": .text(user.displayName), "isActive": .flag(user.isActive),
                            "roles": .text(
                                roles.map { visit.words.text("role.\($0.rawValue)") }.joined(separator: ", ")),
                            "language": .optional(PageLanguage(rawValue: user.language.rawValue)?.ownName),
                        ]
                    })
            ])
    }

    private func mayGive(_ role: UserRole, _ visit: PageVisit) -> Bool {
        role != .operator || visit.session.roles.contains(.operator)
    }

    private func userEditor(_ visit: PageVisit, _ id: UserID, _ user: User?) -> TemplateValue {
        let language = user?.language.rawValue ?? visit.words.language.rawValue
        return [
            "userID": .text(id.text), "isKnown": .flag(user != nil),
            "title": visit.reader.text(user == nil ? "users.create" : "users.edit"),
            "userName": .optional(user?.userName), "displayName": .optional(user?.displayName),
            "passwordLabel": visit.reader.text(user == nil ? "users.password" : "users.newPassword"),
            "passwordHint": user == nil
                ? visit.reader.text("users.passwordHint", ["count": "8"]) : visit.reader.text("users.passwordKeep"),
            "isActive": .flag(user?.isActive ?? true),
            "roles": .list(
                UserRole.allCases.filter { mayGive($0, visit) || user?.roles.contains($0) ?? false }.map { role in
                    Option(
                        value: role.rawValue, name: visit.words.text("role.\(role.rawValue)"),
                        isChosen: user?.roles.contains(role) ?? (role == .cashier)
                    ).values
                }),
            "languages": .list(
                PageLanguage.allCases.map {
                    Option(value: $0.rawValue, name: $0.ownName, isChosen: $0.rawValue == language).values
                }),
        ]
    }
}
