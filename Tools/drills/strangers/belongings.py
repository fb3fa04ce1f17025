"""What the stranger's own tenant has for it to spoil: made for the drill, so that its shop goes on."""

from launcher.product import Product

from ..till import checked, new_id, tenant
from .people import STRANGER, till_of


class Belongings:
    """One thing of each kind, by the name that routes use for it."""

    def __init__(self, product: Product):
        self._till = till_of(product, STRANGER)
        word, unit = new_id()[:8], tenant(STRANGER)["organizationalUnits"][0]["id"]
        agreement, sales_unit, instance = new_id(), new_id(), new_id()
        self.by_name = {
            "agreementID": agreement, "salesUnitID": sales_unit, "agentInstanceID": instance,
            "organizationalUnitID": unit, "productID": new_id(), "userID": new_id(), "paymentOptionID": new_id(),
            "merchantQRID": f"drill-{word}", "checkInID": new_id()}
        self._make("/pos/api/vipps-agreements", id=agreement, displayName=f"Drill {word}")
        self._make("/pos/api/vipps-sales-units", id=sales_unit, displayName=f"Drill {word}", organizationalUnitID=unit,
                   agreementID=agreement, msn=str(int(word, 16) % 900_000_000 + 100_000_000))
        made = self._make("/pos/api/agent-instances", id=instance, name=f"Drill {word}", organizationalUnitID=unit)
        self.by_name["agentProfileID"] = made["profiles"][0]["id"]
        self._make("/pos/api/products", id=self.by_name["productID"], number=word, name=f"Drill {word}", vatRate=2500,
                   price={"minorUnits": 1200, "currency": "DKK"})
        self._make("/pos/api/users", id=self.by_name["userID"], userName=f"drill.{word}", displayName="Drill",
                   roles=["cashier"], password=f"drill-{word}")
        checked(self._till.finance.post("/financial/api/payment-options", {
            "commandID": self.by_name["paymentOptionID"], "name": f"Drill {word}", "kind": "cash"}))
        self.new_sale()

    def _make(self, path: str, **body: object) -> dict:
        return checked(self._till.pos.post(path, body)).json()

    def new_sale(self) -> None:
        """An open one with two lines and a payment that waits for its customer to be known."""
        sale = self._till.sale("2001", "2002")
        now = sale.command("start-payment", paymentOptionID=self._till.vipps,
                           amount={"minorUnits": 100, "currency": "DKK"})
        self.by_name |= {"saleID": sale.id, "lineID": now["lines"][0]["id"], "paymentID": now["payments"][0]["id"]}
