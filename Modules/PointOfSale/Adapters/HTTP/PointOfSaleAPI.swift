import HTTPServing
import Hummingbird

/// The JSON interface of pos-service: docs/openapi/pos-service.yaml, held against these routes by a test.
package struct PointOfSaleAPI {
    /// Needs no token: there is no session before it.
    package static let withoutToken: Set<String> = ["/pos/api/session"]

    private let door: PointOfSaleDoor

    package init(door: PointOfSaleDoor) { self.door = door }

    package func add(to router: Router<ServingContext>) {
        let api = router.group("pos/api").add(middleware: PointOfSaleProblems())
        SaleRoutes(door: door).add(to: api)
        ShopRoutes(door: door).add(to: api)
        VippsRoutes(door: door).add(to: api)
    }
}
