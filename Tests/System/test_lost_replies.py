"""Vipps does the work and the reply is lost: no second capture, no stuck payment."""

import pytest

from launcher.waiting import wait_until

from drills.books import assert_books_agree, captures
from drills.till import PATIENCE, nok


def assert_used_up(vipps) -> None:
    """Every fault was met as often as it was to strike; what only tells of a payment may be asked for afterwards."""
    wait_until(lambda: all(fault["used"] == fault["count"] for fault in vipps.get("/faults")), PATIENCE,
               "the fault to be met")
    assert vipps.get("/faults") != []


# After a lost create or capture the gateway looks instead of repeating it, so that it loses one reply only.
@pytest.mark.parametrize("operation, times", [("create", 1), ("capture", 1), ("get", 2), ("events", 2), ("token", 2)])
def test_of_a_payment_leave_it_captured_once(till, vipps, operation, times):
    if operation == "token":
        vipps.post("/tokens/expire")
    vipps.fault("drop-reply", operation=operation, count=times)
    sale = till.sale()
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert_used_up(vipps)
    assert len(captures(vipps, payment["reference"])) == 1
    assert_books_agree(sale, vipps)


def test_of_a_refund_pay_it_back_once(till, vipps):
    sale = till.sale("1001", "1002")
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    vipps.fault("drop-reply", operation="refund")
    sale.command("refund-payment", paymentID=payment["id"], amount=nok(900), reason="stale bun")
    wait_until(lambda: sale.payment(payment["id"])["refunded"]["minorUnits"] == 900, PATIENCE, "the refund")
    assert_used_up(vipps)
    assert_books_agree(sale, vipps)


def test_of_a_cancel_leave_it_terminated(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    vipps.fault("drop-reply", operation="cancel")
    sale.command("abort-payment", paymentID=payment["id"])
    sale.wait_payment(payment["id"], "terminated")
    assert_used_up(vipps)
    assert_books_agree(sale, vipps)


@pytest.mark.parametrize("kind, fields", [
    ("error-500", {"operation": "capture"}),
    ("error-500", {"operation": "capture", "work": True}),
    ("unavailable", {"operation": "create", "work": True}),
    ("locked", {"operation": "capture"}),
    ("rate-limited", {"operation": "capture", "retryAfter": 1}),
    ("unauthorized", {"operation": "capture"}),
    ("domain-error", {"operation": "capture", "code": 6280}),
    ("drop-request", {"operation": "create"}),
])
def test_and_other_trouble_at_vipps_end_in_a_completed_sale(till, vipps, kind, fields):
    vipps.fault(kind, count=1, **fields)
    sale = till.sale()
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert_used_up(vipps)
    assert len(captures(vipps, payment["reference"])) == 1
    assert_books_agree(sale, vipps)
