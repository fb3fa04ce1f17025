import Foundation
import SharedKernel

/// Everything that pages and the JSON interface can do, in one place.
///
/// **Who asks.** A signed-in person's `CurrentSession` (from `useSession`) gives the tenant, the till and `person`, which
/// every changing use case wants. Roles are checked at the door, tenants in here: another tenant's thing is `Unknown`.
///
/// **A sale.** `startSale(command:by:)` gives the number. Everything after that is `actOnSale(request, on:command:by:)` with
/// a `SaleRequest`; the answer is the sale afterwards (of `.returnLines` the new return). `viewSale(id, in:)` reads one,
/// `saleList.page(query, in:)` many, the newest first: also the parked ones (`state: .parked`). What a page shows is on
/// `Sale`: `lines`, `taxes`, `total`, `received`, `pending`, `due`, `change`, `linesAreLocked`, `payments` (each with
/// `state`, `waitingFor`, `since`, `identification`), `refunds`, `returns`, `refundable(of:)`, `returnable(of:)`.
///
/// **A payment.** `.startPayment` without identification waits for one: the cashier types a number (`.identify`), or the
/// customer scans the till's code and it starts by itself. `.changeIdentification` gives one up and starts another.
/// `checkIns(of:)` is the customer who scanned before anybody asked.
///
/// **Goods back.** `.returnLines` on a completed sale makes the return; `.refundOriginalPayment` on the return pays back
/// along a payment of the original; `.refundPayment` on the sale itself pays back without goods.
///
/// **Refusals** are `SaleRejection`, `Invalid` (a field), `Conflict` (slug and what to do), `Unknown`, `SignInRefusal`.
/// Nothing has changed then. `CommandID`s come from the client: the same one again acts once and is answered alike.
package struct PointOfSaleUseCases: Sendable {
    package let startSale: StartSale
    package let actOnSale: ActOnSale
    package let viewSale: ViewSale
    package let saleList: any SaleList
    package let withoutSale: any PaymentsWithoutSale
    package let checkIns: WaitingCheckIns
    package let paymentOptions: ListPaymentOptions
    package let organizationalUnits: ManageOrganizationalUnits
    package let products: ManageProducts
    package let users: ManageUsers
    package let tills: ManageTills
    package let agreements: ManageAgreements
    package let salesUnits: ManageSalesUnits
    package let merchantQRs: ManageMerchantQRs
    package let signIn: SignIn
    package let useSession: UseSession

    package init(
        store: some SaleStore & SetUpStore & PaymentsWithoutSale, saleList: any SaleList, sealer: any Sealer,
        hasher: any PasswordHasher,
        attempts: SignInAttempts, newToken: @escaping @Sendable () -> String
    ) {
        startSale = StartSale(store: store)
        actOnSale = ActOnSale(store: store, sealer: sealer)
        viewSale = ViewSale(store: store)
        self.saleList = saleList
        withoutSale = store
        checkIns = WaitingCheckIns(store: store)
        paymentOptions = ListPaymentOptions(store: store)
        organizationalUnits = ManageOrganizationalUnits(store: store)
        products = ManageProducts(store: store)
        users = ManageUsers(store: store, hasher: hasher)
        tills = ManageTills(store: store)
        agreements = ManageAgreements(store: store, sealer: sealer)
        salesUnits = ManageSalesUnits(store: store)
        merchantQRs = ManageMerchantQRs(store: store)
        signIn = SignIn(store: store, hasher: hasher, attempts: attempts, newToken: newToken)
        useSession = UseSession(store: store)
    }
}
