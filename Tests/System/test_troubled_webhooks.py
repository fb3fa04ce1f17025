"""Webhooks lost, repeated, shuffled and forged."""

from concurrent.futures import ThreadPoolExecutor

from drills.books import assert_books_agree, captures
from drills.till import Till


def test_all_lost_completes_by_polling(till, vipps):
    vipps.fault("webhook-lose", count=None)
    sale = till.sale()
    payment = sale.pay()
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
    assert_books_agree(sale, vipps)


def test_each_ten_times_shuffled_and_some_forged_leave_the_same_books(product, vipps):
    vipps.fault("webhook-repeat", times=10, count=None)
    vipps.fault("webhook-shuffle", seconds=1, count=None)
    vipps.fault("webhook-forge", count=None, probability=0.3, seed=7)
    tills = [Till(product, number) for number in (0, 1)]

    def sell(number: int):
        sale = tills[number % 2].sale()
        payment = sale.pay()
        vipps.approve(payment["reference"])
        sale.wait_state("completed")
        return sale, payment

    with ThreadPoolExecutor(4) as pool:
        sold = list(pool.map(sell, range(8)))
    for sale, payment in sold:
        assert len(captures(vipps, payment["reference"])) == 1
        assert_books_agree(sale, vipps)


def test_forged_from_a_stranger_are_refused_and_change_nothing(product, till, vipps):
    from launcher.web import Client
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    door = Client(product.base_url)
    body = {"msn": "123456", "reference": payment["reference"], "pspReference": "1", "name": "AUTHORIZED",
            "amount": {"currency": "NOK", "value": 1}, "timestamp": "2026-11-23T09:15:20.031Z", "success": True}
    for path in ("/vipps/webhooks/nobody", "/vipps/webhooks/" + "a" * 64):
        assert door.post(path, body).status == 401
    assert sale.payment(payment["id"])["state"] in ("requested", "at-vipps")
    vipps.approve(payment["reference"])
    sale.wait_state("completed")
