"""Webhooks lost, repeated, shuffled and forged."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from urllib.parse import urlsplit

from launcher.waiting import wait_until
from launcher.web import Client

from drills.books import assert_books_agree, captures
from drills.shop import rows
from drills.till import PATIENCE, Till


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
    answers = {"true": Counter(), "forged": Counter()}
    for sale, payment in sold:
        for delivery in wait_all_tried(vipps, payment["reference"]):
            kind = "true" if delivery["forged"] is None else "forged"
            answers[kind].update(attempt["status"] for attempt in delivery["attempts"])
    assert set(answers["true"]) == {200} and set(answers["forged"]) == {401}, answers
    for sale, payment in sold:
        assert len(captures(vipps, payment["reference"])) == 1
        assert_books_agree(sale, vipps)


def wait_all_tried(vipps, reference: str) -> list[dict]:
    """Every delivery of the payment, once each of its three events has been sent ten times."""
    def tried():
        deliveries = [one for one in vipps.get(f"/deliveries?reference={reference}") if one["attempts"]]
        times = Counter(one["event"].split(".")[2] for one in deliveries)
        return deliveries if times == {"created": 10, "authorized": 10, "captured": 10} else None

    return wait_until(tried, PATIENCE, f"ten of each event of {reference} to be sent")


def test_forged_from_a_stranger_are_refused_and_change_nothing(product, till, vipps):
    sale = till.sale()
    payment = sale.pay()
    vipps.wait_asked(payment["reference"])
    registered = urlsplit(rows(product, "vipps-gateway", f"""
        SELECT url FROM webhook_registration WHERE msn = '{payment["msn"]}' AND topic = 'payments'""")[0][0])
    door = Client(product.base_url)
    body = {"msn": payment["msn"], "reference": payment["reference"], "pspReference": "1", "name": "AUTHORIZED",
            "amount": {"currency": "NOK", "value": 1}, "timestamp": "2026-11-23T09:15:20.031Z", "success": True}
    kept = f"SELECT count(*) FROM webhook_inbox WHERE CAST(body AS TEXT) LIKE '%{body['timestamp']}%'"
    for path, reason in (("/vipps/webhooks/nobody", "unknown"), ("/vipps/webhooks/" + "a" * 64, "unknown"),
                         (registered.path, "signature")):
        before = refusals(product, reason)
        assert door.post(path, body, signed_with_a_guess(path, registered.netloc, body)).status == 401
        assert refusals(product, reason) == before + 1
    assert door.post(registered.path, body).status == 401  # Without any signature.
    assert rows(product, "vipps-gateway", kept) == [(0,)]
    assert sale.payment(payment["id"])["state"] in ("requested", "at-vipps")
    vipps.approve(payment["reference"])
    sale.wait_state("completed")


def signed_with_a_guess(path: str, host: str, body: dict) -> dict[str, str]:
    """Every header as Vipps makes it, but for the secret."""
    date, content = formatdate(usegmt=True), json.dumps(body).encode()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    text = f"POST\n{path}\n{date};{host};{digest}"
    mark = base64.b64encode(hmac.new(b"a guess", text.encode(), hashlib.sha256).digest()).decode()
    return {"X-Ms-Date": date, "X-Ms-Content-Sha256": digest,
            "Authorization": f"HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={mark}"}


def refusals(product, reason: str) -> int:
    """How many webhooks the gateway has refused for this reason."""
    start = f'vipps_webhooks_total{{outcome="refused-{reason}"}} '
    lines = Client(product.url("vipps-gateway")).get("/metrics").text.splitlines()
    return next((int(line.removeprefix(start)) for line in lines if line.startswith(start)), 0)
