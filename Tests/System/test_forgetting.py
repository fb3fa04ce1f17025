"""The real pos-service forgets a customer by itself."""

import json
import sqlite3
from datetime import datetime, timedelta

from launcher.waiting import wait_until

from drills.till import PATIENCE, Till


def test_of_a_sale_that_ended_ninety_days_ago_when_it_starts(product, till, vipps):
    sale, younger = till.sale(), till.sale()
    for one in (sale, younger):
        payment = one.pay(invoiceEmail="kunde@example.com")
        vipps.approve(payment["reference"])
        one.wait_state("completed")
        wait_until(lambda: one.look().get("invoiceMail") == "mailed", PATIENCE, "the sale to know")
    product.stop_service("pos-service")
    backdate(product, sale.id, days=90)
    product.start_service("pos-service")
    product.wait_ready("pos-service")
    wait_until(lambda: not sale.look().get("invoiceEmail"), PATIENCE, "the customer to be forgotten")
    assert "mask" not in sale.look()["payments"][0]["identification"]
    assert younger.look()["invoiceEmail"] == "kunde@example.com"
    back = Till(product).insist(f"/pos/api/sales/{sale.id}/commands", {
        "commandID": "7e0f5b8e-0d4c-4f3a-9f5e-000000000090", "type": "return-lines", "all": True})
    assert back["due"]["minorUnits"] == sale.look()["total"]["minorUnits"]


def backdate(product, sale: str, days: int) -> None:
    """Moves the end of a sale back. pos-service must not be running meanwhile."""
    with sqlite3.connect(product.database_path("pos-service")) as database:
        document, = database.execute("SELECT document FROM sale WHERE id = ?", (sale,)).fetchone()
        content = json.loads(document)
        ended = datetime.fromisoformat(content["endedAt"]) - timedelta(days=days)
        content["endedAt"] = ended.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ended.microsecond // 1000:03d}Z"
        database.execute("UPDATE sale SET document = ?, ended_at = ? WHERE id = ?",
                         (json.dumps(content).encode(), int(ended.timestamp() * 1000), sale))
    database.close()
