"""The customer approves while the cashier aborts, in both orders, a hundred times each: one of two clean ends, always."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from drills.books import assert_books_agree, captures
from drills.till import ENDED, Till

ROUNDS = 100
AT_ONCE = 8


@pytest.mark.parametrize("order", ["approve-before-cancel", "approve-after-cancel"])
def test_always_end_clean(product, vipps, order):
    tills = [Till(product, number % 2) for number in range(AT_ONCE)]
    vipps.fault(order, count=None)

    def race(number: int) -> str:
        sale = tills[number % AT_ONCE].sale()
        payment = sale.pay()
        vipps.wait_asked(payment["reference"])
        sale.command("abort-payment", paymentID=payment["id"])
        ended = sale.wait_payment(payment["id"], "captured", *ENDED)
        assert_books_agree(sale, vipps)
        if ended["state"] == "captured":
            assert len(captures(vipps, payment["reference"])) == 1
            sale.wait_state("completed")
        else:
            assert not captures(vipps, payment["reference"])
            assert sale.look()["state"] == "open"
        return ended["state"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(race, range(ROUNDS)))
    assert len(ends) == ROUNDS
    assert set(ends) == ({"captured"} if order == "approve-before-cancel" else {"terminated"}), ends


def test_with_the_customer_in_the_middle_of_approving_wait_for_the_truth(till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    vipps.fault("processing-before-cancel", reference=payment["reference"])
    sale.command("abort-payment", paymentID=payment["id"])
    sale.wait_payment(payment["id"], "captured", *ENDED)
    assert_books_agree(sale, vipps)
