import Foundation
import HTTPServing
import Hummingbird
import PointOfSale
import SharedKernel
import WebUI

// The operator's page: the four services' own words about their buses, which the page's script fetches from each of them,
// and the payments that need a person, which are ours.

extension PointOfSalePages {
    func addOperationsPage(to routes: PageRoutes) {
        routes.get("operations", for: [.operator]) { visit in
            visit.fragment(
                "set-up/operations",
                [
                    "script": .optional(frame.assets.address(of: "operations.js", base: frame.base)),
                    "services": .list(
                        Self.busDoors.map { ["service": .text($0.service), "door": .text("\($0.base)/operator/bus")] }
                    ),
                    "attention": .text(try await attentionList(visit)),
                ])
        }
        routes.get("operations/attention", for: [.operator]) { visit in .page(try await attentionList(visit)) }
    }

    /// Where each service answers behind the front door.
    private static let busDoors = [
        (service: "pos-service", base: "/pos"), (service: "vipps-gateway", base: "/vipps"),
        (service: "financial-service", base: "/financial"), (service: "notification-relay", base: "/notifications"),
    ]

    private func attentionList(_ visit: PageVisit) async throws -> String {
        let page = try await useCases.saleList.page(SaleQuery(needsAttention: true, limit: 25), in: visit.tenant)
        let withoutSale = try await useCases.withoutSale.paymentsWithoutSale(in: visit.tenant)
        let isSeller = !visit.session.roles.isDisjoint(with: PageRoutes.sellers)
        return visit.html(
            "set-up/operations-attention",
            [
                "isEmpty": .flag(page.sales.isEmpty && withoutSale.isEmpty), "hasSales": .flag(!page.sales.isEmpty),
                "hasPayments": .flag(!withoutSale.isEmpty),
                "payments": .list(
                    withoutSale.map { payment in
                        [
                            "reference": .text(payment.reference), "when": .text(visit.when(payment.noticedAt)),
                            "kept": visit.reader.money(payment.kept),
                        ]
                    }),
                "sales": .list(
                    page.sales.map { sale in
                        [
                            "number": .text(sale.identifier), "saleID": isSeller ? .text(sale.id.text) : .nothing,
                            "when": .text(visit.when(sale.startedAt)), "till": .optional(sale.agentInstanceName),
                            "total": visit.reader.money(sale.total),
                        ]
                    }),
            ])
    }
}
