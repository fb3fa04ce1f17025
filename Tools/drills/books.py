"""Four books that must agree to the øre: Vipps' (the simulator's), the gateway's, the ledger's, and the sale's."""

import sqlite3
from contextlib import closing

from launcher.waiting import wait_until

from .till import PATIENCE, SaleAtTill, Vipps


def assert_books_agree(sale: SaleAtTill, vipps: Vipps, seconds: float = PATIENCE) -> None:
    """Waits until nothing is under way any more and the four books say the same of every Vipps payment of the sale."""
    last: list[str] = ["never looked"]

    def agree() -> bool:
        try:
            last[:] = differences(sale, vipps)
        except OSError as error:
            last[:] = [str(error)]
        return not last

    try:
        wait_until(agree, seconds, "the books to agree", every=0.1)
    except TimeoutError:
        raise AssertionError("The books differ: " + "; ".join(last)) from None


def differences(sale: SaleAtTill, vipps: Vipps) -> list[str]:
    now = sale.look()
    entries = sale.till.get(f"/financial/api/sales/{sale.id}/ledger")["entries"]
    found = []
    for payment in now["payments"]:
        if payment["kind"] != "vipps-epayment" or payment["state"] == "withdrawn":
            continue
        if payment.get("waitingFor") or payment["refundPending"]["minorUnits"]:
            found.append(f"{payment['reference']} is under way: {payment['state']}")
            continue
        books = {
            "Vipps": at_vipps(vipps, payment),
            "gateway": at_gateway(sale, payment),
            "ledger": in_ledger(entries, payment),
            "sale": (captured(payment), payment["refunded"]["minorUnits"]),
        }
        if len(set(books.values())) != 1:
            found.append(f"{payment['reference']} (captured, refunded): {books}")
    return found


def captured(payment: dict) -> int:
    """What the sale says was taken along this payment, refunded or not."""
    if payment["state"] != "captured":
        return 0
    if payment["kind"] == "cash":
        return payment["amount"]["minorUnits"]
    return sum(payment[part]["minorUnits"] for part in ("refundable", "refunded", "refundPending"))


def at_vipps(vipps: Vipps, payment: dict) -> tuple[int, int]:
    answer = vipps.http.get(f"/control/payments/{payment['msn']}/{payment['reference']}")
    if answer.status == 404:
        return (0, 0)  # Never reached Vipps.
    aggregate = answer.json()["aggregate"]
    held = (aggregate["authorizedAmount"]["value"] - aggregate["capturedAmount"]["value"]
            - aggregate["cancelledAmount"]["value"])
    captured = aggregate["capturedAmount"]["value"]
    # A reservation that is left with the customer is a fault as well: it is neither taken nor let go.
    return (captured if held <= 0 else -held, aggregate["refundedAmount"]["value"])


def at_gateway(sale: SaleAtTill, payment: dict) -> tuple[int, int]:
    """Read only, from the gateway's own file."""
    path = sale.till.product.database_path("vipps-gateway")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
        row = database.execute(
            "SELECT ifnull(captured_amount, 0), refunded_told FROM payment WHERE reference = ?",
            (payment["reference"],)).fetchone()
    return tuple(row) if row else (0, 0)


def in_ledger(entries: list[dict], payment: dict) -> tuple[int, int]:
    mine = [entry for entry in entries if entry["paymentID"] == payment["id"]]
    total = {kind: sum(entry["amount"]["minorUnits"] for entry in mine if entry["entry"] == kind)
             for kind in ("payment", "refund")}
    return (total["payment"], total["refund"])


def assert_ledger_is_whole(sale: SaleAtTill) -> None:
    found = sale.till.get("/financial/api/ledger/verification")
    assert found["intact"] if "intact" in found else found, found


def captures(vipps: Vipps, reference: str, msn: str = "123456") -> list[dict]:
    """Vipps' own events of captures that worked."""
    return [event for event in vipps.payment(reference, msn)["events"]
            if event["name"] == "CAPTURED" and event["success"]]
